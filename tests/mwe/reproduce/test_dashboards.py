"""What W&B is given in a run without a connection, the same pictures as files, and the workspace as code."""

import csv
import json
import re
import shlex
import shutil
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import wandb
import yaml
from jsonargparse import ArgumentParser
from wandb.proto.wandb_internal_pb2 import Record

from mwe.cli import main
from mwe.core.arguments import parser_of
from mwe.core.files import read_json
from mwe.joint import AudioWordDataModule
from mwe.joint.provenance import data_hashes
from mwe.reproduce.commands.dashboards import workspace
from mwe.reproduce.commands.figures import figure5
from mwe.reproduce.dashboards import Panel, build_view
from mwe.reproduce.experiments.experiment import load
from mwe.reproduce.experiments.recipes import RunSettings
from mwe.tracks import FolderTracks

CONFIGS = Path(__file__).parents[3] / "lightning_configs"
PANELS = CONFIGS / "mwe/panels.yaml"
RUN = Path("outputs/demo/joint/seed0")
BLOCK = 32768


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def records(path):
    """Records of a `.wandb` file: blocks of LevelDB's log format behind a header of seven bytes."""
    content, at, parts = path.read_bytes(), 7, []
    while at + 7 <= len(content):
        if BLOCK - at % BLOCK < 7:
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", content, at)
        if at + 7 + length > len(content):  # still being written
            return
        parts.append(content[at + 7 : at + 7 + length])
        at += 7 + length
        if kind in (1, 4):
            yield Record.FromString(b"".join(parts))
            parts = []


def finished(path):
    """All records of a run; its service writes the last ones after the run has said that it is over."""
    for _ in range(300):
        found = list(records(path))
        if found and found[-1].HasField("exit"):
            return found
        time.sleep(0.1)
    raise TimeoutError(f"{path} was not finished within 30 s")


def told():
    """Of each offline run: its group and name, the configuration, and the keys of its history."""
    runs = []
    for path in sorted(Path("outputs/wandb").glob("offline-run-*/*.wandb")):
        found = {"config": {}, "keys": set(), "types": {}}
        for record in finished(path):
            if record.HasField("run"):
                found |= {"group": record.run.run_group, "name": record.run.display_name, "id": record.run.run_id}
            for update in record.config.update if record.HasField("config") else ():
                found["config"][update.key or "/".join(update.nested_key)] = json.loads(update.value_json)
            for item in record.history.item if record.HasField("history") else ():
                found["keys"].add(item.key or item.nested_key[0])
                if "_type" in item.nested_key[1:]:
                    found["types"][item.nested_key[0]] = json.loads(item.value_json)
        runs.append(found)
    return runs


@pytest.fixture
def measured(prepared):
    """Run fit and test of the miniature, the test with panels."""

    def run(*more, test=()):
        shared = ["--model.artist", "1", "--trainer.max_epochs", "1", "--trainer.check_val_every_n_epoch", "1", *more]
        main(["fit", *prepared.arguments(*shared)])
        wandb.finish()  # as at the end of a process
        last = ("--ckpt_path", f"{RUN}/checkpoints/last.ckpt")
        before, after = shared[:6], shared[6:]
        main(["test", *prepared.arguments(*before, *last, "-c", str(PANELS), *after, *test)])
        wandb.finish()

    return run


def test_an_offline_run_is_given_all_that_the_workspace_shows(measured):
    logger = CONFIGS / "logger/wandb.yaml"
    own = ["--trainer.logger.name", "row", "--trainer.logger.group", "top50", "--trainer.logger.id", "row-seed0"]
    measured("-c", str(logger), "--trainer.logger.offline", "true", *own)
    fit, test = told()
    for run in (fit, test):
        assert (run["group"], run["name"], run["id"]) == ("top50", "row", "row-seed0")
        assert set(run["config"]["data"]) == {"collection", "words", "mel"}
        assert run["config"]["cli"]["model"]["init_args"]["artist"] == 1.0
    assert fit["config"]["data"] == test["config"]["data"]
    assert {"train/loss", "train/loss_tag", "train/loss_artist", "val/loss", "val/rocauc_tag_seen"} <= fit["keys"]
    assert {"test/rocauc_tag", "test/rocauc_clip", "test/recall_any@1"} <= test["keys"]
    tables = dict.fromkeys(("test/tags", "test/retrieval"), "table-file")
    assert test["types"] == {**tables, "test/retrieval_audio": "audio", "test/map": "images/separated"}
    assert read_json(RUN / "metrics.json")["notes"]["data"] == fit["config"]["data"]


