"""Differences of rows against scikit-learn, SciPy and loops, and the way there through the front door."""

import csv

import numpy as np
import pytest
import torch
import yaml
from scipy.stats import ttest_rel
from sklearn.metrics import roc_auc_score

from mwe.cli import main
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import read_json
from mwe.joint.scores import FILE, TrackScores
from mwe.metrics import TagLabels, recall_by_reading
from mwe.reproduce.paired_differences import Figures, compare_rows, difference_of, figure, shared_tags

TRACKS, TAGS = 40, 6
UNSEEN = np.arange(TAGS) >= 4


def scores(seed, skill=1.0):
    """Scores of a model of some skill; labels are the same for every seed."""
    label = np.random.default_rng(99).random((TRACKS, TAGS)) < 0.4
    rng = np.random.default_rng(seed)
    embedding = rng.normal(size=(TRACKS, 5)).astype(np.float32)
    return TrackScores(
        tracks=np.array([f"t{place}" for place in range(TRACKS)]),
        tags=np.array([f"tag {place}" for place in range(TAGS)]),
        unseen=UNSEEN,
        score=(skill * label + rng.normal(size=(TRACKS, TAGS))).astype(np.float32),
        label=label,
        embedding=embedding / np.linalg.norm(embedding, axis=1, keepdims=True),
    )


def tag_auc(label, score):
    kept = label.any(axis=0) & ~label.all(axis=0)
    return np.mean([roc_auc_score(label[:, tag], score[:, tag]) for tag in np.flatnonzero(kept)])


def clip_auc(label, score):
    kept = label.any(axis=1) & ~label.all(axis=1)
    return np.mean([roc_auc_score(label[row], score[row]) for row in np.flatnonzero(kept)])


@pytest.mark.parametrize("part", ["", "_seen", "_unseen"])
def test_figures_of_a_draw_are_those_of_the_drawn_tracks(part):
    own = scores(0)
    chosen = {"": np.full(TAGS, True), "_seen": ~UNSEEN, "_unseen": UNSEEN}[part]
    rng = np.random.default_rng(1)
    drawn = [np.arange(TRACKS), *rng.integers(0, TRACKS, (3, TRACKS))]
    counts = torch.from_numpy(np.stack([np.bincount(one, minlength=TRACKS) for one in drawn]).astype(np.uint8))
    for metric, slow in ((f"rocauc_tag{part}", tag_auc), (f"rocauc_clip{part}", clip_auc)):
        expected = [slow(own.label[one][:, chosen], own.score[one][:, chosen]) for one in drawn]
        np.testing.assert_allclose(figure(own, metric, counts), expected, atol=1e-12)


def test_neighbours_share_tags_as_a_loop_counts_them():
    own = scores(2)
    tags = [set(np.flatnonzero(row)) for row in own.label]
    expected = []
    for query in range(TRACKS):
        similarity = own.embedding @ own.embedding[query]
        nearest = [other for other in np.argsort(-similarity) if other != query][:3]
        shares = [len(tags[query] & tags[other]) / len(tags[query] | tags[other]) for other in nearest]
        expected.append(np.mean(shares) if tags[query] else np.nan)
    embedding, label = torch.from_numpy(own.embedding), torch.from_numpy(own.label)
    np.testing.assert_allclose(shared_tags(embedding, label, 3), expected, atol=1e-12)
    once = torch.ones(1, TRACKS, dtype=torch.uint8)
    assert figure(own, "shared_tags@3", once).item() == pytest.approx(np.nanmean(expected))
    recall = recall_by_reading(embedding, TagLabels(label), (2,))["any"].at
    assert figure(own, "recall_any@2", once).item() == pytest.approx(recall.item())


def test_the_interval_over_seeds_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(3)
    one, other = torch.from_numpy(rng.normal(size=(2, 4, 501)))
    found = difference_of(one, other)
    expected = ttest_rel(one[:, 0], other[:, 0]).confidence_interval(0.95)
    assert found.of_seeds == pytest.approx(expected)
    drawn = (one - other)[:, 1:].mean(dim=0)
    assert found.of_tracks == pytest.approx(np.quantile(drawn, [0.025, 0.975]))
    assert found.mean == pytest.approx(found.of_first - found.of_second)
    assert found.verdict == "open"
    assert difference_of(one + 50, other).verdict == "higher"
    assert difference_of(one - 50, other).verdict == "lower"
    assert difference_of(one[:1] + 50, other[:1]).verdict == "open"  # one seed tells nothing of seeds


