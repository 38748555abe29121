"""Twelve tracks made on the spot, with spectrograms of nine frames and word vectors, that train in a moment."""

from pathlib import Path

import numpy as np
from torch import nn

from mwe.audio.mel_settings import MelSettings
from mwe.audio.shards import FileStamp, MelRow, MelShardWriter
from mwe.audio.store_settings import declare_settings
from mwe.core.tokens import artist_token, tag_token, track_token
from mwe.encoders.audio_encoder import AudioEncoder
from mwe.joint import AudioWordDataModule
from mwe.tracks import TrackTags, tag_matrix
from mwe.words import WordVectors

IDS = tuple(f"t{number:02}" for number in range(12))
ARTISTS = tuple(f"a{number // 2}" for number in range(12))  # two tracks each, none in two splits
TAGS = ("calm", "loud", "unheard")
PARTS = {"train": range(6), "valid": range(6, 8), "test": range(8, 12)}
FRAMES = 9
SETTINGS = MelSettings(n_mels=4)


class Flat(AudioEncoder):
    """A linear map of the mean over time."""

    def __init__(self):
        super().__init__(3)
        self.map = nn.Linear(4, 3)

    def forward(self, mel_BFM):
        return self.map(mel_BFM.mean(dim=1))


class ToyTracks:
    """One of the seen tags each, and the unseen one for every third.

    Args:
        poisoned: Whether the test tracks have all the tags that they should not have, and artists of training tracks.
    """

    def __init__(self, poisoned: bool = False) -> None:
        self.poisoned = poisoned

    def read(self) -> TrackTags:
        tags_of = [[TAGS[number % 2], *TAGS[2:][number % 3 :]] for number in range(len(IDS))]
        artists = list(ARTISTS)
        if self.poisoned:
            for row in PARTS["test"]:
                tags_of[row] = [tag for tag in TAGS if tag not in tags_of[row]]
                artists[row] = ARTISTS[0]
        splits = {name: np.array(part) for name, part in PARTS.items()}
        unseen, groups = np.array([False, False, True]), ("",) * 3
        return TrackTags("toy", IDS, tuple(artists), TAGS, tag_matrix(tags_of, TAGS), groups, unseen, splits)


def write_toy(root: Path, poisoned: bool = False) -> None:
    """Write a mel store with numbered frames, and word vectors; poisoned test tracks sound like nothing else."""
    rng = np.random.default_rng(0)
    declare_settings(root / "mel", SETTINGS, {})
    writer = MelShardWriter(root / "mel", n_mels=4)
    for number, track in enumerate(IDS):
        mel_FM = -10 * numbered(number) if poisoned and number in PARTS["test"] else numbered(number)
        writer.append(MelRow(track, f"{track}.mp3", FileStamp(1, 1), loudness_db=-20.0), mel_FM)
    writer.flush()
    tokens = [*map(tag_token, TAGS), *map(artist_token, sorted(set(ARTISTS))), *map(track_token, IDS)]
    kinds = ["tag"] * 3 + ["artist"] * 6 + ["track"] * 12
    WordVectors(tokens, rng.normal(size=(len(tokens), 5)).astype(np.float32), kinds).save(root / "words")


def numbered(number: int) -> np.ndarray:
    """The spectrogram of a track: every frame holds its number, in the last band beside a multiple of the track's."""
    return np.tile(np.arange(FRAMES, dtype=np.float32)[:, None], (1, 4)) + np.array([0, 0, 0, 100 * number])


def toy_data(root: Path, poisoned: bool = False) -> AudioWordDataModule:
    """Data with excerpts of three frames."""
    tracks = ToyTracks(poisoned)
    data = AudioWordDataModule(tracks, str(root / "mel"), str(root / "words"), batch_size=2, test_excerpts=2)
    data.seconds = 2 * SETTINGS.hop_length / SETTINGS.sample_rate
    return data
