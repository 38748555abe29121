"""Maps of the joint space, with tracks and tags on one plane: of one run, or of several side by side (Figure 5).

Shape suffixes: N tracks, T tags, D dimensions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.nn.functional import normalize

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import read_json, write_json
from mwe.core.pictures import figure, save
from mwe.core.plane import method, projected
from mwe.core.runs import run_dir
from mwe.joint.audio_word_data import AudioWordDataModule
from mwe.joint.embedding import JointEmbedding
from mwe.words.figures import COLOURS, draw_tags

MAP = "map.json"
CALLBACK = "--trainer.callbacks+=mwe.joint.map.JointMap"
PALE = "#B5B5B5"
Clusters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class JointPlane:
    """Tracks and tags laid out on a plane.

    Args:
        collection: Name of the collection.
        method: Name of the layout method.
        track_ids: N track IDs.
        tracks: Coordinates of the tracks, (N, 2).
        tag_names: T tag names.
        groups: Group of each tag.
        unseen: Whether each tag was held back from training.
        tags: Coordinates of the tags, (T, 2).
    """

    collection: str
    method: str
    track_ids: list[str]
    tracks: list[list[float]]
    tag_names: list[str]
    groups: list[str]
    unseen: list[bool]
    tags: list[list[float]]

    @classmethod
    def read(cls, run: Path) -> "JointPlane":
        """Read the map of a run folder.

        Raises:
            MissingDataError: The run has no map.
            BadFileError: The map is damaged.
        """
        if not (run / MAP).is_file():
            raise MissingDataError(f"{run} has no map. Test the run with {CALLBACK}.")
        try:
            return cls(**read_json(run / MAP))
        except TypeError as error:
            raise BadFileError(run / MAP, f"not a map ({error})", f"Test the run again with {CALLBACK}.") from error

    def by_group(self) -> Clusters:
        """Return the tags by group; those without a group are listed as ``tag``."""
        return {
            group or "tag": [
                tag for tag, tag_group in zip(self.tag_names, self.groups, strict=True) if tag_group == group
            ]
            for group in sorted(set(self.groups))
        }


class JointMap(Callback):
    """After a test, draws tracks and their tags into ``map.png`` and ``map.svg`` in the run folder.

    The coordinates are saved in ``map.json``, and loggers that take images get the picture. Training shapes only the
    cosines between tracks and tags, so tracks and tags form two separate clouds. Both are centred before the layout.

    Args:
        most_tracks: Largest number of tracks to draw, spread evenly.
        seed: Seed of the map.
    """

    def __init__(self, most_tracks: int = 2000, seed: int = 0) -> None:
        self.most_tracks, self.seed = most_tracks, seed

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw the map on one process."""
        run, data = run_dir(trainer), trainer.datamodule  # type: ignore[attr-defined]
        if run is None or not trainer.is_global_zero:
            return
        if not isinstance(pl_module, JointEmbedding) or not isinstance(data, AudioWordDataModule):
            raise ValueError("JointMap draws a JointEmbedding on an AudioWordDataModule")
        plane = self._laid_out(pl_module, data)
        write_json(run / MAP, asdict(plane))
        title = f"Tracks and tags in the joint space: {plane.collection}, {plane.method}"
        picture, _ = save(draw_joint({"": plane}, None, title), run / "map.png")
        for logger in trainer.loggers:
            if hasattr(logger, "log_image"):
                logger.log_image("test/map", images=[str(picture)])
        print(f"map of {len(plane.tracks)} tracks and {len(plane.tags)} tags drawn to {picture}")

    def _laid_out(self, model: JointEmbedding, data: AudioWordDataModule) -> JointPlane:
        retrieval = model.retrieval
        if retrieval is None or retrieval.computed is None or retrieval.prototypes is None:
            raise ValueError("JointMap needs the test's track embeddings")
        step = max(1, len(retrieval.computed[0]) // self.most_tracks)
        id_N, track_ND = (part[::step] for part in retrieval.computed)
        every = torch.arange(len(retrieval.usable_T), device=id_N.device)
        shown_T = retrieval.usable_T & (retrieval.labels.select(id_N, every).counts_of_tags() > 0)
        points = torch.cat([_centred(track_ND), _centred(retrieval.prototypes[shown_T].float())])
        points_2D = projected(points.detach().cpu().numpy(), self.seed).round(4).tolist()
        tags, tracks = shown_T.nonzero().squeeze(1).tolist(), data.tracks
        return JointPlane(
            collection=tracks.name,
            method=method(),
            track_ids=[tracks.track_ids[row] for row in id_N.tolist()],
            tracks=points_2D[: len(id_N)],
            tag_names=[tracks.tags[tag] for tag in tags],
            groups=[tracks.groups[tag] for tag in tags],
            unseen=[bool(tracks.unseen[tag]) for tag in tags],
            tags=points_2D[len(id_N) :],
        )


def draw_joint(planes: Mapping[str, JointPlane], clusters: Clusters | None, title: str) -> Figure:
    """Draw the maps of several runs, one panel each.

    Args:
        planes: Maps by panel title.
        clusters: Tags to colour and label, by cluster name; by default all tags, by group.
        title: Title of the figure.
    """
    columns = min(3, len(planes))
    rows = -(-len(planes) // columns)
    size = (12.0, 9.0) if len(planes) == 1 else (6.0 * columns, 5.0 * rows)
    drawn = figure(size[0], size[1] + 0.6)
    panels = drawn.subplots(rows, columns, squeeze=False).ravel()
    for axes, (name, plane) in zip(panels, planes.items(), strict=False):
        _draw(axes, plane, plane.by_group() if clusters is None else clusters)
        axes.set_title(name)
    for axes in panels[len(planes) :]:
        axes.set_visible(False)
    drawn.suptitle(title)
    handles, labels = panels[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 2 + len(COLOURS)))
    return drawn


def _draw(axes: Axes, plane: JointPlane, clusters: Clusters) -> None:
    track_N2 = np.array(plane.tracks).reshape(-1, 2)
    axes.scatter(track_N2[:, 0], track_N2[:, 1], s=6, color=PALE, label="tracks", rasterized=True)
    labels = {
        tag: f"{tag} (unseen)" if unseen else tag for tag, unseen in zip(plane.tag_names, plane.unseen, strict=True)
    }
    labels_of_cluster = {name: [labels[tag] for tag in tags if tag in labels] for name, tags in clusters.items()}
    draw_tags(axes, np.array(plane.tags).reshape(-1, 2), list(labels.values()), labels_of_cluster)


def _centred(rows: Tensor) -> Tensor:
    unit = normalize(rows, dim=1)
    return normalize(unit - unit.mean(dim=0), dim=1)
