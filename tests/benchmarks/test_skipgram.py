"""The comparison of the skip-gram trainers: its help, and every command on a miniature collection."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jsonargparse import auto_cli
from sklearn.metrics import roc_auc_score

from benchmarks.skipgram import choose, compare, query_by_tag_mean, speed, train
from mwe.core.files import read_json
from mwe.corpora import CorpusSettings, held_out_path, read_held_out, write_corpus
from mwe.tracks import JamendoTracks
from mwe.words import WordVectors

ROOT = Path(__file__).parents[2]
TAGS = ("genre---rock", "genre---house", "instrument---guitar", "mood/theme---happy", "mood/theme---calm")
SIZE = ("--size.dim", "6", "--size.epochs", "2", "--size.workers", "1")


@pytest.fixture
def jamendo(tmp_path, monkeypatch):
    """Thirty tracks in upstream's format under a data root of their own."""
    folder = tmp_path / "data/mtg_jamendo/data/splits/split-0"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, end in enumerate(("train", "validation", "test")):
        lines = ["TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"]
        for track in range(split * 10, split * 10 + 10):
            tags = rng.choice(TAGS, 3, replace=False)
            lines.append("\t".join([f"track_{track}", f"artist_{track // 3}", "album_1", "1.mp3", "1.0", *tags]))
        (folder / f"autotagging-{end}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "data"))


def walk(*arguments):
    auto_cli([choose, compare, speed], args=list(arguments), as_positional=False)


@pytest.fixture
def in_this_process(monkeypatch, tmp_path):
    """Runs do not start processes of their own, which takes seconds."""

    def run_here(run, quality=True):
        train(run, tmp_path / "figures.json", quality)
        return read_json(tmp_path / "figures.json")

    monkeypatch.setattr("benchmarks.skipgram.in_own_process", run_here)


def test_help_names_every_command():
    command = [sys.executable, "-m", "benchmarks.skipgram", "--help"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert all(name in told for name in ("choose", "compare", "speed", "train"))


def test_rates_are_chosen_on_held_out_pairs_and_compared_on_all(jamendo, in_this_process, tmp_path, capsys):
    folder = ("--folder", str(tmp_path / "out"))
    walk("choose", *folder, *SIZE, "--gensim_rates", "[0.05]", "--torch_rates", "[0.5,1.0]")
    choice = read_json(tmp_path / "out/choice.json")
    best = max(choice["runs"][1:], key=lambda run: run["rocauc_held_out"])
    assert choice["chosen"]["torch"] == {"rate": best["rate"], "sample": 0.001}
    assert choice["chosen"]["gensim"]["rate"] == 0.05
    capsys.readouterr()
    walk("compare", *folder, "--seeds", "[0]")
    printed = capsys.readouterr().out
    found = json.loads(printed[printed.index("{\n") :])
    assert set(found["means"]["torch"]) == {"words_per_second", "words_per_cpu_second", "rocauc_tag", "ndcg_average"}
    gensim, torch = read_json(tmp_path / "out/comparison.json")["runs"]
    assert (gensim["trainer"], torch["trainer"], torch["rate"]) == ("gensim", "torch", best["rate"])
    assert found["ratio"]["words_per_second"] == torch["words_per_second"] / gensim["words_per_second"]


def test_speed_on_running_text_in_processes_of_their_own(tmp_path, monkeypatch):
    text = tmp_path / "text.txt"
    text.write_text("the house of the rising sun\n" * 50)
    monkeypatch.chdir(ROOT)
    walk("speed", "--text+=PlainText", f"--text.path={text}", "--folder", str(tmp_path), "--seeds", "[0]", *SIZE)
    runs = read_json(tmp_path / "speed.json")["runs"]
    assert [run["trainer"] for run in runs] == ["gensim", "torch"]
    for run in runs:
        assert run["words_per_cpu_second"] * run["cpu_seconds"] == pytest.approx(600)


def test_held_out_pairs_alone_are_scored(jamendo, tmp_path):
    tracks = JamendoTracks().read()
    corpus = tmp_path / "corpus.txt"
    write_corpus(tracks, corpus, CorpusSettings(hold_out=0.4))
    rng = np.random.default_rng(1)
    tokens = sorted(set(corpus.read_text().split()))
    vectors = WordVectors(tokens, rng.standard_normal((len(tokens), 4)).astype(np.float32))
    unit_ND, unit_TD = (
        found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
        for found in (vectors.of_tracks(tracks.track_ids), vectors.of_tags(tracks.tags))
    )
    held_NT = read_held_out(held_out_path(corpus), tracks).toarray()
    kept_NT = tracks.matrix.toarray() & ~held_NT
    areas = []
    for tag in range(len(tracks.tags)):
        rows = ~kept_NT[:, tag]
        areas.append(roc_auc_score(held_NT[rows, tag], unit_ND[rows] @ unit_TD[tag]))
    assert query_by_tag_mean(vectors, tracks, corpus)["rocauc_held_out"] == pytest.approx(np.mean(areas))
