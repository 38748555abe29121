"""The miniature collection with everything the joint embedding needs."""

from pathlib import Path
from typing import NamedTuple

import pytest

from mwe.audio.extract import extract_mels
from mwe.corpora import CorpusSettings, write_corpus
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
