"""Words, corpora, features and tables do not depend on PYTHONHASHSEED; the page on all this names tests there are."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from mwe.core.runs import RunMetrics
from mwe.corpora import CorpusSettings, write_corpus
from mwe.reproduce.result_table import table_of
from mwe.tracks import FolderTracks
from mwe.words import SkipGramSettings, train_skipgram
from siamese_tags.documents import TsvDocuments
from siamese_tags.fold_data import PrimingData

TABLE = """
title: T
rows:
  - {row: Model, runs: "t/*", metrics: [auc, map], command: make t}
"""


def write_all(root: Path, out: Path) -> None:
    """Everything that reads sets of names: corpus, both trainers of words, features of both packages, a table."""
    tracks = FolderTracks(str(root)).read()
    write_corpus(tracks, out / "corpus.txt", CorpusSettings(copies=2))
    for trainer in ("gensim", "torch"):
        settings = SkipGramSettings(dim=8, epochs=2, negatives=3, trainer=trainer, accelerator="cpu")
        train_skipgram(out / "corpus.txt", settings).save(out / trainer)
    np.save(out / "matrix.npy", tracks.matrix.toarray())
    lines = [f"{track}\t{tag}" for track, own in zip(tracks.track_ids, tags_of(tracks), strict=True) for tag in own]
    (out / "documents.tsv").write_text("\n".join(lines), encoding="utf-8")
    data = PrimingData(TsvDocuments(str(out / "documents.tsv")), n_topics=3, topic_iterations=5)
    for name, tensor in data.tensors._asdict().items():
        np.save(out / f"{name}.npy", tensor.numpy())
    (out / "identity.json").write_text(json.dumps(data.identity), encoding="utf-8")
    for seed in range(3):
        RunMetrics({"auc": seed / 7, "map": 1 / 3}, "toy", seed).write(out / f"runs/t/seed{seed}")
    (out / "table.yaml").write_text(TABLE, encoding="utf-8")
    table_of(out / "table.yaml", out / "tables", out / "runs")


def tags_of(tracks):
    """Names of the tags of each track."""
    return [[tracks.tags[column] for column in np.flatnonzero(row)] for row in tracks.matrix.toarray()]


def test_files_are_the_same_whatever_python_s_hash_seed(miniature, tmp_path):
    found = {}
    for seed in ("0", "1", "2"):
        out = tmp_path / "out"  # the same place each time, so that a place in a file would not hide another difference
        out.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
        environment["PYTHONPATH"] = str(Path(__file__).parents[1])
        subprocess.run([sys.executable, __file__, str(miniature), str(out)], check=True, env=environment)
        paths = sorted(path for path in out.rglob("*") if path.is_file())
        found[seed] = {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        out.rename(tmp_path / seed)
    names = set(found["0"])
    assert {"corpus.txt", "gensim/vectors.npy", "torch/vectors.npy", "contexts_DC.npy", "tables/table.md"} <= names
    assert found["0"] == found["1"] == found["2"]


def test_every_test_that_the_page_names_is_there():
    root = Path(__file__).parents[1]
    named = re.findall(
        r"`(tests/[\w/]+\.py)::(\w+)`", (root / "docs/reference/determinism.md").read_text(encoding="utf-8")
    )
    assert len(named) > 20
    for path, name in named:
        assert f"def {name}(" in (root / path).read_text(encoding="utf-8"), f"{path} has no {name}"


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), Path(sys.argv[2]))
