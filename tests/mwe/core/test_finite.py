"""A loss that is not finite ends a training with the items of its step, on all processes, and spoils no checkpoint."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mwe.cli import main
from mwe.core.errors import NotFiniteLossError
from mwe.core.finite import RequireFiniteLoss
from mwe.joint import JointEmbedding
from mwe.joint.losses import AnchorLoss
from mwe.tracks import FolderTracks

STEPS = 5  # of an epoch on one process: 14 tracks, three times, 8 a batch
SMALL = (
    "--trainer.max_epochs", "4", "--data.repeats", "3", "--data.batch_size", "8", "--data.test_excerpts", "1",
    "--trainer.check_val_every_n_epoch", "1", "--model.track", "0.5",
)  # fmt: skip


def arguments(prepared, out, *more):
    return ["fit", *prepared.arguments("--trainer.logger.save_dir", str(out), *SMALL, *more)]


def last(out):
    return Path(out) / "demo/joint/seed0/checkpoints/last.ckpt"


def spoil(patch, step, change, seen, rank=0):
    """Let a process change the loss by tracks in one step, and note the items of its batch."""
    ordinary = JointEmbedding.losses

    def losses(self, excerpt_BD, track_B):
        for name, loss in ordinary(self, excerpt_BD, track_B):
            if self.training and self.global_step == step and self.global_rank == rank and name == "track":
                seen.extend(self.data.tracks.track_ids[place] for place in track_B.tolist())
                loss = AnchorLoss(change(loss.each_B), torch.ones_like(loss.valid_B))
            yield name, loss

    patch.setattr(JointEmbedding, "losses", losses)


def made_nan(each_B):
    return each_B * torch.nan


def nan_gradient(each_B):
    return each_B + (each_B * 0).sqrt()


def failed(given):
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert isinstance(ended.value.code, str)  # so that the process ends with code 1 and these words
    return ended.value.code


@pytest.mark.parametrize("step", [STEPS, 2 * STEPS - 2])
def test_a_loss_that_is_not_a_number_ends_the_training_with_its_items(step, prepared, tmp_path, monkeypatch):
    seen = []
    spoil(monkeypatch, step, made_nan, seen)
    told = failed(arguments(prepared, tmp_path))
    assert f"mwe fit: not finite: loss of step {step + 1} (epoch 1): loss nan (tag 0." in told
    assert ", track nan)" in told
    assert f"--ckpt_path {last(tmp_path)}, which is from before" in told
    assert told.rpartition(": ")[2].split(", ") == list(dict.fromkeys(seen))
    kept = torch.load(last(tmp_path), weights_only=True)
    assert kept["global_step"] == STEPS
    assert all(weight.isfinite().all() for weight in kept["state_dict"].values())
    assert not list(last(tmp_path).parent.glob("*[!t].ckpt"))


@pytest.mark.parametrize("every", [1, 4])
def test_losses_are_looked_at_every_so_many_steps_of_a_long_epoch(every):
    trainer = SimpleNamespace(
        global_step=1, current_epoch=0, num_training_batches=1000, world_size=1, checkpoint_callbacks=[],
        strategy=SimpleNamespace(reduce_boolean_decision=lambda decision, all: decision),
    )  # fmt: skip
    guard = RequireFiniteLoss(every)

    def step(number):
        loss = torch.tensor(float("nan") if number == 0 else 0.5)
        guard.on_train_batch_end(trainer, None, {"loss": loss}, None, number)
        trainer.global_step += 1

    for number in range(every - 1):
        step(number)
    with pytest.raises(NotFiniteLossError, match="loss of step 1 "):
        step(every - 1)


def test_a_gradient_that_is_not_finite_spoils_no_checkpoint(prepared, tmp_path, monkeypatch):
    spoil(monkeypatch, STEPS - 1, nan_gradient, [])
    told = failed(arguments(prepared, tmp_path))
    assert "not finite: weights after step 5 (epoch 0): loss 0." in told
    assert "--ckpt_path" not in told
    assert not last(tmp_path).exists()


def test_a_training_that_stays_finite_is_looked_at_seldom_and_changed_in_nothing(prepared, tmp_path, monkeypatch):
    looks, ordinary = [], RequireFiniteLoss._check
    monkeypatch.setattr(RequireFiniteLoss, "_check", lambda self, trainer: looks.append(ordinary(self, trainer)))
    main(arguments(prepared, tmp_path / "with", "--trainer.max_epochs", "1"))
    assert 0 < len(looks) < STEPS  # the end of the epoch, its validation, its checkpoints
    monkeypatch.setattr(RequireFiniteLoss, "on_train_batch_end", lambda *given: None)
    main(arguments(prepared, tmp_path / "without", "--trainer.max_epochs", "1"))
    one, other = (torch.load(last(tmp_path / name), weights_only=True)["state_dict"] for name in ("with", "without"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def one_of_two(rank, world, given, out):
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        spoil(patch, 4, made_nan, seen, rank=1)
        told = failed(given)
    Path(out, f"{rank}.txt").write_text(f"{told}\n{','.join(dict.fromkeys(seen))}", encoding="utf-8")


def test_one_process_of_two_ends_both_with_the_same_words(prepared, tmp_path, in_processes):
    more = ("--trainer.devices", "2", "--trainer.strategy", "ddp")
    in_processes(one_of_two, 2, arguments(prepared, tmp_path, *more), str(tmp_path))
    (told, _), (other, seen) = ((tmp_path / f"{rank}.txt").read_text(encoding="utf-8").split("\n") for rank in range(2))
    assert told == other
    assert "loss of step 5 (epoch 2): loss nan (tag 0." in told
    assert told.endswith(f"process 1: {seen.replace(',', ', ')}")
    assert set(seen.split(",")) < set(FolderTracks(str(prepared.collection)).read().track_ids)
    assert torch.load(last(tmp_path), weights_only=True)["global_step"] == 4
