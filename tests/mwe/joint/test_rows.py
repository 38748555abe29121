"""Every row of Tables VI to IX trains and is tested, at full size, on a miniature of its collection."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from mwe.cli import main
from mwe.core.files import read_json
from mwe.stages import MweCLI

CONFIGS = Path(__file__).parents[3] / "lightning_configs/mwe"
ROWS = sorted((CONFIGS / "rows").glob("[tz]*/*.yaml"))
# sizes of the data alone: the networks are the rows' own
SHORT = [
    *("--data.seconds", "0.1", "--data.batch_size", "32", "--data.test_excerpts", "1", "--data.workers", "0"),
    *("--trainer.accelerator", "cpu", "--trainer.devices", "1", "--trainer.enable_progress_bar", "false"),
]


@pytest.fixture
def at_home(upstream, monkeypatch):
    """Where `outputs` and MWE_DATA are those of the miniatures."""
    monkeypatch.chdir(upstream)
    monkeypatch.setenv("MWE_DATA", str(upstream / "data"))
    return upstream


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_row_trains_and_is_tested(row, at_home):
    ran = MweCLI(["fit", "-c", str(row), *SHORT, "--trainer.fast_dev_run", "true"])
    assert ran.trainer.global_step == 1
    ran.trainer.test(ran.model, datamodule=ran.datamodule, verbose=False)
    found = {name.removeprefix("test/") for name in ran.trainer.callback_metrics}
    split = row.parent.name
    wanted = {"top50": {"rocauc_tag", "recall_identical@1"}, "zeroshot": {"rocauc_tag_unseen", "rocauc_clip"}}
    assert found >= wanted[split]


@pytest.mark.filterwarnings("ignore:The dirpath has changed")  # the checkpoint is another run's
@pytest.mark.parametrize("category", ["genre", "instrument", "moodtheme"])
def test_a_row_of_table_nine_is_tested_on_the_tags_of_one_category(category, at_home, tmp_path):
    row = CONFIGS / "rows/zeroshot/cnn1d_mwe_tag.yaml"
    out = ["--trainer.logger.save_dir", str(tmp_path)]
    MweCLI(["fit", "-c", str(row), *SHORT, *out, "--trainer.max_epochs", "1"])
    run = tmp_path / "joint/zeroshot/cnn1d_mwe_tag/seed0"
    given = ["test", "-c", str(row), "-c", str(CONFIGS / f"table9/{category}.yaml"), *SHORT, *out]
    checkpoint = ["--ckpt_path", str(run / "checkpoints/last.ckpt")]
    MweCLI([*given, *checkpoint, "--trainer.logger.name", "table9/row", "--trainer.logger.version", "seed0"])
    told = read_json(tmp_path / "table9/row/seed0/metrics.json")
    assert told["collection"] == f"MTG-Jamendo split-0 {category}"
    name = {"moodtheme": "mood_theme"}.get(category, category)
    assert told["metrics"][f"rocauc_tag_{name}"] == told["metrics"]["rocauc_tag"]
    assert "recall_any@1" not in told["metrics"]
    tested = yaml.safe_load((tmp_path / "table9/row/seed0/test.yaml").read_text())["data"]["init_args"]
    assert tested["words"] == "outputs/words/msd/wiki_review_tag_id/seed0/words"  # the row's own
    assert (tested["test_tracks"], tested["mel"]) == ("test", "outputs/jamendo/mel")


def test_rows_are_those_of_the_paper_and_differ_in_what_their_names_say():
    told = {}
    for row in ROWS:
        content = yaml.safe_load(row.read_text())
        [logger] = content["trainer"]["logger"]
        assert logger["init_args"]["name"] == f"joint/{row.parent.name}/{row.stem}"
        parts = tuple((row.parent / part).resolve().stem for part in content["parts"])
        assert parts[0] == row.parent.name
        if len(parts) == 4:
            assert "_".join(parts[1:]) == row.stem
        told[row] = parts
    assert len(set(told.values())) == len(told) == 38
    supervisions = {parts[3] for parts in told.values() if len(parts) == 4}
    assert supervisions == {path.stem for path in (CONFIGS / "supervision").glob("*.yaml")}
    assert len(supervisions) == 7


@pytest.mark.parametrize("table", [6, 7, 8, 9])
def test_every_row_of_a_table_has_its_configuration_and_waits_for_named_files(table, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "data"))
    described = CONFIGS.parent / f"tables/table{table}.yaml"
    rows = [row for row in yaml.safe_load(described.read_text())["rows"] if "runs" in row]
    split = "top50" if table < 8 else "zeroshot"
    assert [row for row in rows if not (CONFIGS / f"rows/{split}/{row['runs'].split('/')[-2]}.yaml").is_file()] == []
    assert len(rows) == 19 if table < 8 else 18
    main(["table", str(described), "--runs", str(tmp_path), "--out", str(tmp_path)])
    told = capsys.readouterr().out
    for row in rows:
        assert f"| {row['row']} | ({next(iter(row['published'].values())):g})" in told or row["row"].startswith("Class")
    assert "msd/audio" in told.split("## Rows that wait for data")[1]
    for file in ("msd/audio/x", "msd/track_paths.tsv", "msd/MSD_split/train.csv", "msd_zeroshot/tag_split.json"):
        (tmp_path / "data" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / file).touch()
    main(["table", str(described), "--runs", str(tmp_path), "--out", str(tmp_path)])
    told = capsys.readouterr().out
    assert "msd/audio" not in told
    assert "wikipedia/*pages-articles*, mumu/amazon_reviews_MuMu.json (below " in told
    if table == 9:
        assert "| TTMR | (0.818) | (0.669) | (0.601) |" in told
        assert "for moods and themes: the paper has the two swapped" in told


def test_parts_are_read_in_order_and_missing_ones_are_named(tmp_path, at_home, capsys):
    (tmp_path / "words.yaml").write_text("data:\n  init_args:\n    words: mine\n    seconds: 1.5\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/base.yaml").write_text(f"model: {CONFIGS}/model/cnn1d.yaml\ndata: ../demo.yaml\n")
    (tmp_path / "demo.yaml").write_text((CONFIGS / "data/demo.yaml").read_text())
    row = tmp_path / "row.yaml"
    row.write_text("parts: [more/base.yaml, words.yaml]\ndata:\n  init_args:\n    seconds: 2.5\n")
    with pytest.raises(SystemExit) as ended:
        main(["fit", "-c", str(row), "--data.batch_size", "7", "--print_config"])
    assert ended.value.code == 0
    data = yaml.safe_load(capsys.readouterr().out)["data"]["init_args"]
    assert (data["words"], data["seconds"], data["batch_size"]) == ("mine", 2.5, 7)
    for wrong in ("[none.yaml]", "[]", "text"):
        row.write_text(f"parts: {wrong}\n")
        with pytest.raises(SystemExit, match=r"mwe fit: .*row\.yaml: .*Name configuration files, relative to this"):
            main(["fit", "-c", str(row)])


def test_what_the_page_on_clusters_says_is_options_of_ours_and_of_lightning(at_home, monkeypatch, capsys):
    page = (CONFIGS.parents[1] / "docs/cluster.md").read_text(encoding="utf-8").replace("\\\n", " ")
    row = "lightning_configs/mwe/rows/zeroshot/transformer_mwe_aug_tag_artist_track.yaml"
    commands = [line.split("mwe ", 1)[1] for line in page.splitlines() if re.match(r"(srun|torchrun|mwe) ", line)]
    assert len(commands) == 5
    monkeypatch.chdir(CONFIGS.parents[1])
    for command in commands:
        given = shlex.split(re.sub(r"\$\(.*\)", "", command).replace("$row", row).replace("$last", "last.ckpt"))
        with pytest.raises(SystemExit) as ended:
            main([*given, "--print_config"])
        assert ended.value.code == 0
        trainer = yaml.safe_load(capsys.readouterr().out)["trainer"]
        assert (str(trainer["devices"]), trainer["strategy"]) == ("4", "ddp")
