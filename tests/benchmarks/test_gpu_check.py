"""The check of a GPU: that it sees what differs, and that all of it runs."""

import json

import pytest
import torch

import benchmarks.gpu_check.__main__ as check
from benchmarks import sizing
from benchmarks.gpu_check.equality import Compared, compare, mwe_metrics, relative_difference, siamese_metrics
from benchmarks.gpu_check.rates import random_prototypes
from mwe.core.errors import BadFileError

CPU = torch.device("cpu")


def test_differences_are_shares_of_what_was_expected():
    expected = torch.tensor([3.0, 4.0, torch.nan])
    assert relative_difference(expected, expected.clone()) == 0
    assert relative_difference(expected, torch.tensor([3.0, 4.05, torch.nan])) == pytest.approx(0.01, rel=1e-5)
    assert relative_difference(torch.zeros(2), torch.tensor([0.0, 0.5])) == 0.5
    for other in (torch.tensor([3.0, torch.nan, torch.nan]), torch.tensor([3.0, 4.0]), torch.tensor([3.0, 4.0, 1.0])):
        assert relative_difference(expected, other) == float("inf")


@pytest.mark.parametrize(("error", "equal"), [(0.0, True), (1e-6, True), (1e-3, False)])
def test_a_device_that_computes_something_else_is_seen(error, equal):
    calls = []

    def work(device):
        calls.append(device)
        return {"loss": torch.tensor([2.0 + (len(calls) == 2) * error]), "rows": torch.ones(3)}

    loss, rows = compare("step", work, CPU, {"loss": 1e-5, "rows": 0.0})
    assert (loss.what, loss.equal, rows.equal) == ("step: loss", equal, True)


@pytest.mark.parametrize("metrics", [mwe_metrics, siamese_metrics])
def test_what_metrics_are_compared_on_has_ties_and_values(metrics):
    computed = metrics(CPU)
    assert all(len(values) > 4 for values in computed.values())
    assert all(values.isfinite().any() for values in computed.values())
    assert all(len(values[values.isfinite()].unique()) > 3 for values in computed.values())


def test_every_track_has_one_prototype():
    prototypes = random_prototypes(tracks=30, count=7)
    assert (len(prototypes), prototypes.labels(torch.arange(30)).sum(dim=1).tolist()) == (7, [1] * 30)
    own = random_prototypes(tracks=5, count=5)
    assert own.labels(torch.arange(5)).equal(torch.eye(5, dtype=torch.bool))


def equal_parts():
    return [Compared("step: loss", 0.0, 1e-5)]


def other_parts():
    return {"backend": "gloo", "compared": [Compared("two: figures", 0.5, 1e-9)]}


def measured_steps():
    return {"batch": 128} | {one: {"steps_a_second": 20.0, "peak_mb": 10.0} for one in check.SETTINGS}


def broken():
    raise ValueError("out of memory")


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run the check with sections of the test's own; returns what it ends with, its figures and its table."""
    monkeypatch.setattr(check, "alone", lambda section: section())

    def run(sections, **more):
        monkeypatch.setattr(check, "sections", lambda device, small: sections)
        try:
            ended = check.main("cpu", out=str(tmp_path), **more)
        except SystemExit as error:
            ended = str(error)
        return ended, json.loads((tmp_path / "figures.json").read_text()), (tmp_path / "table.md").read_text()

    return run


def test_figures_and_table_are_written(run):
    ended, figures, table = run({"equal": equal_parts, "steps: 1D-CNN": measured_steps, "mel": lambda: {"rate": 3.5}})
    assert ended is None
    assert figures["compared"] == [{"what": "step: loss", "difference": 0.0, "tolerance": 1e-5, "equal": True}]
    assert figures["measured"]["mel"] == {"rate": 3.5}
    assert "| step: loss | 0.0e+00 | 1e-05 | equal |" in table
    assert "| 1D-CNN | 128 | 20 (10) | 20 (10) | 20 (10) | 20 (10) |" in table
    assert "| mel | rate 3.5 |" in table


def test_what_differs_or_fails_ends_with_an_error_and_the_rest_is_kept(run):
    ended, figures, table = run({"broken": broken, "two": other_parts, "equal": equal_parts})
    assert ended == "differs: two: figures\nbroken: ValueError: out of memory"
    assert [one["equal"] for one in figures["compared"]] == [False, True]
    assert "| two: figures | 5.0e-01 | 1e-09 | DIFFERS |" in table


def test_a_section_that_would_begin_too_late_is_named(run):
    ended, figures, _ = run({"equal": equal_parts}, minutes=-1.0)
    assert "equal: left out: 0.0 minutes were over" in ended
    assert figures["compared"] == []


def test_without_a_gpu_the_rehearsal_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match=r"no NVIDIA GPU\. `--device cpu` rehearses"):
        check.main()


def test_the_sizing_guide_takes_its_steps(tmp_path, capsys):
    path = tmp_path / "figures.json"
    path.write_text(json.dumps({"measured": {"steps: transformer": measured_steps()}}))
    sizing.main(checked=path)
    measured = capsys.readouterr().out
    sizing.main(steps_a_second=20.0)
    assert measured == capsys.readouterr().out
    with pytest.raises(BadFileError, match="no steps a second of 1D-CNN, bf16"):
        sizing.checked_steps(path, "1D-CNN", "bf16")
    path.write_text(json.dumps({"measured": {"steps: transformer": measured_steps() | {"batch": 4}}}))
    with pytest.raises(BadFileError, match="steps of 4 excerpts and not of 128: a rehearsal"):
        sizing.checked_steps(path, "transformer", "bf16")


@pytest.mark.trial
@pytest.mark.timeout(1200)
def test_the_whole_check_passes_on_the_cpu(tmp_path, capsys):
    check.main("cpu", out=str(tmp_path))
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["failed"], all(one["equal"] for one in figures["compared"])) == ({}, True)
    assert any(one["difference"] > 0 for one in figures["compared"])  # other kernels were compared
    assert figures["measured"].keys() | {"float32 against the CPU"} == check.sections("cpu", small=True).keys()
