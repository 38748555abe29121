"""Settings of the demonstration's joint embedding, compared without its test tracks.

The artists of its training and validation tracks are dealt into folds. Each setting is trained without the artists of a
fold and measured on them, fold by fold, by tags that are seen in training alone. What counts is the mean of tag-wise
and clip-wise ROC-AUC. `python -m benchmarks.joint_choose --help` lists the options.
"""

import csv
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import yaml
from jsonargparse import auto_cli

from mwe.cli import main as mwe
from mwe.core.files import read_json, write_json
from mwe.tracks import TrackReader, TrackTags

FIGURES = ("val/rocauc_tag_seen", "val/rocauc_clip_seen")


class HeldOutArtists(TrackReader):
    """A collection without its test tracks, where the artists of one fold are the validation tracks.

    Args:
        reader: The collection.
        fold: Which fold is held out.
        folds: Number of folds.
    """

    def __init__(self, reader: TrackReader, fold: int, folds: int) -> None:
        self.reader, self.fold, self.folds = reader, fold, folds

    def read(self) -> TrackTags:
        tracks = self.reader.read()
        own = np.concatenate([tracks.splits["train"], tracks.splits["valid"]])
        names = np.array(tracks.artist_ids)[own]
        artists = np.random.default_rng(0).permutation(np.unique(names))
        held_out = np.isin(names, artists[self.fold :: self.folds])
        splits = {"train": own[~held_out], "valid": own[held_out], "test": own[:0]}
        return replace(tracks, splits=splits, name=f"{tracks.name}, artists of fold {self.fold} held out")


def figures_of(arguments: Sequence[str], words: str, fold: int, folds: int, epochs: int) -> dict[str, float]:
    """The figures on the artists of a fold after a fit without them."""
    with tempfile.TemporaryDirectory() as folder:
        mwe(
            [
                "fit", *arguments, "--seed_everything", str(fold),
                "--data.collection", "benchmarks.joint_choose.HeldOutArtists", "--data.collection.reader", "DemoTracks",
                "--data.collection.fold", str(fold), "--data.collection.folds", str(folds), "--data.words", words,
                "--trainer.max_epochs", str(epochs), "--trainer.check_val_every_n_epoch", str(epochs),
                "--trainer.enable_progress_bar", "false", "--trainer.logger.save_dir", folder,
                "--trainer.logger.name", "chosen", "--trainer.logger.version", "run",
            ]
        )  # fmt: skip
        with open(Path(folder) / "chosen/run/metrics.csv", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row.get(FIGURES[0])]
    return {name: float(rows[-1][name]) for name in FIGURES}


def choose(
    settings: Path = Path("benchmarks/joint_choose.yaml"),
    outputs: Path = Path("outputs"),
    folds: int = 3,
    only: tuple[str, ...] = (),
) -> None:
    """Compare settings on held-out artists of the demonstration; prints and writes JSON, the best first.

    Args:
        settings: YAML file that names settings: epochs, and options as of ``mwe fit``.
        outputs: Folder with the demonstration's mel store and word vectors (the fold is the seed of both fit and
            words). ``benchmarks/joint_choose.json`` is written there; settings it already has are not run again.
        folds: Folds of artists.
        only: Names of settings; by default all.
    """
    described = yaml.safe_load(settings.read_text(encoding="utf-8"))
    out = outputs / "benchmarks/joint_choose.json"
    found: dict[str, Any] = read_json(out) if out.is_file() else {}
    for name in only or described:
        if name in found:
            continue
        own = described[name]
        options = [*own["options"], "--data.mel", str(outputs / "demo/mel")]
        words = [str(outputs / f"demo/words/seed{fold}") for fold in range(folds)]
        each = [figures_of(options, words[fold], fold, folds, own["epochs"]) for fold in range(folds)]
        scores = [fmean(one.values()) for one in each]
        means = {figure: fmean(one[figure] for one in each) for figure in FIGURES}
        found[name] = {"score": fmean(scores), "sd": stdev(scores), **means, "epochs": own["epochs"]}
        write_json(out, found)
    ranked = dict(sorted(found.items(), key=lambda item: -item[1]["score"]))
    print(json.dumps(ranked, indent=2))


if __name__ == "__main__":
    auto_cli(choose, as_positional=False)