@pytest.fixture
def table(tmp_path):
    """Runs of a skilful and a poor model with three and two seeds, and the table that compares them."""
    for name, skill, seeds in (("good", 2.0, 3), ("poor", 0.0, 2)):
        for seed in range(seeds):
            run = tmp_path / f"runs/{name}/seed{seed}"
            run.mkdir(parents=True)
            scores(seed, skill).write(run)
    rows = [{"row": name, "runs": f"{name}/seed*"} for name in ("good", "poor")]
    asked = {"metrics": ["rocauc_tag", "rocauc_clip_seen"], "pairs": [["good", "poor"]]}
    path = tmp_path / "table.yaml"
    path.write_text(yaml.safe_dump({"title": "Two models", "rows": rows, "comparisons": asked}))
    return path


def test_rows_are_paired_by_seed_and_written(table, tmp_path):
    path = compare_rows(table, tmp_path / "out", tmp_path / "runs", draws=200)
    assert path.name == "table-differences.md"
    with open(path.with_suffix(".csv"), newline="") as file:
        tags, clips = csv.DictReader(file)
    assert (tags["one"], tags["other"], tags["metric"], tags["seeds"]) == ("good", "poor", "rocauc_tag", "seed0 seed1")
    each = [tag_auc(scores(s, 2.0).label, scores(s, 2.0).score) - tag_auc(scores(s, 0.0).label, scores(s, 0.0).score)
            for s in range(2)]  # fmt: skip
    assert float(tags["difference"]) == pytest.approx(np.mean(each), abs=1e-4)
    assert float(tags["tracks_low"]) > 0
    assert clips["metric"] == "rocauc_clip_seen"
    assert "| good | poor | rocauc_tag |" in path.read_text()


def test_what_cannot_be_compared_is_said(table, tmp_path):
    runs = tmp_path / "runs"
    once = torch.ones(1, TRACKS, dtype=torch.uint8)
    with pytest.raises(ValueError, match="unknown figure 'rocauc_artist'"):
        figure(scores(0), "rocauc_artist", once)
    partial = scores(0)
    partial.score[:, UNSEEN] = np.nan
    with pytest.raises(ValueError, match="use rocauc_clip_seen"):
        figure(partial, "rocauc_clip", once)
    with pytest.raises(MissingDataError, match=r"no runs none/\* in"):
        Figures(runs, 10).difference("good/*", "none/*", "rocauc_tag")
    with pytest.raises(MissingDataError, match="no seeds in common"):
        Figures(runs, 10).difference("good/seed2", "poor/*", "rocauc_tag")
    (runs / "poor/seed0" / FILE).write_bytes(b"nothing")
    with pytest.raises(BadFileError, match=r"scores\.npz: not the scores of a test"):
        compare_rows(table, tmp_path, runs)
    (runs / "poor/seed0" / FILE).unlink()
    with pytest.raises(MissingDataError, match=r"Test it with .*KeepScores"):
        compare_rows(table, tmp_path, runs)
    table.write_text("title: none\nrows: []\n")
    with pytest.raises(BadFileError, match="describes no comparisons"):
        compare_rows(table, tmp_path, runs)


def test_tested_runs_are_compared_by_command(prepared, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    keep = ("--trainer.callbacks+=mwe.joint.scores.KeepScores",)
    for name, epochs in (("more", "6"), ("less", "1")):
        own = ("--trainer.logger.name", name, "--trainer.max_epochs", epochs)
        main(["fit", *prepared.arguments(*own)])
        last = f"outputs/{name}/seed0/checkpoints/last.ckpt"
        main(["test", *prepared.arguments(*own, "--ckpt_path", last, *keep)])
    measured = read_json("outputs/more/seed0/metrics.json")["metrics"]
    kept = TrackScores.read(tmp_path / "outputs/more/seed0")
    for metric in ("rocauc_tag_seen", "rocauc_tag_unseen", "rocauc_clip", "recall_any@2"):
        found = figure(kept, metric, torch.ones(1, len(kept.tracks), dtype=torch.uint8)).item()
        assert found == pytest.approx(measured[metric], abs=1e-6)
    described = {
        "title": "Epochs",
        "rows": [{"row": name, "runs": f"{name}/seed*"} for name in ("more", "less")],
        "comparisons": {"metrics": ["rocauc_tag_seen"], "pairs": [["more", "less"]]},
    }
    (tmp_path / "epochs.yaml").write_text(yaml.safe_dump(described))
    capsys.readouterr()
    main(["reproduce", "compare", "epochs.yaml", "--draws", "50"])
    assert "differences written to outputs/tables/epochs-differences.md" in capsys.readouterr().out
