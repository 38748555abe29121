"""The zero-shot table: figures equal slow references, rows wait by name, finished work is kept, two processes agree."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from mwe.audio.predict import Hardware
from mwe.core.errors import MissingDataError, UnknownNameError
from mwe.reproduce.zeroshot import rows, runner
from mwe.reproduce.zeroshot.judged import TagQuestion, read_judged
from mwe.reproduce.zeroshot.rows import PairRow, RowName, control_scores
from mwe.reproduce.zeroshot.runner import TableSettings, Waiting, known_collections, open_rows, tag_sections
from mwe.reproduce.zeroshot.table import write_table
from mwe.reproduce.zeroshot.tag_figures import TagResult, draws_of_artists, tag_result
from mwe.tracks import FolderTracks
from mwe.tracks.track_tags import tracks_of
from tests.tiny_clap import write_tiny_clap

ONE = Hardware(workers=0, devices=1, accelerator="cpu")
TWO = Hardware(workers=0, devices=2, accelerator="cpu", strategy="ddp_spawn")


@pytest.fixture(scope="module")
def clap(tmp_path_factory):
    return write_tiny_clap(tmp_path_factory.mktemp("pairs") / "clap")


@pytest.fixture
def question(miniature):
    return TagQuestion("the miniature", lambda: FolderTracks(str(miniature)).read(), part="all")


def sections(tmp_path, clap, question, hardware=ONE):
    pairs = open_rows([RowName("CLAP", f"clap:{clap}"), RowName("none", "clap:no/folder/here")])
    return tag_sections(pairs, {"miniature": question}, TableSettings(tmp_path / "kept", draws=8, hardware=hardware))


@pytest.fixture
def judged():
    rng = np.random.default_rng(0)
    tags_of = {f"t{row}": [f"tag{tag}" for tag in range(4) if rng.random() < 0.5] + ["all"] for row in range(30)}
    artist_of = {track: f"artist{row // 3}" for row, track in enumerate(tags_of)}
    read = read_judged(TagQuestion("mine", lambda: tracks_of("mine", tags_of, artist_of), part="all"))
    return replace(read, judged_NT=rng.random(read.label_NT.shape) < 0.8)


def test_figures_equal_those_of_scikit_learn(judged):
    rng = np.random.default_rng(1)
    score_NT = rng.integers(0, 5, judged.label_NT.shape).astype(np.float32)
    score_NT[:, 2] = np.nan  # a tag that the row does not know
    result = tag_result(score_NT, judged, draws=5)
    filled_NT = np.nan_to_num(score_NT)
    for tag, measure in enumerate(result.tags):
        kept = judged.judged_NT[:, tag]
        label_N, score_N = judged.label_NT[kept, tag], filled_NT[kept, tag]
        assert (measure.positives, measure.judged, measure.known) == (label_N.sum(), kept.sum(), tag != 2)
        assert measure.roc.value == pytest.approx(roc_auc_score(label_N, score_N))
        assert measure.pr.value == pytest.approx(average_precision_score(label_N, score_N))
    means = [np.mean([getattr(measure, name).value for measure in result.tags]) for name in ("roc", "pr")]
    assert [result.figures[name].value for name in ("ROC-AUC by tag", "PR-AUC by tag")] == pytest.approx(means)
    areas = []
    for row, kept in enumerate(judged.judged_NT & ~np.isnan(score_NT)):
        label_T = judged.label_NT[row, kept]
        if label_T.any() and not label_T.all():
            areas.append(roc_auc_score(label_T, score_NT[row, kept]))
    assert result.figures["ROC-AUC by clip"].value == pytest.approx(np.mean(areas))
    assert TagResult.of_dict(result.to_dict()) == result


def test_intervals_are_of_whole_artists_drawn_again(judged):
    score_NT = np.random.default_rng(2).standard_normal(judged.label_NT.shape).astype(np.float32)
    judged = replace(judged, judged_NT=np.ones_like(judged.judged_NT))
    counts_RN = draws_of_artists(judged.artists, 40).numpy()
    means = [
        np.mean(
            [
                roc_auc_score(np.repeat(judged.label_NT[:, tag], count_N), np.repeat(score_NT[:, tag], count_N))
                for tag in range(score_NT.shape[1])
            ]
        )
        for count_N in counts_RN
    ]
    low, high = tag_result(score_NT, judged, draws=40).figures["ROC-AUC by tag"][1:]
    assert [low, high] == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=1e-6)


def test_controls_hear_nothing(judged):
    popular = tag_result(control_scores("popularity", judged), judged, draws=2)
    assert [measure.roc.value for measure in popular.tags] == [0.5] * len(judged.tags)
    assert control_scores("random", judged).tolist() == control_scores("random", judged).tolist()


def test_a_table_on_one_process_and_on_two(tmp_path, clap, question, monkeypatch):
    table = sections(tmp_path / "one", clap, question)
    section = table["miniature"]
    assert list(section.rows) == ["random", "popularity", "CLAP", "none"]
    assert "no such folder" in section.rows["none"].reason or "Hub" in section.rows["none"].reason
    result = section.rows["CLAP"]
    assert (result.tracks, len(result.tags)) == (24, 6)
    # the same as by hand
    pair = PairRow.open(RowName("CLAP", f"clap:{clap}"))
    read = read_judged(question)
    heard = rows.heard_tracks(pair, read, tmp_path / "vectors", ONE)
    by_hand = tag_result(pair.tag_scores(heard.unit_ND, read.tags), read, draws=8)
    assert result.figures == by_hand.figures
    two = sections(tmp_path / "two", clap, question, TWO)["miniature"].rows["CLAP"]
    for name, figure in result.figures.items():
        assert two.figures[name] == pytest.approx(figure, abs=1e-9)
    # what is finished is not done again
    monkeypatch.setattr(runner, "heard_tracks", None)
    monkeypatch.setattr(runner, "control_scores", None)
    assert sections(tmp_path / "one", clap, question)["miniature"].rows == section.rows
    path = write_table(tmp_path / "tables", table)
    assert "\n| CLAP | " in path.read_text()
    assert "\n* none: waits: " in path.read_text()
    with open(tmp_path / "tables/zeroshot-tags/miniature--CLAP.csv", newline="") as file:
        assert [row["tag"] for row in csv.DictReader(file)] == list(read.tags)


def test_what_is_missing_says_what_it_waits_for(tmp_path, clap, question, miniature):
    def absent():
        raise MissingDataError("mine: tracks.tsv not found")

    def silent():
        return replace(FolderTracks(str(miniature)).read(), audio=tuple(Path(f"none/{row}.mp3") for row in range(24)))

    table = sections(tmp_path, clap, replace(question, read=silent))
    waiting = table["miniature"].rows["CLAP"]
    assert waiting == Waiting("waits for audio: none of 24 files is there, such as none/0.mp3")
    assert isinstance(table["miniature"].rows["popularity"], TagResult)
    [section] = sections(tmp_path, clap, replace(question, read=absent)).values()
    assert section.judged == Waiting("waits: mine: tracks.tsv not found")
    write_table(tmp_path, {"miniature": section})
    assert "waits: mine: tracks.tsv not found" in (tmp_path / "zeroshot.md").read_text()
    with pytest.raises(UnknownNameError, match="nearest: 'audio_clips'"):
        known_collections(["audio_clip"])


def test_a_pair_that_answers_alike_says_so(tmp_path, question):
    folder = write_tiny_clap(tmp_path / "collapsed", collapsed=True)
    more = [f"tag{number}" for number in range(8)]
    wider = replace(question, read=lambda: tracks_with(question.read(), more))
    row = sections(tmp_path, folder, wider)["miniature"].rows["CLAP"]
    assert "its vectors of 14 tags all but coincide" in row.reason


def tracks_with(tracks, more):
    """A collection with more tags, each on the first half of its tracks."""
    from scipy import sparse

    half = sparse.csr_array(np.repeat(np.arange(len(tracks.track_ids))[:, None] < 12, len(more), axis=1))
    return replace(
        tracks,
        tags=(*tracks.tags, *more),
        groups=(*tracks.groups, *("" for _ in more)),
        unseen=np.zeros(len(tracks.tags) + len(more), dtype=bool),
        matrix=sparse.csr_array(sparse.hstack([tracks.matrix, half])),
    )
