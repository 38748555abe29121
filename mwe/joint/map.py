"""A picture of the joint space: tracks and tags on one plane."""

import matplotlib
import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from sklearn.manifold import TSNE
from torch.nn.functional import normalize

from mwe.core.files import atomic_write
from mwe.core.runs import run_dir
from mwe.joint.datamodule import AudioWordDataModule
from mwe.joint.embedding import JointEmbedding

matplotlib.use("Agg")
from matplotlib import pyplot as plt

GROUP_COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown")


class JointMap(Callback):
    """After a test, draws the test tracks and the tags into ``map.png`` in the run folder.

    Tracks and tags lie on two separate shells of the joint space (cosine between them is what is trained), so both
    clouds are centred before t-SNE lays them out.

    Args:
        most_tracks: At most so many tracks are drawn, spread evenly.
    """

    def __init__(self, most_tracks: int = 2000) -> None:
        self.most_tracks = most_tracks

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw the map on one process."""
        run, data = run_dir(trainer), trainer.datamodule  # type: ignore[attr-defined]
        if run is None or not trainer.is_global_zero:
            return
        if not isinstance(pl_module, JointEmbedding) or not isinstance(data, AudioWordDataModule):
            raise ValueError("JointMap draws a JointEmbedding on an AudioWordDataModule")
        retrieval = pl_module.retrieval
        if retrieval is None or retrieval.computed is None or retrieval.prototypes is None:
            raise ValueError("JointMap needs the test's track embeddings")
        step = max(1, len(retrieval.computed[0]) // self.most_tracks)
        ids, tracks = (part[::step] for part in retrieval.computed)
        shown = retrieval.usable_T & (
            retrieval.labels.select(ids, torch.arange(len(retrieval.usable_T), device=ids.device)).counts_of_tags() > 0
        )
        points = torch.cat([_centred(tracks), _centred(retrieval.prototypes[shown].float())])
        plane = TSNE(metric="cosine", init="pca", random_state=0, perplexity=min(30, len(points) / 4)).fit_transform(
            points.detach().cpu().numpy()
        )
        places = shown.nonzero().squeeze(1).tolist()
        path = run / "map.png"
        with atomic_write(path) as temporary:
            _draw(plane, len(ids), places, data, temporary)
        print(f"map of {len(ids)} tracks and {len(places)} tags drawn to {path}")


def _centred(rows: torch.Tensor) -> torch.Tensor:
    unit = normalize(rows, dim=1)
    return normalize(unit - unit.mean(dim=0), dim=1)


def _draw(plane: np.ndarray, tracks: int, tags: list[int], data: AudioWordDataModule, path: object) -> None:
    names, groups, unseen = data.tracks.tags, data.tracks.groups, data.tracks.unseen
    colours = dict(zip(sorted(set(groups)), GROUP_COLOURS, strict=False))
    figure, axes = plt.subplots(figsize=(12, 9), layout="constrained")
    axes.scatter(plane[:tracks, 0], plane[:tracks, 1], s=14, color="0.75", label="track")
    for group, colour in colours.items():
        own = plane[[tracks + row for row, tag in enumerate(tags) if groups[tag] == group]]
        axes.scatter(own[:, 0], own[:, 1], s=30, marker="D", color=colour, label=group or "tag")
    for row, tag in enumerate(tags):
        text = f"{names[tag]} (unseen)" if unseen[tag] else names[tag]
        colour = colours.get(groups[tag], "black")
        axes.annotate(text, plane[tracks + row], fontsize=8, color=colour, xytext=(3, 3), textcoords="offset points")
    axes.set(xticks=[], yticks=[], title=f"Tracks and tags in the joint space: {data.tracks.name}, t-SNE")
    figure.legend(loc="outside lower center", ncols=len(colours) + 1)
    figure.savefig(path, dpi=110, format="png")  # type: ignore[arg-type]
    plt.close(figure)
