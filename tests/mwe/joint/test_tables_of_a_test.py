"""What a test writes beside its figures: the table of tags, queries in context, snippets of sound."""

from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from pytorch_lightning import Trainer, seed_everything
from sklearn.metrics import average_precision_score, roc_auc_score

from mwe.joint import JointEmbedding
from mwe.joint.context_queries import FIGURES, FILE, Measured
from mwe.joint.contextual import TrackQuery, _drawn
from mwe.joint.panel import RetrievalPanel
from mwe.words.context_vectors import Pair
from tests.toy_tracks import ARTISTS, IDS, PARTS, TAGS, Flat, ToyTracks, toy_data, write_toy


def test_the_table_of_tags_has_counts_and_areas_of_the_test_tracks(tmp_path):
    write_toy(tmp_path)
    seed_everything(0, verbose=False)
    model, data = JointEmbedding(5, Flat()), toy_data(tmp_path)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_checkpointing": False}
    Trainer(accelerator="cpu", enable_model_summary=False, **quiet).test(model, data, verbose=False)
    rows = {row[0]: row for row in model._tag_table()}
    assert list(rows) == list(TAGS)
    _, embedded_ND = model.retrieval.computed
    score_NT = (
        torch.nn.functional.normalize(embedded_ND, dim=1) @ torch.nn.functional.normalize(model.tag_rows(), dim=1).T
    )
    belongs_NT = data.tracks.matrix[list(PARTS["test"])].toarray()
    for column, tag in enumerate(TAGS):
        _, group, seen, tracks, rocauc, prauc, low, high = rows[tag]
        assert (group, seen, tracks) == ("", int(tag != "unheard"), belongs_NT[:, column].sum())
        assert (low, high) == (None, None)
        scores = score_NT[:, column].detach().numpy()
        assert rocauc == pytest.approx(roc_auc_score(belongs_NT[:, column], scores), abs=1e-6)
        assert prauc == pytest.approx(average_precision_score(belongs_NT[:, column], scores), abs=1e-6)


def test_queries_in_context_are_written_with_their_tracks_and_ways(tmp_path):
    queries = [TrackQuery(3, Pair("calm", ("loud",))), TrackQuery(8, Pair("loud"))]
    figures = {way: torch.arange(6.0).reshape(2, 3) + number for number, way in enumerate(("alone", "mean"))}
    Measured(queries, torch.tensor([1, 2]), figures, 0).write(tmp_path, ToyTracks().read())
    written = pq.read_table(tmp_path / FILE).to_pylist()
    expected = []
    for number, way in enumerate(("alone", "mean")):
        for row, query in enumerate(queries):
            values = dict(
                zip(FIGURES, (3.0 * row + number, 3.0 * row + number + 1, 3.0 * row + number + 2), strict=True)
            )
            names = {"unit": ARTISTS[query.track], "track_id": IDS[query.track], "tag": query.pair.tag}
            expected.append({**names, "context": "|".join(query.pair.context), "way": way, **values})
    assert written == expected


def test_a_pair_has_as_many_companions_as_asked_for():
    tags = [f"tag{number}" for number in range(6)]
    for companions in (0, 2, 9):
        pair = _drawn(np.random.default_rng(0), tags, companions)
        assert len(pair.context) == min(companions, 5)
        assert pair.tag not in pair.context
        assert list(pair.context) == sorted(pair.context)


def test_snippets_of_no_seconds_are_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("mwe.joint.panel.decode", lambda path, sample_rate: (np.zeros(9 * sample_rate), 9.0))
    tracks = SimpleNamespace(audio=["a.flac"])
    (tmp_path / "retrieval").mkdir()
    assert RetrievalPanel(seconds=0)._snippet(tracks, 0, tmp_path) == ""
    assert not list((tmp_path / "retrieval").iterdir())
    assert RetrievalPanel(seconds=2)._snippet(tracks, 0, tmp_path) == "retrieval/0.flac"


def test_processes_draw_by_the_seed_of_the_run_and_their_rank(monkeypatch):
    drawn, loader = [], SimpleNamespace(dataset=SimpleNamespace(split="train"))
    for seed in ("0", "0", "1"):
        for rank in (0, 1):
            monkeypatch.setenv("PL_GLOBAL_SEED", seed)
            model = JointEmbedding(5, Flat())
            model._trainer = SimpleNamespace(
                world_size=2, global_rank=rank, is_global_zero=False, loggers=[], train_dataloader=loader
            )
            monkeypatch.setattr(JointEmbedding, "global_rank", rank, raising=False)
            model.on_train_start()
            drawn.append(torch.initial_seed())
    assert drawn[:2] == drawn[2:4]
    assert len(set(drawn)) == 4
