"""Whole runs of the joint embedding on data that is the same but for what may not matter."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer, seed_everything
from torch import nn

from mwe.audio.shards import FileStamp, MelRow, MelShardWriter
from mwe.audio.store_settings import declare_settings
from mwe.core.tokens import artist_token, tag_token
from mwe.encoders.audio_encoder import AudioEncoder
from mwe.joint import AudioWordDataModule, JointEmbedding
from mwe.tracks import TrackTags, tag_matrix
from mwe.words import WordVectors
from tests.toy_tracks import ARTISTS, FRAMES, PARTS, SETTINGS, TAGS, Flat, ToyTracks, numbered, toy_data, write_toy

QUIET = {
    "accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_progress_bar": False,
    "enable_model_summary": False,
}  # fmt: skip
# in the other direction of the alphabet; artists are numbered by their names, so theirs keeps
OTHER_TAGS = dict(zip(TAGS, ("zither", "yodel", "xylophone"), strict=True))
OTHER_ARTISTS = {artist: f"z{number}" for number, artist in enumerate(sorted(set(ARTISTS)))}


class ChangedTracks:
    """The toy tracks after a change.

    Args:
        change: From tracks to tracks.
    """

    def __init__(self, change):
        self.change = change

    def read(self):
        return self.change(ToyTracks().read())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("toy")
    write_toy(root)
    return root


def figures(data):
    """Figures of a test after a whole training."""
    seed_everything(0, verbose=False)
    model = JointEmbedding(5, Flat(), tag=1.0, artist=0.5, track=0.5)
    trainer = Trainer(max_epochs=3, **QUIET)
    trainer.fit(model, data)
    return trainer.test(model, data, verbose=False)[0]


def changed_data(folder, words, change):
    data = AudioWordDataModule(ChangedTracks(change), str(folder / "mel"), str(words), batch_size=2, test_excerpts=2)
    data.seconds = toy_data(folder).seconds
    return data


def test_names_of_tags_and_artists_do_not_matter(folder, tmp_path):
    words = WordVectors.load(folder / "words")
    renamed = {tag_token(tag): tag_token(new) for tag, new in OTHER_TAGS.items()}
    renamed |= {artist_token(artist): artist_token(new) for artist, new in OTHER_ARTISTS.items()}
    tokens = [renamed.get(token, token) for token in words.tokens]
    WordVectors(tokens, words.vectors, words.kinds).save(tmp_path / "words")

    def rename(tracks):
        artists = tuple(OTHER_ARTISTS[artist] for artist in tracks.artist_ids)
        return replace(tracks, tags=tuple(OTHER_TAGS[tag] for tag in tracks.tags), artist_ids=artists)

    assert figures(changed_data(folder, tmp_path / "words", rename)) == figures(toy_data(folder))


def test_the_order_of_test_tracks_does_not_matter(folder):
    order = np.concatenate([PARTS["train"], PARTS["valid"], list(PARTS["test"])[::-1]])

    def permute(tracks):
        ids, artists = (tuple(names[row] for row in order) for names in (tracks.track_ids, tracks.artist_ids))
        return replace(tracks, track_ids=ids, artist_ids=artists, matrix=tracks.matrix[order])

    assert figures(changed_data(folder, folder / "words", permute)) == pytest.approx(figures(toy_data(folder)))


def test_false_labels_of_test_tracks_do_matter(folder):
    def exchange(tracks):
        order = np.array([*PARTS["train"], *PARTS["valid"], *np.roll(PARTS["test"], 1)])
        return replace(tracks, matrix=tracks.matrix[order])

    assert figures(changed_data(folder, folder / "words", exchange)) != figures(toy_data(folder))


def test_a_tag_that_no_track_has_does_not_matter(folder):
    def add(tracks):
        matrix = tag_matrix([list(tracks.of_track(row)) for row in range(12)], (*TAGS, "unused"))
        unseen = np.append(tracks.unseen, False)
        return replace(tracks, tags=(*TAGS, "unused"), groups=("",) * 4, unseen=unseen, matrix=matrix)

    ours, wider = figures(toy_data(folder)), figures(changed_data(folder, folder / "words", add))
    counted = {name for name in ours if name.endswith(("_excluded", "_without_vector"))}
    assert {name: value for name, value in wider.items() if name not in counted} == {
        name: value for name, value in ours.items() if name not in counted
    }
    assert wider["test/tags_without_vector"] == ours["test/tags_without_vector"] + 1


def test_a_silent_track_of_no_split_does_not_matter(folder, tmp_path):
    write_toy(tmp_path)
    writer = MelShardWriter(tmp_path / "mel", n_mels=4, first=1)
    writer.append(MelRow("silent", "silent.mp3", FileStamp(1, 1), loudness_db=-70.0), 0 * numbered(0))
    writer.flush()

    def add(tracks):
        ids, artists = (*tracks.track_ids, "silent"), (*tracks.artist_ids, "")
        matrix = tag_matrix([*(list(tracks.of_track(row)) for row in range(12)), []], TAGS)
        return replace(tracks, track_ids=ids, artist_ids=artists, matrix=matrix)

    assert figures(changed_data(tmp_path, folder / "words", add)) == figures(toy_data(folder))


SEPARATE = """
import json, sys
from pathlib import Path
from tests.mwe.joint.test_metamorphic import figures
from tests.toy_tracks import toy_data
print(json.dumps(figures(toy_data(Path(sys.argv[1])))))
"""


def test_another_process_with_another_hash_seed_gives_the_same_figures(folder):
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(root)}
    command = [sys.executable, "-W", "ignore", "-c", SEPARATE, str(folder)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == figures(toy_data(folder))


N, BANDS = 160, 4
NAMES = tuple(f"band {band}" for band in range(BANDS))


class Bands(AudioEncoder):
    """A linear map of the mean over time."""

    def __init__(self):
        super().__init__(BANDS)
        self.map = nn.Linear(BANDS, BANDS)

    def forward(self, mel_BFM):
        return self.map(mel_BFM.mean(dim=1))


class BandTracks:
    """Tracks whose tags are the bands that are loud; those of training may be exchanged at random.

    Args:
        seed: Of the exchange; 0 for none.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def read(self) -> TrackTags:
        loud = loud_bands()
        if self.seed:
            train = np.random.default_rng(self.seed).permutation(N // 2)
            loud = np.concatenate([loud[train], loud[N // 2 :]])
        tags = [[name for name, on in zip(NAMES, row, strict=True) if on] for row in loud]
        parts = np.split(np.arange(N), [N // 2, 3 * N // 4])
        ids = tuple(f"t{number}" for number in range(N))
        unseen, splits = np.zeros(BANDS, bool), dict(zip(("train", "valid", "test"), parts, strict=True))
        return TrackTags("bands", ids, ids, NAMES, tag_matrix(tags, NAMES), ("",) * BANDS, unseen, splits)


def loud_bands():
    return np.random.default_rng(0).random((N, BANDS)) < 0.4


@pytest.fixture(scope="module")
def band_folder(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("bands"), np.random.default_rng(1)
    declare_settings(root / "mel", SETTINGS, {})
    writer = MelShardWriter(root / "mel", n_mels=BANDS)
    for number, row in enumerate(loud_bands()):
        mel_FM = 2.0 * row + rng.normal(size=(FRAMES, BANDS))
        writer.append(MelRow(f"t{number}", f"{number}.mp3", FileStamp(1, 1), loudness_db=-20.0), mel_FM)
    writer.flush()
    WordVectors([*map(tag_token, NAMES)], np.eye(BANDS, dtype=np.float32), ["tag"] * BANDS).save(root / "words")
    return root


def test_shuffled_labels_of_training_tracks_leave_chance(band_folder):
    def figure(seed):
        data = AudioWordDataModule(
            BandTracks(seed), str(band_folder / "mel"), str(band_folder / "words"), batch_size=16, test_excerpts=2
        )
        data.seconds = 2 * SETTINGS.hop_length / SETTINGS.sample_rate
        seed_everything(0, verbose=False)
        model = JointEmbedding(BANDS, Bands(), tag=1.0, optimizer=partial(torch.optim.Adam, lr=0.02))
        trainer = Trainer(max_epochs=20, **QUIET)
        trainer.fit(model, data)
        return trainer.test(model, data, verbose=False)[0]["test/rocauc_tag_seen"]

    assert figure(0) > 0.9
    assert abs(np.mean([figure(seed) for seed in (1, 2, 3)]) - 0.5) < 0.15
