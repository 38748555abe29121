"""The miniature collection with everything the joint embedding needs."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from mwe.audio.extract import extract_mels
from mwe.audio.predict import Hardware
from mwe.cli import main
from mwe.core.files import sha256
from mwe.corpora import CorpusSettings, write_corpus
from mwe.search import Library
from mwe.search.index import index_library
from mwe.tracks import FolderTracks
from mwe.words import SkipGramSettings, train_skipgram

ROW = Path(__file__).parent.parent.parent / "lightning_configs/mwe/demo/joint.yaml"


class Prepared(NamedTuple):
    """Folders of the miniature's artefacts."""

    collection: Path
    mel: Path
    words: Path

    def arguments(self, *more: str) -> list[str]:
        """The demonstration's row on the miniature, small enough for a test."""
        return [
            "-c", str(ROW), "--data.collection", "FolderTracks", "--data.collection.root", str(self.collection),
            "--data.mel", str(self.mel), "--data.words", str(self.words), "--data.batch_size", "16",
            "--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false", *more,
        ]  # fmt: skip


@pytest.fixture(scope="session")
def prepared(miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Mel store and word vectors of the miniature."""
    out = tmp_path_factory.mktemp("prepared")
    tracks = FolderTracks(str(miniature)).read()
    extract_mels(list(zip(tracks.track_ids, tracks.audio, strict=True)), out / "mel", workers=0, accelerator="cpu")
    write_corpus(tracks, out / "corpus.txt", CorpusSettings(copies=10))
    train_skipgram(out / "corpus.txt", SkipGramSettings(dim=16, epochs=20, negatives=5)).save(out / "words")
    return Prepared(miniature, out / "mel", out / "words")


@pytest.fixture(scope="session")
def context_arrays() -> Callable[..., Path]:
    """Write a context encoder of two members with random arrays, as ``siamese-tags export-context`` does."""

    def write(
        folder: Path, tags: Sequence[str], kind: str = "encoder", width: int = 3, seed: int = 0, **changed
    ) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        draw = np.random.default_rng(seed)
        shapes = {
            "tags_MTE": (2, len(tags), width),
            "place_MTZ": (2, len(tags), width + 1),
            "size_ME": (2, width),
            "centre_MEE": (2, width, width),
            "origin_MZ": (2, width + 1),
            "pull_M": (2,),
            **{f"{norm}_{part}_ME": (2, width) for norm in ("into", "out") for part in ("scale", "offset")},
        }
        arrays = {name: draw.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
        np.savez(folder / "context.npz", **(arrays | changed))
        told = {"format": 1, "kind": kind, "tags": list(tags), "arrays": sha256(folder / "context.npz"), "made": {}}
        (folder / "context.json").write_text(json.dumps(told), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def run(prepared, tmp_path_factory) -> Path:
    """The run folder of a joint embedding of the miniature."""
    out = tmp_path_factory.mktemp("runs")
    main(["fit", *prepared.arguments("--trainer.max_epochs", "12", "--trainer.logger.save_dir", str(out))])
    return out / "demo/joint/seed0"


@pytest.fixture(scope="session")
def folder(run, miniature, tmp_path_factory) -> Path:
    """A library of the miniature: 24 tracks, six artists, six tags."""
    out = tmp_path_factory.mktemp("library") / "tones"
    index_library([miniature], run, out, hardware=Hardware(workers=0, devices=1, accelerator="cpu"))
    return out


@pytest.fixture
def library(folder) -> Library:
    return Library(folder)
