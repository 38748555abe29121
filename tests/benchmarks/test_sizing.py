"""The tables of the sizing guide are what the program prints, and its numbers are those of models and collections."""

import csv
import inspect
import re
from pathlib import Path

import pytest

from benchmarks import scale, sizing
from benchmarks.joint_steps import operations
from benchmarks.sizing import COLLECTIONS, GIGAFLOPS, Collection, duration, main

GUIDE = Path(__file__).parents[2] / "docs/reference/sizing.md"


def tables(text):
    return re.findall(r"(?:^\|.*\|\n)+", text, re.M)


def test_the_guide_has_the_tables_that_are_printed(capsys):
    main()
    printed = tables(capsys.readouterr().out)
    assert len(printed) == 3
    assert set(printed) <= set(tables(GUIDE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("encoder", GIGAFLOPS)
def test_operations_are_those_that_are_counted(encoder):
    found = operations({"1D-CNN": "cnn1d"}.get(encoder, encoder))
    assert GIGAFLOPS[encoder] == pytest.approx(found["step"], rel=1e-3)
    assert found["forward"] / found["step"] == pytest.approx(sizing.FORWARD, rel=1e-3)
    shown = {name: f"{value:.3g}" if value < 1 else f"{value:.2f}" for name, value in found.items()}
    assert all(value in GUIDE.read_text(encoding="utf-8") for value in shown.values())


def test_the_zero_shot_split_is_the_one_that_is_rehearsed():
    rehearsed = {name: one.default for name, one in inspect.signature(scale.measure).parameters.items()}
    msd = COLLECTIONS[0]
    assert (msd.tracks, msd.valid, msd.tested) == (rehearsed["tracks"], rehearsed["valid"], rehearsed["tracks"])
    assert msd.train == rehearsed["tracks"] - rehearsed["valid"] - rehearsed["test"]


def test_by_hand():
    one = Collection("x", tracks=2, hours=2 * 30 / 3600, train=300, valid=48, tested=480)
    assert one.gigabytes == pytest.approx(2 * 1292 * 128 * 2 / 1e9)
    assert (one.steps, one.validation, one.test) == (2, 1, 10)  # 384 excerpts encoded are one step of 128 learnt from
    assert one.whole == 200 * 3
    assert sizing.stages(0.5, [1, 2], 4, 100)[0][2:] == ["1 GPU, 4 cores", "2 GPUs, 8 cores"]
    assert (duration(1.51), duration(1.0), duration(0.01)) == ("1.51 h", "60 min", "0.6 min")


@pytest.mark.data
def test_jamendo_is_as_large_as_its_lists_say(data_root):
    parts = {}
    for part in ("train", "validation", "test"):
        path = data_root / f"mtg_jamendo/data/splits/split-0/autotagging-{part}.tsv"
        with open(path, encoding="utf-8", newline="") as table:
            rows = csv.reader(table, delimiter="\t")
            place = next(rows).index("DURATION")
            parts[part] = [min(600.0, float(row[place])) for row in rows]
    jamendo = COLLECTIONS[2]
    assert [len(own) for own in parts.values()] == [jamendo.train, jamendo.valid, jamendo.tested]
    assert sum(map(sum, parts.values())) / 3600 == pytest.approx(jamendo.hours, abs=1)