def test_the_same_pictures_are_files_without_wandb(measured, miniature):
    measured()
    assert {"map.png", "map.svg", "map.json", "retrieval.csv", "retrieval.html"} <= {one.name for one in RUN.iterdir()}
    with open(RUN / "retrieval.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    asked = list(dict.fromkeys(row["tag"] for row in rows))
    assert sorted(asked) == sorted(["low", "middle", "high", "pure", "buzzing", "bass drone"])
    assert [row["rank"] for row in rows if row["tag"] == "low"] == ["1", "2", "3", "4", "5"]
    for row in rows:
        assert row["has the tag"] == str(int(row["tag"] in row["tags"].split(", ")))
        assert row["in training"] == str(int(row["tag"] != "bass drone"))
    scores = [float(row["score"]) for row in rows if row["tag"] == "low"]
    assert scores == sorted(scores, reverse=True)
    wave, rate = soundfile.read(RUN / rows[0]["audio"])
    whole, _ = soundfile.read(miniature / f"audio/{rows[0]['track']}.flac")
    assert rate == 22050
    np.testing.assert_allclose(wave, whole, atol=1e-4)  # shorter than a snippet: all of it
    page = (RUN / "retrieval.html").read_text(encoding="utf-8")
    assert page.count("<audio") == len(rows)
    assert f'src="{rows[0]["audio"]}"' in page
    plane = read_json(RUN / "map.json")
    assert (len(plane["tracks"]), len(plane["tags"]), sum(plane["unseen"])) == (6, 6, 1)


def test_tags_to_ask_for_can_be_named_and_must_be_known(measured, tmp_path):
    own = ["--trainer.callbacks+=mwe.joint.panel.RetrievalPanel", "--trainer.callbacks.top", "2"]
    sound = ["--trainer.callbacks.seconds", "0"]
    measured(test=[*own, *sound, "--trainer.callbacks.tags", "[pure, bass drone]"])
    lines = (RUN / "retrieval.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["pure", "pure", "bass drone", "bass drone"]
    assert all(line.endswith(",") for line in lines[1:])
    with pytest.raises(SystemExit, match=r"mwe test: unknown tag .purr."):
        measured(test=[*own, "--trainer.callbacks.tags", "[purr]"])


def test_figure_five_puts_the_maps_of_runs_side_by_side(measured, capsys):
    measured()
    names = {"(e) This": "demo/joint/seed0", "(f) Other": "none/seed0"}
    given = ["reproduce", "figure5", "--maps", json.dumps(names), "--out", "five.png"]
    main([*given, "--runs", "outputs", "--title", "A title"])
    assert "left out: (f) Other, no map in outputs/none/seed0" in capsys.readouterr().out
    drawn = Path("five.svg").read_text(encoding="utf-8")
    assert all(text in drawn for text in ("A title", "(e) This", "bass drone (unseen)", "pitch"))
    main([*given, "--clusters", "{sounds: [pure, none]}"])
    drawn = Path("five.svg").read_text(encoding="utf-8")
    assert ">pure<" in drawn
    assert ">bass drone (unseen)<" not in drawn
    with pytest.raises(SystemExit, match=r"mwe reproduce figure5: no maps below outputs.*mwe\.joint\.map\.JointMap"):
        main(["reproduce", "figure5", "--maps", "{a: none/seed0}"])


def test_hashes_say_which_part_of_the_data_changed(prepared, tmp_path):
    def hashes(collection=prepared.collection, words=prepared.words, mel=prepared.mel):
        data = AudioWordDataModule(FolderTracks(str(collection)), str(mel), str(words))
        data.setup("test")
        return data_hashes(data)

    first = hashes()
    assert hashes() == first
    assert all(len(value) == 16 for value in first.values())
    table = (prepared.collection / "tracks.tsv").read_text(encoding="utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/tracks.tsv").write_text(table.replace("\ttest", "\ttrain", 1), encoding="utf-8")
    shutil.copy(prepared.collection / "tags.tsv", tmp_path / "other")
    shutil.copytree(prepared.words, tmp_path / "words")
    vectors = np.load(tmp_path / "words/vectors.npy")
    np.save(tmp_path / "words/vectors.npy", vectors * 2)
    shutil.copytree(prepared.mel, tmp_path / "mel")
    settings = (tmp_path / "mel/mel.json").read_text(encoding="utf-8")
    (tmp_path / "mel/mel.json").write_text(settings.replace("min_seconds", "least_seconds"), encoding="utf-8")
    for part, own in (("collection", tmp_path / "other"), ("words", tmp_path / "words"), ("mel", tmp_path / "mel")):
        changed = hashes(**{part: own})
        assert {name for name in first if changed[name] != first[name]} == {part}


def views():
    """The committed views, read as the command reads them."""
    parser = ArgumentParser()
    parser.add_function_arguments(workspace, skip={"entity", "project", "save"})
    path = CONFIGS / "mwe/workspace.yaml"
    return parser.instantiate_classes(parser.parse_object(yaml.safe_load(path.read_text(encoding="utf-8")))).views


def test_every_view_is_of_a_group_that_make_gives_and_shows_what_runs_log():
    recipes = (CONFIGS / "experiments/artefacts/joint.yaml").read_text(encoding="utf-8")
    groups = {"top50", "zeroshot", *re.findall(r"--trainer\.logger\.group (\w+)", recipes)}
    logged = {f"{part}/loss{end}" for part in ("train", "val") for end in ("", "_tag", "_artist", "_track")}
    logged |= {"val/rocauc_tag_seen", "val/rocauc_clip_seen"}
    logged |= {"test/tags", "test/retrieval", "test/retrieval_audio", "test/map"}
    table = (f"experiments/table{number}.yaml" for number in (6, 7, 8, 9))
    described = [yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8")) for name in table]
    logged |= {f"test/{metric}" for one in described for metric in one["metrics"]}
    logged |= {"test/rocauc_tag_seen"}
    assert [view.name for view in views()] == ["Tables VI and VII", "Table VIII", "Table IX", "All runs"]
    for view in views():
        assert set(view.logged_names()) <= logged
        assert set(view.groups) <= groups


def test_panels_that_cannot_be_are_refused():
    for kind, keys in (("table", ["a", "b"]), ("lines", []), ("settings", ["a"])):
        with pytest.raises(ValueError, match=f"a panel of kind '{kind}' cannot show the keys"):
            Panel(kind, keys)


def test_the_workspace_is_built_without_a_network(capsys, monkeypatch):
    pytest.importorskip("wandb_workspaces")
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a connection was opened"))
    main(["reproduce", "workspace", "--config", str(CONFIGS / "mwe/workspace.yaml"), "--entity", "someone"])
    told = capsys.readouterr().out
    assert "Table IX: Zero-shot transfer (3), By tag (1), Settings and data (1)" in told
    assert "checked, not sent to someone/mwe" in told
    first = build_view(views()[0], "someone", "mwe")._to_model()
    sent = json.loads(first.spec.model_dump_json(by_alias=True, exclude_none=True))["section"]
    panels = [panel for section in sent["panelBankConfig"]["sections"] for panel in section["panels"]]
    assert len(panels) == sum(len(section.panels) for section in views()[0].sections)
    text = json.dumps(sent)
    for key in views()[0].logged_names():
        assert key in text
    assert '"top50"' in text


def test_without_the_package_the_workspace_says_what_to_install(monkeypatch):
    for name in ("wandb_workspaces", "wandb_workspaces.workspaces"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit, match=r"mwe reproduce workspace: Dashboards need .*pip install 'mwe\[dashboards\]'"):
        main(["reproduce", "workspace", "--config", str(CONFIGS / "mwe/workspace.yaml"), "--entity", "someone"])


@pytest.mark.parametrize("case", ["MSD", "demonstration"])
def test_the_committed_figures_name_runs_of_ours(case, planned, monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    msd = ["msd/audio/1.mp3", "msd/track_paths.tsv", "msd_zeroshot/tag_split.json", "glove/glove.42B.300d.txt.gz"]
    command = shlex.split(planned("figure5", present=msd if case == "MSD" else ())[-1])
    with pytest.raises(SystemExit, match="mwe reproduce figure5: no maps below "):
        main(command[1:])
    maps = parser_of(figure5, "mwe").parse_args(command[3:])["maps"]
    assert len(maps) == (5 if case == "MSD" else 1)
    tasks = load(CONFIGS / "experiments/table8.yaml", RunSettings()).tasks
    assert set(maps.values()) <= {"demo/joint/seed0", *(task.name for task in tasks)}
