"""Paired differences of queries in context: against a slow loop, pairing over runs, what is missing is named."""

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from mwe.cli import main
from mwe.core.errors import BadFileError, MissingDataError
from mwe.reproduce.context_differences import difference, read, write_differences


def run(folder, values, units="aabbcc", ways=("mean",)):
    """A run with queries t0, t1 ... of tag x, each of a unit, and one figure a query and way."""
    rows = [
        {"unit": units[n % len(units)], "track_id": f"t{n}", "tag": "x", "context": "y|z", "way": way, "ap": value}
        for way in ways
        for n, value in enumerate(values)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    pq.write_table(pa.table({**columns, "auc": columns["ap"], "ndcg": columns["ap"]}), folder / "context.parquet")


def test_differences_are_paired_by_query_and_run_and_drawn_by_unit(tmp_path):
    draw = np.random.default_rng(0)
    one, other = draw.random((2, 30)), draw.random((2, 30))
    for place in range(2):
        run(tmp_path / f"one/seed{place}", one[place])
        run(tmp_path / f"other/seed{place}", other[place])
    run(tmp_path / "one/seed9", [9.0] * 30)  # of one row only, so it does not count
    found = difference(read(tmp_path, "one/*", "mean", "ap"), read(tmp_path, "other/*", "mean", "ap"), 3000)
    each = (one - other).mean(axis=0)
    assert found.mean == pytest.approx(each.mean())
    assert (found.queries, found.units, found.runs) == (30, 3, 2)
    by_unit = [each[[n for n in range(30) if "aabbcc"[n % 6] == unit]] for unit in "abc"]
    slow = [np.mean(np.concatenate([by_unit[place] for place in draw.integers(0, 3, 3)])) for _ in range(3000)]
    np.testing.assert_allclose([found.low, found.high], np.quantile(slow, [0.025, 0.975]), atol=0.01)


@pytest.mark.parametrize(("gap", "verdict"), [(0.3, "higher"), (-0.3, "lower"), (0.0, "open")])
def test_a_verdict_needs_the_interval_off_zero(gap, verdict, tmp_path):
    noise = np.random.default_rng(1).normal(0, 0.05, (2, 60))
    run(tmp_path / "one/fold0", 0.5 + gap + noise[0], units="abcdefgh")
    run(tmp_path / "other/fold0", 0.5 + noise[1] - noise[1].mean() + noise[0].mean(), units="abcdefgh")
    found = difference(read(tmp_path, "one/*", "mean", "ap"), read(tmp_path, "other/*", "mean", "ap"), 500)
    assert found.verdict == verdict


def described(path, **changed):
    rows = [{"row": name, "runs": f"{name}/*"} for name in ("one", "other")]
    comparisons = [[["one", "mean"], ["other", "mean"]], [["one", "context"], ["one", "mean"]]]
    told = {"title": "Made up", "rows": rows, "figures": ["ap", "ndcg"], "comparisons": comparisons, **changed}
    path.write_text(yaml.safe_dump(told))
    return path


def test_the_command_writes_both_files(tmp_path, capsys):
    for name, gap in (("one", 0.2), ("other", 0.0)):
        run(tmp_path / name / "seed0", gap + np.linspace(0, 0.5, 12), ways=("mean", "context"))
    given = ["--runs", str(tmp_path), "--out", str(tmp_path / "tables"), "--draws", "50"]
    main(["reproduce", "context-differences", str(described(tmp_path / "made.yaml")), *given])
    assert "| one, mean | other, mean | ap | +0.200 | +0.200 to +0.200 | 12 of 3 | higher |" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "tables/made-differences.csv").open()))
    assert [row["verdict"] for row in rows] == ["higher", "higher", "open", "open"]
    assert rows[0]["difference"] == "+0.2000"


def test_what_is_missing_or_wrong_is_named(tmp_path):
    run(tmp_path / "one/seed0", [0.5])
    run(tmp_path / "other/seed1", [0.5])
    path = tmp_path / "made.yaml"
    with pytest.raises(MissingDataError, match="no query and run in common"):
        write_differences(described(path), tmp_path, tmp_path, 9)
    with pytest.raises(MissingDataError, match=r"no queries in context by 'context' in .*one/\*"):
        write_differences(
            described(path, comparisons=[[["one", "context"], ["one", "mean"]]]), tmp_path, tmp_path, draws=9
        )
    with pytest.raises(BadFileError, match="no figure 'map'"):
        write_differences(described(path, figures=["map"]), tmp_path, tmp_path, 9)
    with pytest.raises(BadFileError, match="describes no comparisons"):
        write_differences(described(path, comparisons=[["one", "mean"]]), tmp_path, tmp_path, 9)
    (tmp_path / "one/seed0/context.parquet").write_text("no table")
    with pytest.raises(BadFileError, match="not the queries of a test"):
        write_differences(described(path), tmp_path, tmp_path, 9)
