"""Published features as data of the joint embedding: the rows of CAL500 and of tags in context, on a miniature."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

from mwe.cli import main
from mwe.joint.features import FeatureRows
from mwe.words import WordVectors

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / "lightning_configs/mwe"
ROWS = [*(CONFIGS / "cal500" / f"{name}.yaml" for name in ("joint", "glove", "published", "classifier"))]
CONTEXTUAL = sorted((CONFIGS / "contextual").glob("*.yaml"))
LABELS = ("Emotion-Sad", "Emotion-Happy", "Genre-Rock", "Genre-Jazz", "Usage-Driving", "Vocals-Strong")


@pytest.fixture
def small(tmp_path):
    """A table of 502 songs in upstream's format, whose two features tell the labels, and words of all of them."""
    draw = np.random.default_rng(0)
    feature_NF = draw.standard_normal((502, 68))
    label_NL = np.stack(
        [sign * feature_NF[:, place % 3] > 0 for place, sign in enumerate((1, -1, 1, -1, 1, -1))], axis=1
    )
    lines = ["@relation CAL500", *(f"@attribute Mean_{n} numeric" for n in range(68))]
    lines += [*(f"@attribute {label} {{0,1}}" for label in LABELS), "@data"]
    for features, labels in zip(feature_NF, label_NL, strict=True):
        lines.append(",".join([*(f"{value:.5f}" for value in features), *map(str, labels.astype(int))]))
    folder = tmp_path / "cal500/mulan"
    folder.mkdir(parents=True)
    (folder / "cal500.arff").write_text("\n".join(lines))
    tokens = ["sad", "happy", "rock", "jazz", "driving", "strong", "vocals"]
    WordVectors(tokens, draw.standard_normal((7, 12)).astype(np.float32)).save(tmp_path / "words")
    return tmp_path


def given(row, small, *more):
    return [
        "-c", str(row), "--data.words", str(small / "words"), "--data.collection.root", str(small / "cal500"),
        "--data.collection.rows", "published", "--trainer.logger.save_dir", str(small), "--trainer.max_epochs", "2",
        "--trainer.logger.name", "run", "--trainer.logger.version", "fold0", "--trainer.enable_progress_bar", "false",
        "--data.repeats", "2", *more,
    ]  # fmt: skip


def measured(row, small, *more):
    main(["fit", *given(row, small, *more)])
    main(["test", *given(row, small, *more), "--ckpt_path", str(small / "run/fold0/checkpoints/last.ckpt")])
    return json.loads((small / "run/fold0/metrics.json").read_text())


@pytest.mark.parametrize("path", [*ROWS, *CONTEXTUAL], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_row_parses_against_the_real_signatures(path, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["fit", "-c", str(path), "--print_config"])
    assert ended.value.code == 0
    assert "mwe.tracks." in capsys.readouterr().out


@pytest.mark.parametrize("row", [ROWS[0], ROWS[3]], ids=lambda path: path.stem)
def test_a_row_is_trained_and_tested(row, small):
    found = measured(row, small, "--data.collection.hold_out", "false", "--data.draws", "20")
    assert found["collection"] == "CAL500, rows as published"
    assert found["metrics"]["rocauc_tag_seen"] > 0.65
    assert found["metrics"]["rocauc_tag_seen_low"] <= found["metrics"]["rocauc_tag_seen"]


def test_held_out_tags_are_unseen(small):
    found = measured(ROWS[0], small)
    rows = (small / "run/fold0/tags.csv").read_text().splitlines()
    assert "rocauc_tag_unseen_control" in found["metrics"] or "rocauc_tag_unseen" in found["metrics"]
    assert sum(line.split(",")[2] == "0" for line in rows[1:]) in (1, 2)


def test_queries_in_context_are_written_query_by_query(small):
    row = CONFIGS / "contextual/cal500.yaml"
    found = measured(row, small, "--model.tag", "1", "--model.context", "1", "--data.context.most", "2")["metrics"]
    ways = {name.removeprefix("context_ap_") for name in found if name.startswith("context_ap_")}
    assert ways == {"alone", "mean", "sum", "context"}
    assert found["context_auc_context"] > 0.6
    assert (small / "run/fold0/context.parquet").stat().st_size > 1000


def test_features_are_read_as_frames():
    rows = FeatureRows(["a", "b"], np.arange(6, dtype=np.float32).reshape(2, 3))
    assert rows.crops([1, 0], [0, 0], 1).tolist() == [[[3, 4, 5]], [[0, 1, 2]]]
    assert rows.has(["b", "c"]).tolist() == [True, False]
    with pytest.raises(LookupError, match="track with features 'c'"):
        rows.rows_of(["c"])


def test_comparisons_are_of_rows_that_there_are():
    described = yaml.safe_load((ROOT / "lightning_configs/tables/contextual.yaml").read_text())
    rows = {row["row"] for row in described["rows"]}
    assert {row for pair in described["comparisons"] for row, _ in pair} <= rows
    assert len(rows) == 10


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_plans_the_runs_of_both_tables(tmp_path):
    (tmp_path / "data/cal500/mulan").mkdir(parents=True)
    (tmp_path / "data/cal500/mulan/cal500.arff").touch()
    (tmp_path / "ready").touch()
    includes = "".join(
        f"include {ROOT}/make/{name}.mk\n" for name in ("demo", "words", "siamese", "masked", "cal500", "contextual")
    )
    set_up = {"OUT": "out", "PY": "python", "MWE": "mwe", "READY": "ready", "MWE_DATA": "data"}
    lines = [
        f"{name} := {tmp_path / value if value in ('out', 'ready', 'data') else value}\n"
        for name, value in set_up.items()
    ]
    (tmp_path / "Makefile").write_text("".join([*lines, includes]))
    for target, runs in (("cal500-features", 20), ("contextual", 40)):
        command = ["make", "-n", "-f", str(tmp_path / "Makefile"), f"{tmp_path}/out/tables/{target}.csv"]
        plan = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        assert plan.count("mwe $stage") == runs
        assert f"mwe table lightning_configs/tables/{target}.yaml" in plan
    assert plan.count("export-context") == 16
