"""The joint embedding through the front door: learns, resumes, repeats itself, refuses nonsense."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from mwe.cli import main
from mwe.core.files import read_json
from mwe.encoders import CNN1D
from mwe.joint import AudioWordDataModule, JointEmbedding
from mwe.joint.map import JointPlane
from mwe.tracks import FolderTracks

RUN = "outputs/demo/joint/seed0"
LAST = f"{RUN}/checkpoints/last.ckpt"


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def fit(prepared, *more):
    main(["fit", *prepared.arguments(*more)])


def measure(prepared, *more):
    main(["test", *prepared.arguments("--ckpt_path", LAST, *more)])
    return read_json(f"{RUN}/metrics.json")


def weights(path=LAST):
    return torch.load(path, weights_only=True)["state_dict"]


def test_it_learns_the_miniature_and_measures_it(prepared):
    fit(prepared, "--trainer.max_epochs", "15", "--trainer.callbacks+=mwe.joint.map.JointMap")
    written = measure(prepared, "--trainer.callbacks+=mwe.joint.map.JointMap")
    assert written["metrics"]["rocauc_tag_seen"] > 0.95
    assert written["metrics"]["rocauc_tag_unseen"] > 0.9
    assert written["metrics"]["rocauc_clip"] > 0.7
    assert written["metrics"]["recall_any@1"] > 0.6
    assert written["notes"]["test_tracks_without_audio"] == 0
    assert (written["collection"], written["seed"]) == ("miniature", 0)
    for name in ("fit.yaml", "test.yaml", "metrics.csv", "metrics-1.csv", "map.png", "tags.csv"):
        assert os.path.getsize(f"{RUN}/{name}") > 0
    plane = JointPlane.read(Path(RUN))
    assert sorted(plane.tag_names) == ["bass drone", "buzzing", "high", "low", "middle", "pure"]
    assert plane.track_ids == [f"t{number}" for number in range(18, 24)]
    assert set(weights()) == {name for name in weights() if name.startswith(("encoder.", "semantic."))}


def test_equal_seeds_give_equal_weights_and_others_do_not(prepared):
    found = []
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        fit(prepared, "--trainer.max_epochs", "1", "--trainer.logger.version", name, "--seed_everything", seed)
        found.append(weights(f"outputs/demo/joint/{name}/checkpoints/last.ckpt"))
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])
    assert not torch.equal(found[0]["semantic.weight"], found[2]["semantic.weight"])


@pytest.mark.parametrize("stage", ["test", "validate"])
def test_random_weights_are_not_measured(prepared, stage):
    with pytest.raises(ValueError, match=f"{stage}: .*no --ckpt_path was given, so random weights would be measured"):
        main([stage, *prepared.arguments()])


def test_validation_reports_and_leaves_the_test_figures_alone(prepared, capsys):
    fit(prepared, "--trainer.max_epochs", "1")
    measured = measure(prepared)
    main(["validate", *prepared.arguments("--ckpt_path", LAST)])
    assert "val/rocauc_tag_seen" in capsys.readouterr().out
    assert read_json(f"{RUN}/metrics.json") == measured


def test_no_supervision_at_all_is_refused():
    with pytest.raises(ValueError, match="one above 0"):
        JointEmbedding(4, CNN1D(), tag=0)


def test_missing_audio_is_counted_and_its_total_lack_refused(prepared, tmp_path):
    tracks = FolderTracks(str(prepared.collection)).read()
    lines = (prepared.collection / "tracks.tsv").read_text().splitlines()
    (tmp_path / "tracks.tsv").write_text("\n".join([*lines, "new\tartist0\taudio/new.flac\tlow|pure\ttest"]))
    data = AudioWordDataModule(FolderTracks(str(tmp_path)), str(prepared.mel), str(prepared.words))
    data.setup("test")
    assert data.notes["test_tracks_without_audio"] == 1
    assert len(data.split("test", 8)) == len(tracks.splits["test"])
    (tmp_path / "tracks.tsv").write_text("path\ttags\tsplit\nx.flac\tlow\ttest\n")
    data = AudioWordDataModule(FolderTracks(str(tmp_path)), str(prepared.mel), str(prepared.words))
    with pytest.raises(FileNotFoundError, match=r"none of the 1 test tracks .* Extract them with `mwe data mel`"):
        data.setup("test")


def test_evaluation_excerpts_are_evenly_spaced_and_the_same_every_time(prepared):
    data = AudioWordDataModule(
        FolderTracks(str(prepared.collection)), str(prepared.mel), str(prepared.words), test_excerpts=3
    )
    data.setup("test")
    tracks = data.split("test", 3)
    first, again = tracks.__getitems__([0, 2]), tracks.__getitems__([0, 2])
    assert first.mel.shape == (2, 3, 130, 128)
    assert torch.equal(first.mel, again.mel)
    whole = data.store.mel(data.tracks.track_ids[int(first.track[0])])
    middle = round((len(whole) - 130) / 2)
    for excerpt, start in enumerate((0, middle, len(whole) - 130)):
        np.testing.assert_array_equal(first.mel[0, excerpt], whole[start : start + 130])


def test_offline_weights_and_biases_by_one_more_file(prepared):
    wandb = prepared.arguments()[1].replace("mwe/demo/joint", "logger/wandb")
    main(["fit", *prepared.arguments("--trainer.max_epochs", "1", "-c", wandb, "--trainer.logger.offline", "true")])
    assert any(name.startswith("offline-run") for name in os.listdir("outputs/wandb"))
    assert os.path.exists(f"{RUN}/metrics.csv")
    assert os.path.exists(LAST)


def validated():
    """The figures of the last validation."""
    with open(f"{RUN}/metrics.csv", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    return {name: float(value) for name, value in last.items() if name.startswith("val/")}


@pytest.mark.slow
@pytest.mark.timeout(900)  # six programs one after the other
def test_two_devices_measure_what_one_does(prepared):
    chosen = ("--model.loss", "InfoNCE", "--model.artist", "1", "--model.track", "1")
    fit(prepared, "--trainer.max_epochs", "1", *chosen)
    alone = {}
    for devices in ("1", "2"):
        for stage in ("validate", "test"):
            command = [stage, *prepared.arguments("--ckpt_path", LAST, *chosen, "--trainer.devices", devices)]
            if devices == "1":
                main(command)
            else:
                subprocess.run(
                    [sys.executable, "-m", "mwe", *command], check=True, timeout=400, capture_output=True,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                )  # fmt: skip
            found = validated() if stage == "validate" else read_json(f"{RUN}/metrics.json")["metrics"]
            assert alone.setdefault(stage, found) == pytest.approx(found, abs=1e-6)
    assert {"val/loss", "val/loss_track", "val/rocauc_tag_seen", "val/rocauc_clip_seen"} <= set(alone["validate"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before the epoch ended")
def test_a_killed_training_goes_on_from_its_last_checkpoint(prepared):
    often = ("--trainer.callbacks.every_n_train_steps", "5")
    command = [sys.executable, "-m", "mwe", "fit", *prepared.arguments("--trainer.max_epochs", "400", *often)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not os.path.exists(LAST) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    running.send_signal(signal.SIGKILL)
    running.wait()
    stopped = torch.load(LAST, weights_only=True)
    assert stopped["global_step"] > 0
    goal = str(stopped["epoch"] + 3)
    fit(prepared, "--trainer.max_epochs", goal, "--ckpt_path", LAST, *often)
    assert torch.load(LAST, weights_only=True)["global_step"] > stopped["global_step"]
    with open(f"{RUN}/metrics.csv") as resumed:
        assert int(resumed.read().splitlines()[-1].split(",")[0]) == int(goal) - 1
