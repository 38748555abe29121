"""Losses, settings, baselines and generalized zero-shot through the front door, on the miniature."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from mwe.audio.npy import NpyMels
from mwe.cli import main
from mwe.core.files import read_json
from mwe.encoders import CNN1D, MLP
from mwe.joint import AudioWordDataModule, DisentangledProxies, JointEmbedding
from mwe.joint.map import JointPlane
from mwe.joint.ridge import RidgeRegression
from mwe.tracks import FolderTracks
from mwe.words import WordVectors

CONFIGS = Path(__file__).parents[3] / "lightning_configs/mwe"
RUN = "outputs/demo/joint/seed0"
LAST = f"{RUN}/checkpoints/last.ckpt"
SMALL = ("--model.encoder.channels", "4", "--model.encoder.width", "16", "--model.encoder.layers", "1")


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def fit(prepared, *more):
    main(["fit", *prepared.arguments("--trainer.max_epochs", "1", "--data.repeats", "2", *more)])


def measure(prepared, *more):
    main(["test", *prepared.arguments("--ckpt_path", LAST, *more)])
    return read_json(f"{RUN}/metrics.json")


def logged(run=RUN):
    """Every figure of the run's log, the last of each name."""
    with open(f"{run}/metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: float(row[name]) for row in rows for name in row if row[name]}


@pytest.mark.parametrize("weights", [(t, a, k) for t in "01" for a in "01" for k in "01" if "1" in (t, a, k)])
def test_all_seven_supervisions_train_and_are_logged(prepared, weights):
    flags = [
        part
        for name, weight in zip(("tag", "artist", "track"), weights, strict=True)
        for part in (f"--model.{name}", f"0.{weight}")
    ]
    fit(prepared, "--data.repeats", "1", *flags, "--trainer.check_val_every_n_epoch", "1")
    found = logged()
    own = {name for name, weight in zip(("tag", "artist", "track"), weights, strict=True) if weight == "1"}
    for stage in ("train", "val"):
        assert {name for name in ("tag", "artist", "track") if f"{stage}/loss_{name}" in found} <= own
        assert f"{stage}/loss" in found
    assert {f"train/loss_{name}" for name in own} <= set(found)
    parts = sum(0.1 * found[f"train/loss_{name}"] for name in own)
    assert found["train/loss"] == pytest.approx(parts, abs=1e-5)


@pytest.mark.parametrize(
    "loss",
    [("InfoNCE", "--model.loss.sampled", "4"), ("Triplet", "--model.loss.candidates", "32")],
    ids=lambda one: one[0],
)
def test_losses_are_chosen_on_the_command_line(prepared, loss):
    name, *settings = loss
    fit(prepared, "--model.loss", name, *settings, "--model.artist", "1")
    found = torch.load(LAST, weights_only=True)
    learnt = {key for key in found["state_dict"] if key.startswith("criteria.")}
    assert learnt == ({f"criteria.{one}.log_scale" for one in ("tag", "artist")} if name == "InfoNCE" else set())
    assert math.isfinite(
        measure(prepared, "--model.loss", name, *settings, "--model.artist", "1")["metrics"]["rocauc_clip"]
    )


@pytest.mark.parametrize("model", ["cnn1d", "cnn1d_released", "transformer", "transformer_released"])
def test_both_settings_run_with_their_trainers(prepared, model):
    released = model.endswith("_released")
    trainer = CONFIGS / f"trainer/{'released' if released else 'paper'}.yaml"
    arguments = prepared.arguments(
        "--trainer", str(trainer), "--trainer.accelerator", "cpu", "--trainer.devices", "1",
        "--trainer.max_epochs", "1", "--trainer.enable_progress_bar", "false", "--data.repeats", "1",
        "--model", str(CONFIGS / f"model/{model}.yaml"), *(SMALL if model.startswith("trans") else ()),
    )  # fmt: skip
    main(["fit", *arguments])
    run = Path("outputs/joint/run/seed0")
    kept = {path.name for path in (run / "checkpoints").iterdir()}
    assert kept == ({"best.ckpt", "last.ckpt"} if released else {"last.ckpt"})
    state = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    rate = state["optimizer_states"][0]["param_groups"][0]["lr"]
    if model == "cnn1d":  # one step of Keras's decay
        assert rate == pytest.approx(0.001 / (1 + 1e-6 * state["global_step"]), rel=1e-9)
    if released:
        weights = logged(run)
        parts = sum(0.33 * value for name, value in weights.items() if name.startswith("val/loss_"))
        assert weights["val/loss"] == pytest.approx(parts, abs=1e-5)


@pytest.mark.parametrize(
    "faster",
    [
        ("--trainer.precision", "bf16-mixed"),
        ("--model.compile_encoder", "{backend: aot_eager}"),
        ("--trainer.accumulate_grad_batches", "2"),
    ],
    ids=["bf16", "compiled", "accumulated"],
)
@pytest.mark.filterwarnings("ignore::UserWarning:torch")
def test_faster_ways_train_the_same_weights(prepared, faster):
    fit(prepared, "--data.batch_size", "7", *faster)
    found = torch.load(LAST, weights_only=True)
    assert all(torch.isfinite(value).all() for value in found["state_dict"].values())
    assert not any("_orig_mod" in name for name in found["state_dict"])
    assert found["global_step"] == (2 if "accumulate" in faster[0] else 4)
    assert measure(prepared)["metrics"]["rocauc_clip"] > 0


@pytest.mark.parametrize("supervision", ["tag", "artist", "track"])
def test_eight_tracks_are_learnt_by_heart(prepared, supervision):
    torch.manual_seed(0)
    data = AudioWordDataModule(FolderTracks(str(prepared.collection)), str(prepared.mel), str(prepared.words), 8)
    # vectors of their own for all: those of the miniature's few words are too alike to be told apart by a margin
    tokens, rng = data.vectors.tokens, np.random.default_rng(0)
    data.vectors = WordVectors(tokens, rng.normal(size=(len(tokens), data.word_dim)), data.vectors.kinds)
    data.setup("fit")
    # the miniature has only six sounds, so that the tracks sound like noise of their own here
    mel, track = torch.rand(8, 130, 128), torch.from_numpy(data.positions("train")[:8])
    weights = {name: float(name == supervision) for name in ("tag", "artist", "track")}
    model = JointEmbedding(data.word_dim, CNN1D(channels=(48,) * 5), **weights)
    model.trainer = type("Trainer", (), {"datamodule": data})()
    model.setup("fit")
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, total_iters=150)
    values = []
    for _ in range(150):
        loss = torch.stack([part.mean() for _, part in model.losses(model.encoder(mel), track)]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        values.append(loss.item())
    assert np.mean(values[-20:]) < 0.01


def test_generalized_zero_shot_ranks_all_tracks_and_tags_those_of_the_test(prepared):
    fit(prepared)
    alone = measure(prepared)["metrics"]
    found = measure(prepared, "--data.test_tracks", "all", "--data.draws", "50")["metrics"]
    assert found["rocauc_clip"] == pytest.approx(alone["rocauc_clip"], abs=1e-6)
    assert found["rocauc_tag_unseen_queries"] == pytest.approx(alone["rocauc_tag_unseen"], abs=1e-6)
    assert found["recall_any@1"] == pytest.approx(alone["recall_any@1"], abs=1e-6)
    assert found["rocauc_clip_low"] <= found["rocauc_clip"] <= found["rocauc_clip_high"]
    assert {"rocauc_tag_pitch", "prauc_tag_shape", "rocauc_tag_pitch_queries"} <= set(found)
    with open(f"{RUN}/tags.csv", newline="") as file:
        rows = {row["tag"]: row for row in csv.DictReader(file)}
    assert [rows[tag]["tracks"] for tag in ("low", "pure", "bass drone")] == ["8", "12", "8"]
    assert rows["bass drone"]["seen"] == "0"
    values = [float(row["rocauc"]) for row in rows.values()]
    assert np.mean(values) == pytest.approx(found["rocauc_tag"], abs=1e-5)
    assert all(float(row["rocauc_low"]) <= float(row["rocauc"]) <= float(row["rocauc_high"]) for row in rows.values())


class Listening:
    """What a logger that takes tables is to the model."""

    def __init__(self):
        self.tables = {}

    def log_table(self, key, columns, data):
        self.tables[key] = (columns, data)


def test_the_table_of_tags_goes_to_loggers_that_take_tables(prepared, monkeypatch):
    listening = Listening()
    monkeypatch.setattr("mwe.core.logger.RunLogger.log_table", listening.log_table, raising=False)
    fit(prepared)
    measure(prepared)
    columns, rows = listening.tables["test/tags"]
    assert columns[0] == "tag"
    assert [row[0] for row in rows] == ["low", "middle", "high", "pure", "buzzing", "bass drone"]


@pytest.mark.parametrize("model", ["classifier", "proxies"])
def test_baselines_learn_seen_tags_and_refuse_others(prepared, model, tmp_path):
    chosen = ("--model", str(CONFIGS / f"model/{model}.yaml"), *SMALL, "--model.optimizer.init_args.lr", "0.01")
    fit(prepared, *chosen, "--trainer.max_epochs", "12")
    found = measure(prepared, *chosen)["metrics"]
    assert found["rocauc_tag_seen"] > 0.8
    assert "rocauc_tag_unseen" not in found
    assert found["tags_without_vector"] == 1  # the unseen tag has no output
    assert found["recall_any@1"] > 0.5
    other = tmp_path / "other"
    other.mkdir()
    table = (prepared.collection / "tracks.tsv").read_text().replace("|bass drone", "")
    (other / "tracks.tsv").write_text(table.replace("low", "deep"))
    with pytest.raises(SystemExit, match=r"mwe test: the checkpoint knows 6 tags and other has 5 others"):
        measure(prepared, *chosen, "--data.collection.root", str(other))


def test_general_words_stand_in_for_musical_ones_but_know_no_artists(prepared, tmp_path):
    """GloVe in place of MWE: a folder of words of which only tags are known."""
    words = ["low", "middle", "high", "pure", "buzzing", "bass", "drone"]
    vectors = np.random.default_rng(0).normal(size=(len(words), 20)).astype(np.float32)
    WordVectors(words, vectors).save(tmp_path / "glove")
    fit(prepared, "--data.words", str(tmp_path / "glove"), "--model.artist", "0")
    found = measure(prepared, "--data.words", str(tmp_path / "glove"), "--model.artist", "0")
    assert found["metrics"]["rocauc_tag_unseen"] >= 0  # the mean of "bass" and "drone"
    with pytest.raises(ValueError, match=r"artist supervision needs two or more artists .*glove lacks for miniature"):
        fit(prepared, "--data.words", str(tmp_path / "glove"), "--model.artist", "1")


def test_published_spectrograms_stand_in_for_audio(prepared, tmp_path):
    data = AudioWordDataModule(FolderTracks(str(prepared.collection)), str(prepared.mel), str(prepared.words))
    data.setup("fit")
    lines = (prepared.collection / "tracks.tsv").read_text().replace(".flac", ".npy").splitlines()
    (tmp_path / "npy/audio").mkdir(parents=True)
    (tmp_path / "npy/tracks.tsv").write_text("\n".join(lines))
    rng = np.random.default_rng(0)
    for number in range(23):  # one file is missing
        np.save(tmp_path / f"npy/audio/t{number:02}.npy", rng.normal(size=(96, 100 + number * 5)).astype(np.float32))
    own = ("--data.collection.root", str(tmp_path / "npy"), "--data.mel", "null", "--model.encoder.mels", "96")
    fit(prepared, *own)
    found = measure(prepared, *own)
    assert found["notes"]["test_tracks_without_audio"] == 1
    mels = NpyMels(
        {"a": tmp_path / "npy/audio/t00.npy", "b": tmp_path / "npy/audio/t22.npy", "c": tmp_path / "none.npy"}
    )
    assert mels.has(["a", "c"]).tolist() == [True, False]
    crops = mels.crops([0, 1], [0, 60], 141)
    whole = np.load(tmp_path / "npy/audio/t22.npy").T.astype(np.float16)
    np.testing.assert_array_equal(crops[1], whole[60:201])
    np.testing.assert_array_equal(crops[0, 100:], crops[0, :41])  # repeated from its beginning
    (tmp_path / "npy/audio/t01.npy").write_bytes(b"no array")
    with pytest.raises(SystemExit, match=r"t01\.npy: not a readable array"):
        fit(prepared, *own)


def test_parts_of_the_proxies_leave_out_what_does_not_divide():
    model = DisentangledProxies(MLP(features=4, width=7))
    model.groups = ("mood", "pitch")
    excerpt = torch.rand(3, 5, 7)
    assert model.row_width() == 6
    expected = torch.stack([normalize(excerpt[..., :3], dim=-1), normalize(excerpt[..., 3:6], dim=-1)], dim=2)
    torch.testing.assert_close(model.parts(excerpt), expected)


@pytest.mark.parametrize("target", ["labels", "words"])
def test_the_ridge_regression_answers_in_single_precision(prepared, target, monkeypatch):
    data = AudioWordDataModule(FolderTracks(str(prepared.collection)), str(prepared.mel), str(prepared.words))
    data.setup("test")
    monkeypatch.setattr(RidgeRegression, "data", data)
    model = RidgeRegression(target)
    model.setup("test")
    assert model.rows(torch.rand(2, 3, model.weight_DF.shape[1])).dtype == torch.float32


def test_tags_of_a_map_without_a_group_are_listed_as_tags():
    places = [[0.0, 1.0], [1.0, 0.0]]
    plane = JointPlane("x", "t-SNE", ["a"], places[:1], ["rock", "calm"], ["", "mood"], [False, False], places)
    assert plane.by_group() == {"tag": ["rock"], "mood": ["calm"]}
