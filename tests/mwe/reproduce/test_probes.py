"""Probes: what they learn, what they never see, how folds are measured; the table on one process and on two."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from mwe.audio.predict import Hardware
from mwe.cli import main
from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError
from mwe.reproduce.probes import measures, runner
from mwe.reproduce.probes.classifiers import PROBES, LabelledVectors
from mwe.reproduce.probes.measures import METHODS, SHUFFLED, WORDS, ProbeResult, fold_scores, probe_result
from mwe.reproduce.probes.questions import PROBED, ProbeQuestion, read_probe_tracks
from mwe.reproduce.probes.runner import known_probed, probe_sections
from mwe.reproduce.probes.table import PUBLISHED, write_probe_table
from mwe.reproduce.zeroshot.published import published_figures
from mwe.reproduce.zeroshot.rows import PairRow, RowName, heard_tracks
from mwe.reproduce.zeroshot.runner import TableSettings, Waiting, open_rows
from mwe.tracks import FolderTracks, GtzanTracks
from mwe.tracks.track_tags import tracks_of
from tests.tiny_clap import write_tiny_clap

ONE = Hardware(workers=0, devices=1, accelerator="cpu")
TWO = Hardware(workers=0, devices=2, accelerator="cpu", strategy="ddp_spawn")
TRACKS, TAGS = 240, ("left", "right", "either", "noise")


@pytest.fixture(scope="module")
def vectors():
    """Vectors whose first two dimensions tell three of four tags; the last is noise."""
    rng = np.random.default_rng(0)
    vector_ND = rng.standard_normal((TRACKS, 8)).astype(np.float32)
    left, right = vector_ND[:, 0] > 0, vector_ND[:, 1] > 0
    return vector_ND, np.stack([left, right, left != right, rng.random(TRACKS) < 0.5], axis=1)


def question_of(label_NT, folds=5, splits=None):
    """A collection of four tracks an artist."""
    tags_of = {
        f"t{row:03}": [tag for tag, has in zip(TAGS, labels, strict=True) if has] + ["all"]
        for row, labels in enumerate(label_NT)
    }
    artist_of = {track: f"artist{row // 4}" for row, track in enumerate(tags_of)}
    return ProbeQuestion("mine", lambda: tracks_of("mine", tags_of, artist_of, splits=splits), folds)


def columns(tracks, vector_ND, label_NT):
    """Vectors and labels with the tags in the order of the collection, and words that mean nothing."""
    label_NT = label_NT[:, [TAGS.index(tag) for tag in tracks.judged.tags]]
    return LabelledVectors(vector_ND, label_NT, np.ones_like(label_NT)), np.full(label_NT.shape, np.nan)


def measured(method, vectors, folds=5):
    vector_ND, label_NT = vectors
    tracks = read_probe_tracks(question_of(label_NT, folds))
    labelled, word_NT = columns(tracks, vector_ND, label_NT)
    result = probe_result(tracks, lambda split: fold_scores(method, labelled, split, word_NT), draws=30)
    return result, {probed.tag: probed.roc.value for probed in result.tags}


def test_a_separable_tag_is_learnt_and_noise_is_not(vectors):
    linear, by_tag = measured("linear", vectors)
    assert min(by_tag["left"], by_tag["right"]) > 0.97
    assert abs(by_tag["either"] - 0.5) < 0.12  # no line separates it
    assert abs(by_tag["noise"] - 0.5) < 0.12
    mlp, by_tag = measured("MLP", vectors)
    assert min(by_tag[tag] for tag in ("left", "right", "either")) > 0.85
    assert abs(by_tag["noise"] - 0.5) < 0.12
    assert linear.tracks == mlp.tracks == TRACKS
    assert (linear.measured, linear.left_out, len(linear.chosen)) == ([4] * 5, 0, 5)


@pytest.mark.parametrize("probe", PROBES)
def test_with_labels_of_other_tracks_it_is_near_chance(probe, vectors):
    result, _ = measured(probe + SHUFFLED, vectors)
    assert abs(result.figures["ROC-AUC by tag"].value - 0.5) < 0.08
    assert result.figures["ROC-AUC by tag"].low < 0.5 < result.figures["ROC-AUC by tag"].high


def test_no_artist_is_on_two_sides_and_all_are_tested_once(vectors):
    tracks = read_probe_tracks(question_of(vectors[1]))
    artists = np.array(tracks.judged.artists)
    for split in tracks.splits:
        parts = [set(artists[rows]) for rows in split]
        assert sum(map(len, parts)) == len(set.union(*parts))
        assert sorted(np.concatenate(split).tolist()) == list(range(TRACKS))
    assert sorted(np.concatenate([split.test for split in tracks.splits]).tolist()) == list(range(TRACKS))
    assert tracks.shared_artists() == 0
    few = question_of(vectors[1][:8])
    with pytest.raises(BadFileError, match="2 artists; they do not make 5 folds"):
        read_probe_tracks(few)


def test_validation_tracks_are_taken_from_those_for_training(vectors):
    names = [f"t{row:03}" for row in range(TRACKS)]
    tracks = read_probe_tracks(question_of(vectors[1], 0, {"train": names[:158], "test": names[158:]}))
    [split] = tracks.splits
    assert sorted([*split.train, *split.valid]) == list(range(158))
    assert split.test.tolist() == list(range(158, TRACKS))
    artists = np.array(tracks.judged.artists)
    assert not set(artists[split.train]) & set(artists[split.valid])
    assert 20 < len(split.valid) < 45
    # tracks 156 and 157 are by the artist of 158 and 159: an own split may be so, and the table says it
    assert tracks.shared_artists() == 2
    given = question_of(vectors[1], 0, {"train": names[:100], "valid": names[100:158], "test": names[158:]})
    assert read_probe_tracks(given).splits[0].valid.tolist() == list(range(100, 158))
    with pytest.raises(MissingDataError, match="mine has no test tracks"):
        read_probe_tracks(question_of(vectors[1], 0, {"train": names}))


@pytest.mark.parametrize("probe", PROBES)
def test_labels_of_test_tracks_change_nothing_of_a_trained_probe(probe, vectors):
    vector_ND, label_NT = vectors
    tracks = read_probe_tracks(question_of(label_NT))
    labelled, word_NT = columns(tracks, vector_ND, label_NT)
    split = tracks.splits[0]
    clean = fold_scores(probe, labelled, split, word_NT)
    poison_NT = labelled.label_NT.copy()
    poison_NT[split.test] = ~poison_NT[split.test]
    poison_NT[split.test, 0] = True  # then this tag cannot be measured, and is learnt as before
    poisoned = fold_scores(probe, labelled._replace(label_NT=poison_NT), split, word_NT)
    assert poisoned.score_NT.tolist() == clean.score_NT.tolist()
    assert poisoned.chosen == clean.chosen
    assert poisoned.measured_T.tolist() == [False, True, True, True]
    # and so do vectors of test tracks, for the others
    vector_ND = vector_ND.copy()
    vector_ND[split.test[0]] = 1e3
    moved = fold_scores(probe, labelled._replace(vector_ND=vector_ND), split, word_NT)
    assert moved.score_NT[1:] == pytest.approx(clean.score_NT[1:], abs=1e-5)


def test_labels_of_validation_tracks_only_choose(vectors):
    vector_ND, label_NT = vectors
    tracks = LabelledVectors(vector_ND, label_NT, np.ones_like(label_NT))
    train, valid, test = tracks.rows(np.arange(150)), tracks.rows(np.arange(150, 200)), vector_ND[200:]
    linear = {
        PROBES["linear"](train, changed).chosen: PROBES["linear"](train, changed).scores(test)
        for changed in (valid, valid._replace(label_NT=~valid.label_NT))
    }
    for chosen, scores in linear.items():
        from sklearn.linear_model import LogisticRegression

        mean, scale = train.vector_ND.mean(axis=0, dtype=np.float64), train.vector_ND.std(axis=0, dtype=np.float64)
        regression = LogisticRegression(C=float(chosen.split()[1]), max_iter=1000)
        regression.fit((train.vector_ND - mean) / scale, train.label_NT[:, 0])
        assert scores[:, 0] == pytest.approx(regression.decision_function((test - mean) / scale), abs=2e-2)


def test_labels_that_were_not_judged_count_nowhere(vectors):
    vector_ND, label_NT = vectors
    judged_NT = np.random.default_rng(3).random(label_NT.shape) < 0.8
    tracks = LabelledVectors(vector_ND, label_NT, judged_NT)
    wrong = LabelledVectors(vector_ND, np.where(judged_NT, label_NT, ~label_NT), judged_NT)
    for probe in PROBES.values():
        scores = [
            probe(some.rows(np.arange(160)), some.rows(np.arange(160, 200))).scores(vector_ND[200:])
            for some in (tracks, wrong)
        ]
        assert scores[0] == pytest.approx(scores[1], abs=1e-6)


def test_figures_are_means_over_folds_and_equal_those_of_scikit_learn(vectors):
    vector_ND, label_NT = vectors
    label_NT = label_NT.copy()
    tracks = read_probe_tracks(question_of(label_NT, 3))
    label_NT[:, 3] = False
    label_NT[tracks.splits[0].test[:5], 3] = True  # a tag of a single fold: where it is tested, none was taught
    label_NT[tracks.splits[1].test[:5], 3] = True
    tracks = read_probe_tracks(question_of(label_NT, 3))
    labelled, word_NT = columns(tracks, vector_ND, label_NT)
    scores = {}

    def score(split):
        scores[len(scores)] = fold_scores("linear", labelled, split, word_NT)
        return scores[len(scores) - 1]

    result = probe_result(tracks, score, draws=5)
    roc, pr = [], []
    for fold in scores.values():
        areas = [
            (roc_auc_score(labels, by_tag), average_precision_score(labels, by_tag))
            for tag in np.flatnonzero(fold.measured_T)
            for labels, by_tag in [(labelled.label_NT[fold.rows, tag], fold.score_NT[:, tag])]
        ]
        roc.append(np.mean([area for area, _ in areas]))
        pr.append(np.mean([area for _, area in areas]))
    for name, values in zip(measures.FIGURES, (roc, pr), strict=True):
        assert result.figures[name].value == pytest.approx(np.mean(values))
        assert result.spread[name] == pytest.approx(np.std(values, ddof=1))
    folds = {probed.tag: (probed.positives, probed.folds) for probed in result.tags}
    noise = sum(bool(label_NT[split.test, 3].any() and label_NT[split.train, 3].any()) for split in tracks.splits)
    assert folds["noise"] == (5 * noise, noise)
    assert sum(result.measured) == 9 + noise
    assert ProbeResult.of_dict(result.to_dict()) == result


def test_intervals_are_of_whole_artists_drawn_again(vectors):
    result, _ = measured("linear", vectors)
    value, low, high = result.figures["ROC-AUC by tag"]
    assert low < value < high
    assert high - low < 0.15
    assert np.isnan(measured_once(vectors).spread["ROC-AUC by tag"])


def measured_once(vectors):
    vector_ND, label_NT = vectors
    names = [f"t{row:03}" for row in range(TRACKS)]
    splits = {"train": names[:120], "valid": names[120:160], "test": names[160:]}
    tracks = read_probe_tracks(question_of(label_NT, 0, splits))
    labelled, word_NT = columns(tracks, vector_ND, label_NT)
    return probe_result(tracks, lambda split: fold_scores("linear", labelled, split, word_NT), draws=10)


@pytest.fixture(scope="module")
def clap(tmp_path_factory):
    return write_tiny_clap(tmp_path_factory.mktemp("pairs") / "clap")


@pytest.fixture
def question(miniature):
    return ProbeQuestion("the miniature", lambda: FolderTracks(str(miniature)).read(), folds=3)


def sections(tmp_path, clap, question, hardware=ONE):
    pairs = open_rows([RowName("CLAP", f"clap:{clap}"), RowName("none", "clap:no/folder/here")])
    return probe_sections(pairs, {"miniature": question}, TableSettings(tmp_path / "kept", draws=8, hardware=hardware))


def test_a_table_of_probes_on_one_process_and_on_two(tmp_path, clap, question, monkeypatch):
    table = sections(tmp_path / "one", clap, question)
    results = table["miniature"].rows["CLAP"]
    assert list(results) == list(METHODS)
    assert {result.tracks for result in results.values()} == {24}
    two = sections(tmp_path / "two", clap, question, TWO)["miniature"].rows["CLAP"]
    for method, result in results.items():
        for name, figure in result.figures.items():
            assert two[method].figures[name] == pytest.approx(figure, abs=1e-9)
        assert two[method].chosen == result.chosen
    # words are asked as in the zero-shot table
    pair, tracks = PairRow.open(RowName("CLAP", f"clap:{clap}")), read_probe_tracks(question)
    heard = heard_tracks(pair, tracks.judged, tmp_path / "vectors", ONE)
    score_NT = pair.tag_scores(heard.unit_ND, tracks.judged.tags)
    first = tracks.splits[0].test
    labelled = LabelledVectors(heard.unit_ND, tracks.judged.label_NT, tracks.judged.judged_NT)
    assert fold_scores(WORDS, labelled, tracks.splits[0], score_NT).score_NT == pytest.approx(score_NT[first])
    # what is finished is not done again
    monkeypatch.setattr(runner, "heard_tracks", None)
    monkeypatch.setattr(runner, "fold_scores", None)
    assert sections(tmp_path / "one", clap, question)["miniature"].rows == table["miniature"].rows
    text = write_probe_table(tmp_path / "tables", table).read_text()
    assert "24 tracks of 6 artists, 6 tags; 3 folds of artists." in text
    assert "\n| CLAP | linear | " in text
    assert "\n* none: waits: " in text
    with open(tmp_path / "tables/probes-tags/miniature--CLAP.csv", newline="") as file:
        assert {row["method"] for row in csv.DictReader(file)} == set(METHODS)
    with open(tmp_path / "tables/probes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(METHODS)
    assert float(rows[2]["value"]) == pytest.approx(results["linear"].figures[rows[2]["figure"]].value, abs=1e-6)


def test_vectors_of_the_zero_shot_table_are_used(tmp_path, clap, question, monkeypatch):
    sections(tmp_path, clap, question)
    jobs = []
    monkeypatch.setattr("mwe.reproduce.zeroshot.rows.predict_files", lambda *given, **more: jobs.append(given))
    monkeypatch.setattr(runner, "VERSION", -1)
    sections(tmp_path, clap, question)
    assert jobs == []


def test_what_is_missing_says_what_it_waits_for(tmp_path, clap, question, miniature):
    def silent():
        return replace(FolderTracks(str(miniature)).read(), audio=tuple(Path(f"none/{row}.mp3") for row in range(24)))

    def half():
        read = FolderTracks(str(miniature)).read()
        heard = set(read.splits["train"].tolist()) | set(read.splits["valid"].tolist())
        audio = tuple(path if row in heard else Path("none.mp3") for row, path in enumerate(read.audio))
        return replace(read, audio=audio)

    waiting = sections(tmp_path, clap, replace(question, read=silent))["miniature"].rows["CLAP"]
    assert waiting == Waiting("waits for audio: none of 24 files is there, such as none/0.mp3")
    waiting = sections(tmp_path, clap, replace(question, read=half, folds=0))["miniature"].rows["CLAP"]
    assert waiting == Waiting("waits for the sound of any track for test")
    with pytest.raises(UnknownNameError, match="nearest: 'audio_clips'"):
        known_probed(["audio_clip"])


def test_every_collection_that_is_missing_says_so(tmp_path, monkeypatch, clap):
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "nothing"))
    monkeypatch.setenv("MWE_CACHE", str(tmp_path / "cache"))
    table = probe_sections({}, known_probed([]), TableSettings(tmp_path / "kept", draws=2, hardware=ONE))
    assert list(table) == list(PROBED)
    text = write_probe_table(tmp_path, table).read_text()
    for name in ("jamendo_genre", "magnatagatune", "msd_top50", "gtzan", "openmic", "audio_clips"):
        assert isinstance(table[name].tracks, Waiting), name
        assert table[name].tracks.reason.startswith("waits: ")
    assert "* TTMR (stochastic): ROC-AUC by tag .875, PR-AUC by tag .196" in text
    assert set(published_figures(PUBLISHED)) <= set(PROBED)


def test_the_command_writes_the_table_also_of_what_waits(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "nothing"))
    named = ["--collections", "[gtzan, audio_clips]", "--pairs", "[CLAP=clap:no/folder/here]"]
    main(["reproduce", "probes", *named, "--out", str(tmp_path / "out"), "--kept", str(tmp_path / "kept")])
    told = capsys.readouterr().out
    assert "## gtzan\nwaits: gtzan: genres not found" in told
    assert told.endswith("probes.csv\n")
    assert (tmp_path / "out/probes.md").read_text() in told


def test_the_split_of_gtzan_is_read_from_its_lists(tmp_path):
    tracks = [f"{genre}/{genre}.0000{row}" for genre in ("blues", "hiphop") for row in range(4)]
    for track in tracks:
        (tmp_path / f"genres/{track}.wav").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"genres/{track}.wav").touch()
    with pytest.raises(
        MissingDataError, match=r"train_filtered\.txt, valid_filtered\.txt, test_filtered\.txt not found"
    ):
        GtzanTracks(str(tmp_path), filtered=True).read()
    for part, numbers in {"train": (0, 4), "valid": (1, 5), "test": (2, 6)}.items():
        (tmp_path / f"{part}_filtered.txt").write_text("".join(f"{tracks[row]}.au\n" for row in numbers))
    read = GtzanTracks(str(tmp_path), filtered=True).read()
    assert [[read.track_ids[row] for row in read.splits[part]] for part in ("train", "valid", "test")] == [
        ["blues.00000", "hiphop.00000"],
        ["blues.00001", "hiphop.00001"],
        ["blues.00002", "hiphop.00002"],
    ]
    assert read.audio[1].is_file()
    assert read.of_track(1) == ["hip hop"]
    (tmp_path / "test_filtered.txt").write_text("blues/blues.00000.au\n")
    with pytest.raises(BadFileError, match=r"test_filtered\.txt, line 1: 'blues/blues\.00000\.au' is listed twice"):
        GtzanTracks(str(tmp_path), filtered=True).read()
    (tmp_path / "test_filtered.txt").write_text("blues/blues.00009.au\n")
    with pytest.raises(BadFileError, match=r"there is no file of 'blues/blues\.00009\.au'"):
        GtzanTracks(str(tmp_path), filtered=True).read()
