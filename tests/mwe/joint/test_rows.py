"""Every row of Tables VI to IX trains and is tested, at full size, on a miniature of its collection."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from mwe.cli import main
from mwe.core.files import read_json
from mwe.encoders import Musicnn, tower
from mwe.reproduce.experiments.experiment import load
from mwe.reproduce.experiments.paper import paper
from mwe.reproduce.experiments.recipes import RunSettings
from mwe.stages import MweCLI

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / "lightning_configs/mwe"
EXPERIMENTS = ROOT / "lightning_configs/experiments"
TASKS = {
    task.name: task
    for table in ("table6", "table7", "table8")
    for task in load(EXPERIMENTS / f"{table}.yaml", RunSettings()).tasks
}
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


def command(task, number=0):
    """The command of a row, its parts named from anywhere."""
    return [str(ROOT / word) if word.startswith("lightning_configs/") else word for word in task.commands()[number][1:]]


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_a_row_trains_and_is_tested(name, at_home, monkeypatch):
    if "musicnn" in name:  # random weights in the place of the published ones
        state = Musicnn().net.state_dict()
        monkeypatch.setattr(tower, "published_state", lambda network: state)
    ran = MweCLI([*command(TASKS[name]), *SHORT, "--trainer.fast_dev_run", "true"])
    assert ran.trainer.global_step == 1
    ran.trainer.test(ran.model, datamodule=ran.datamodule, verbose=False)
    found = {name.removeprefix("test/") for name in ran.trainer.callback_metrics}
    wanted = {"top50": {"rocauc_tag", "recall_identical@1"}, "zeroshot": {"rocauc_tag_unseen", "rocauc_clip"}}
    assert found >= wanted[name.split("/")[1]]


def test_rows_are_those_of_the_paper():
    assert len([name for name in TASKS if "musicnn" not in name]) == 38
    assert len(TASKS) == 38 + 8


@pytest.mark.filterwarnings("ignore:The dirpath has changed")  # the checkpoint is another run's
@pytest.mark.parametrize("category", ["genre", "instrument", "moodtheme"])
def test_a_row_of_table_nine_is_tested_on_the_tags_of_one_category(category, at_home):
    row = next(row for row in load(EXPERIMENTS / "table9.yaml", RunSettings()).rows if row.label == "1D-CNN, MWE: Tag")
    [test] = [task for task in row.tasks if task.name.endswith(category)]
    [fit] = [need for need in test.needs if need.name.startswith("joint/")]
    MweCLI([*command(fit), *SHORT, "--trainer.max_epochs", "1"])
    MweCLI([*command(test), *SHORT])
    told = read_json(at_home / f"outputs/table9/cnn1d_mwe_tag/seed0-{category}/metrics.json")
    assert told["collection"] == f"MTG-Jamendo split-0 {category}"
    name = {"moodtheme": "mood_theme"}.get(category, category)
    assert told["metrics"][f"rocauc_tag_{name}"] == told["metrics"]["rocauc_tag"]
    assert "recall_any@1" not in told["metrics"]
    tested = yaml.safe_load((at_home / f"outputs/{test.name}/test.yaml").read_text())["data"]["init_args"]
    assert tested["words"] == "outputs/words/msd/wiki_review_tag_id/seed0/words"  # the row's own
    assert (tested["test_tracks"], tested["mel"]) == ("test", "outputs/jamendo/mel")
    shutil.rmtree(at_home / "outputs/table9")
    shutil.rmtree(at_home / "outputs/joint")


@pytest.mark.parametrize("table", [6, 7, 8, 9])
def test_every_row_of_a_table_waits_for_named_files(table, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "data"))
    rows = [row.described for row in load(EXPERIMENTS / f"table{table}.yaml", RunSettings()).rows if row.tasks]
    assert len(rows) == (19 if table < 8 else 18) + 4
    paper([f"table{table}", "--show", "--out", str(tmp_path)])
    told = (tmp_path / f"tables/table{table}.md").read_text()
    shown, waiting = told.split("## Rows that wait for data")
    for row in rows:
        published = [f"({value:g})" for value in row.get("published", {}).values()]
        assert row["row"] in waiting
        if published:  # nothing is published of the classifier's first metric
            assert f"| {row['row']} | {published[0]} |" in shown or f"| {row['row']} |  | {published[0]} |" in shown
    assert "msd/audio" in waiting
    for file in ("msd/audio/x", "msd/track_paths.tsv", "msd/MSD_split/train.csv", "msd_zeroshot/tag_split.json"):
        (tmp_path / "data" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / file).touch()
    paper([f"table{table}", "--show", "--out", str(tmp_path)])
    told = (tmp_path / f"tables/table{table}.md").read_text()
    assert "msd/audio" not in told
    assert "wikipedia/*pages-articles*, mumu/amazon_reviews_MuMu.json" in told
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
    page = (CONFIGS.parents[1] / "docs/how-to/cluster.md").read_text(encoding="utf-8").replace("\\\n", " ")
    row = " ".join(re.findall(r'^row="(?:\$row )?(.*)"$', page, re.M))
    started = [line.split("mwe ", 1)[1] for line in page.splitlines() if re.match(r"(srun|torchrun|mwe) ", line)]
    commands = [command for command in started if command.split()[0] in ("fit", "test")]
    assert len(commands) == 5
    monkeypatch.chdir(CONFIGS.parents[1])
    for command in commands:
        given = shlex.split(
            re.sub(r"\$\(.*\)", "", command).replace("$row", row).replace("$run", "").replace("$last", "last.ckpt")
        )
        with pytest.raises(SystemExit) as ended:
            main([*given, "--print_config"])
        assert ended.value.code == 0
        trainer = yaml.safe_load(capsys.readouterr().out)["trainer"]
        assert (str(trainer["devices"]), trainer["strategy"]) == ("4", "ddp")
