"""The real-music table: figures equal slow references, rows are what commands answer, intervals are paired."""

import csv

import numpy as np
import pytest
import soundfile
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from mwe.core.errors import BadFileError, MissingDataError
from mwe.reproduce import real_music, real_music_rows
from mwe.reproduce.real_music import judged_by_tags, read_queries, read_recordings, real_music_table
from mwe.reproduce.real_music_figures import Bootstrap, Judged, figures_of
from mwe.reproduce.real_music_rows import RowScores
from mwe.search.embed import embed_files
from mwe.search.model import TrainedModel
from mwe.search.unknown_words import UnknownWords
from tests.mwe.open_model.conftest import miniature

__all__ = ["miniature"]


@pytest.fixture
def recordings(tmp_path):
    folder, rng = tmp_path / "recordings", np.random.default_rng(0)
    folder.mkdir()
    lines = ["path\ttags\tartist_id"]
    for number in range(6):
        soundfile.write(folder / f"{number}.wav", 0.1 * rng.standard_normal(16_000 * (1 + number)), 16_000)
        tags = ["rock", "deephouse"][number % 2 : number % 2 + 1] + (["unheard_of"] if number < 3 else [])
        lines.append(f"{number}.wav\t{'|'.join(tags)}\tartist {number // 2}")
    (folder / "tracks.tsv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def judged():
    rng = np.random.default_rng(1)
    label_NT = rng.random((30, 5)) < 0.4
    return Judged(label_NT, np.array([True, True, False, False, True]), rng.random((30, 3)) < 0.3, ["a", "b", "c"] * 10)


def test_figures_equal_slow_references(judged):
    rng = np.random.default_rng(2)
    tag_NT = np.round(rng.standard_normal((30, 5)), 1)
    tag_NT[:, 3] = np.nan  # a tag that is not known
    query_NQ = np.round(rng.standard_normal((30, 3)), 1) + np.arange(30)[:, None] / 1e6
    row = RowScores("row", tag_NT, query_NQ, np.eye(30))
    figures = figures_of(row, judged, Bootstrap(judged.artists, draws=20))
    known = [0, 1, 2, 4]
    areas = {tag: roc_auc_score(judged.label_NT[:, tag], tag_NT[:, tag]) for tag in known} | {3: 0.5}
    assert figures["ROC-AUC by tag"].value == pytest.approx(np.mean(list(areas.values())))
    assert figures["ROC-AUC by tag of classes"].value == pytest.approx(np.mean([areas[tag] for tag in (0, 1, 4)]))
    assert figures["ROC-AUC by tag of other tags"].value == pytest.approx(np.mean([areas[2], 0.5]))
    assert figures["ROC-AUC by tag"].counted == 4
    assert figures["AP by tag of classes"].value == pytest.approx(
        np.mean([average_precision_score(judged.label_NT[:, tag], tag_NT[:, tag]) for tag in (0, 1, 4)])
    )
    own = judged.label_NT[:, known]
    clips = [
        roc_auc_score(own[track], tag_NT[track, known]) for track in range(30) if 0 < own[track].sum() < len(known)
    ]
    assert figures["ROC-AUC by clip"].value == pytest.approx(np.mean(clips))
    first = np.argsort(-query_NQ, axis=0)[:5]
    assert figures["precision@5 of queries"].value == pytest.approx(
        np.mean([judged.relevant_NQ[first[:, query], query].mean() for query in range(3)])
    )


def test_a_draw_is_what_repeating_its_tracks_gives(judged):
    rng = np.random.default_rng(3)
    tag_NT, query_NQ = rng.standard_normal((30, 5)), rng.standard_normal((30, 3))
    bootstrap = Bootstrap(judged.artists, draws=5)
    figures = figures_of(RowScores("row", tag_NT, query_NQ, None), judged, bootstrap)
    for kind, counts_RN in enumerate(bootstrap.counts):
        for draw, counts_N in enumerate(counts_RN):
            rows = np.repeat(np.arange(30), counts_N.numpy())
            label_NT = judged.label_NT[rows]
            usable = [tag for tag in range(5) if 0 < label_NT[:, tag].sum() < len(rows)]
            areas = [roc_auc_score(label_NT[:, tag], tag_NT[rows, tag]) for tag in usable]
            assert float(figures["ROC-AUC by tag"][1 + kind][draw]) == pytest.approx(np.mean(areas))
            order = [np.argsort(-query_NQ[rows, query], kind="stable")[:5] for query in range(3)]
            right = [judged.relevant_NQ[rows][order[query], query].mean() for query in range(3)]
            assert float(figures["precision@5 of queries"][1 + kind][draw]) == pytest.approx(np.mean(right))


def test_artists_are_drawn_whole(judged):
    _, counts_RN = Bootstrap(judged.artists, draws=10).counts
    for artist in "abc":
        own = counts_RN[:, [name == artist for name in judged.artists]]
        assert (own == own[:, :1]).all()
    assert len({int(total) for total in counts_RN.sum(dim=1)}) >= 1


def test_the_open_model_is_measured_as_it_answers(miniature, recordings, tmp_path):
    trained = miniature().export(tmp_path / "export")
    export = tmp_path / "export"
    table = real_music_table(recordings, tmp_path / "tables", export, demo=export, draws=20)
    difference = table["open model less demo model"]["ROC-AUC by tag"]
    assert (difference.value, *difference.bounds()) == pytest.approx((0, 0, 0, 0, 0), abs=1e-6)  # of itself
    assert "ROC-AUC by clip, calibrated" not in table["open model less demo model"]
    tracks = read_recordings(recordings)
    unit_ND = np.stack([outcome.embedding_D for outcome in embed_files(TrainedModel(trained.run), tracks.audio)])
    tags = ["rock", "deephouse"]
    label_NT = tracks.matrix.toarray()[:, [tracks.tags.index(tag) for tag in tags]]
    lookup = trained.words.of_tags(tags)
    areas = [*(roc_auc_score(own, unit_ND @ lookup.vectors[place]) for place, own in enumerate(label_NT.T)), 0.5]
    assert table["open model"]["ROC-AUC by tag"].value == pytest.approx(np.mean(areas), abs=1e-6)
    assert {"towers of msd: own outputs", "bridge: words", "control: exchanged classes 2"} <= set(table)
    with open(tmp_path / "tables/real-music.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["row"] for row in rows} == set(table)
    text = (tmp_path / "tables/real-music.md").read_text()
    assert text.startswith("# Real music")
    assert "6 recordings of 3 artists" in text


def test_a_tag_without_a_vector_is_measured_by_its_approximation(syllable_words):
    rng = np.random.default_rng(5)
    unit_ND = rng.standard_normal((6, syllable_words.dim))
    known = syllable_words.tokens[0]
    row = real_music_rows.by_words("row", unit_ND, syllable_words, [known, "tasalamo", "blorf"], [])
    assert row.read_as == {"tasalamo": "tasalamo (approximated)"}
    vector_D = UnknownWords(syllable_words).read("tasalamo").vector_D
    np.testing.assert_allclose(row.tag_NT[:, 1], unit_ND @ vector_D / np.linalg.norm(vector_D), atol=1e-5)
    assert np.isnan(row.tag_NT[:, 2]).all()
    assert not np.isnan(row.tag_NT[:, 0]).any()
    other = RowScores("other", row.tag_NT, None, None)
    assert real_music._read_as([other]) == ""
    assert real_music._read_as([row, other]) == (
        " 1 of the tags have no vector in some rows and were read as in a query: tasalamo as *tasalamo (approximated)* "
        "(row)."
    )


def test_differences_are_paired(judged):
    rng = np.random.default_rng(4)
    bootstrap = Bootstrap(judged.artists, draws=50)
    first, second = (
        figures_of(RowScores("row", rng.standard_normal((30, 5)), None, None), judged, bootstrap)["ROC-AUC by tag"]
        for _ in range(2)
    )
    difference = first.minus(second)
    assert difference.value == pytest.approx(first.value - second.value)
    torch.testing.assert_close(difference.by_tracks_R, first.by_tracks_R - second.by_tracks_R)
    assert first.minus(first).bounds() == (0, 0, 0, 0)


def test_queries_are_judged_by_tags_of_any_spelling(recordings):
    tracks = read_recordings(recordings)
    queries = {"dance": frozenset({"deephouse", "house"}), "polka": frozenset({"polka"})}
    tags, answered, judged = judged_by_tags(tracks, queries)
    assert answered == ["dance"]
    assert judged.relevant_NQ[:, 0].tolist() == [False, True] * 3
    assert judged.class_T[tags.index("rock")]
    assert not judged.class_T[tags.index("deephouse")]
    assert len(read_queries()) == 20


def test_what_cannot_be_measured_is_named(tmp_path, recordings):
    with pytest.raises(MissingDataError, match=r"neither tracks\.tsv nor autotagging\.tsv"):
        read_recordings(tmp_path)
    (recordings / "tracks.tsv").write_text("path\ttags\n0.wav\trock\n1.wav\tcalm\n")
    with pytest.raises(BadFileError, match="no tag has 2 tracks with it and 2 without"):
        judged_by_tags(read_recordings(recordings), {})
    (recordings / "tracks.tsv").unlink()
    header = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"
    (recordings / "autotagging.tsv").write_text(f"{header}\ntrack_1\tartist_1\talbum_1\t0.wav\t1.0\tgenre---rock\n")
    assert read_recordings(recordings).tags == ("rock",)
