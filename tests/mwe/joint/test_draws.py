"""What a training draws: the same whatever the loader's workers, and never the same in two processes."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mwe.cli import main
from mwe.joint import AudioWordDataModule, supervision
from mwe.joint.tracks import TrackModule
from mwe.tracks import FolderTracks

REPEATS = 4


@pytest.fixture
def data_of(prepared):
    """Set-up data with a number of workers."""

    def make(workers=0):
        given = FolderTracks(str(prepared.collection)), str(prepared.mel), str(prepared.words)
        data = AudioWordDataModule(*given, batch_size=8, repeats=REPEATS, workers=workers)
        data.setup("fit")
        return data

    return make


def batches(data, epoch):
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return list(loader)


def test_excerpts_are_the_same_with_any_number_of_workers(data_of):
    expected = [batches(data_of(), epoch) for epoch in range(2)]
    assert not torch.equal(expected[0][0].mel, expected[1][0].mel)
    for workers in (1, 2):
        data = data_of(workers)
        for epoch in range(2):
            found = batches(data, epoch)
            assert len(found) == len(expected[epoch])
            for one, other in zip(found, expected[epoch], strict=True):
                assert torch.equal(one.track, other.track)
                assert torch.equal(one.mel, other.mel)


def test_two_processes_read_other_items_each_at_a_place_of_its_own(data_of, monkeypatch):
    items, places = [], []
    for rank in range(2):
        monkeypatch.setattr("mwe.joint.audio_word_data.world_of", lambda data, rank=rank: (2, rank))
        loader = data_of().train_dataloader()
        loader.dataset.set_epoch(0)
        items.append(list(loader.sampler))
        places.append(loader.dataset._offsets())
    assert sorted(items[0] + items[1]) == list(range(14 * REPEATS))
    np.testing.assert_array_equal(*places)
    assert len(set(places[0].tolist())) == 14 * REPEATS  # also of one track that is read several times an epoch


def arguments(prepared, out, *more):
    return [
        "fit", *prepared.arguments(
            "--trainer.logger.save_dir", str(out), "--trainer.max_epochs", "1", "--data.repeats", str(REPEATS), *more
        )
    ]  # fmt: skip


def test_weights_are_the_same_with_any_number_of_workers(prepared, tmp_path):
    found = []
    for workers in ("0", "2"):
        main(arguments(prepared, tmp_path / workers, "--data.workers", workers))
        kept = torch.load(tmp_path / workers / "demo/joint/seed0/checkpoints/last.ckpt", weights_only=True)
        found.append(kept["state_dict"])
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_every_seed_gives_each_of_two_processes_draws_of_its_own(monkeypatch):
    seeds, loader = [], SimpleNamespace(dataset=SimpleNamespace(split="train"))
    trainer = SimpleNamespace(world_size=2, train_dataloader=loader)
    for seed in range(200):
        monkeypatch.setenv("PL_GLOBAL_SEED", str(seed))
        for rank in range(2):
            started = SimpleNamespace(_log_data=lambda: None, trainer=trainer, global_rank=rank)
            TrackModule.on_train_start(started)
            seeds.append(torch.initial_seed())
    assert len(set(seeds)) == 400


def draw_in_process(rank, world, given, out):
    drawn, ordinary = [], supervision._random
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervision, "_random", lambda *some: drawn.append(ordinary(*some)) or drawn[-1])
        main(given)
    np.save(Path(out) / f"{rank}.npy", torch.cat([part.flatten() for part in drawn]).numpy())


def test_two_processes_draw_other_positives_and_negatives(prepared, tmp_path, in_processes):
    two = ("--trainer.devices", "2", "--trainer.strategy", "ddp")
    in_processes(draw_in_process, 2, arguments(prepared, tmp_path, *two), str(tmp_path))
    first, second = (np.load(tmp_path / f"{rank}.npy") for rank in range(2))
    assert len(first) == len(second) > 50
    assert len(np.intersect1d(first, second)) < 0.01 * len(first)
