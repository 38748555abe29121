"""The scores of a test, saved to compare runs on the same tracks.

Shape suffixes: N tracks, T tags, D dimensions.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch.nn.functional import normalize

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import atomic_write
from mwe.core.runs import run_dir
from mwe.joint.tracks import TrackModule

FILE = "scores.npz"


@dataclass(frozen=True)
class TrackScores:
    """Scores and embeddings of the tracks of a test.

    Args:
        tracks: (N,) track IDs.
        tags: (T,) tag names.
        unseen: (T,) whether a tag was held back from training.
        score: (N, T) scores of the tags; NaN where the model has no prototype of a tag.
        label: (N, T) which tags a track has.
        embedding: (N, D) unit embeddings by which tracks are compared.
    """

    tracks: np.ndarray
    tags: np.ndarray
    unseen: np.ndarray
    score: np.ndarray
    label: np.ndarray
    embedding: np.ndarray

    def write(self, run: Path) -> None:
        """Write the scores into a run folder."""
        with atomic_write(run / FILE) as temporary:
            np.savez_compressed(temporary, **vars(self))

    @classmethod
    def read(cls, run: Path) -> Self:
        """Read the scores of a run.

        Raises:
            MissingDataError: The run has no scores.
            BadFileError: The file is damaged.
        """
        if not (run / FILE).is_file():
            raise MissingDataError(
                f"no {FILE} in {run}. Test it with `--trainer.callbacks+=mwe.joint.scores.KeepScores`."
            )
        try:
            with np.load(run / FILE, allow_pickle=False) as arrays:
                return cls(**arrays)
        # a damaged header can fail in NumPy, in the tokenizer or in the parser, each with its own errors
        except Exception as error:
            raise BadFileError(run / FILE, f"not the scores of a test ({error})", "Test the run again.") from error


class KeepScores(Callback):
    """After a test, writes ``scores.npz`` into the run folder: N x T numbers, so for collections of some thousands."""

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write on one process."""
        run = run_dir(trainer)
        if run is None or not trainer.is_global_zero:
            return
        if not isinstance(pl_module, TrackModule):
            raise ValueError(f"KeepScores needs a model of tracks and tags, not a {type(pl_module).__name__}")
        scores_of(pl_module).write(run)


def scores_of(model: TrackModule) -> TrackScores:
    """Compute the scores of a model that has just been tested.

    Raises:
        ValueError: The model was not tested.
    """
    retrieval, tracks = model.retrieval, model.data.tracks
    if retrieval is None or retrieval.computed is None or retrieval.prototypes is None:
        raise ValueError("the model has no scores before it is tested")
    ids_N, rows_ND = retrieval.computed
    tags_TD = retrieval.prototypes.float()
    unit_ND = normalize(rows_ND, dim=1)
    score_NT = unit_ND @ normalize(tags_TD, dim=1).T if model.cosine else rows_ND @ tags_TD.T
    labels = retrieval.labels.select(ids_N, torch.arange(len(tags_TD), device=ids_N.device))
    positions = ids_N.cpu().numpy()
    return TrackScores(
        tracks=np.array(tracks.track_ids)[positions],
        tags=np.array(tracks.tags),
        unseen=tracks.unseen,
        score=score_NT.masked_fill(~retrieval.usable_T, torch.nan).cpu().numpy(),
        label=labels.of_tracks(slice(0, len(ids_N))).cpu().numpy(),
        embedding=unit_ND.cpu().numpy(),
    )
