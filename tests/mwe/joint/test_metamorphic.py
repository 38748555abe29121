"""Whole runs of the joint embedding on data that is the same but for what may not matter."""

from dataclasses import replace

import numpy as np
import pytest
from pytorch_lightning import Trainer, seed_everything

from mwe.core.tokens import artist_token, tag_token
from mwe.joint import AudioWordDataModule, JointEmbedding
from mwe.words import WordVectors
from tests.toy_tracks import ARTISTS, PARTS, TAGS, Flat, ToyTracks, toy_data, write_toy

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
