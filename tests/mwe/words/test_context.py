"""Vectors of tags in context: the mean of words, arrays by hand, damaged and foreign folders."""

import numpy as np
import pytest

from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError, UnknownNameError
from mwe.words import WordVectors
from mwe.words.context_vectors import ContextVectors, MeanOfWords, Pair

TAGS = ("guitar", "Deep House", "folk", "metal")


@pytest.fixture
def written(context_arrays):
    """Write random arrays of the four tags, or of others."""
    return lambda folder, tags=TAGS, **changed: context_arrays(folder, tags, **changed)


def test_the_mean_of_words_does_not_mind_the_order():
    # ``_`` is a word of GloVe, and no tag is spelt like that
    words = WordVectors(["sad", "rock", "deep", "house", "_"], np.eye(5, 4, dtype=np.float32))
    source = MeanOfWords(words)
    one, other, alone = source.embed([Pair("sad", ("rock",)), Pair("rock", ("sad", "sad")), Pair("deep house")])
    np.testing.assert_array_equal(one, other)
    unit = np.sqrt(3 / 16)  # root mean square of the rows of an identity matrix less their mean
    np.testing.assert_allclose(alone, (np.array([0, 0, 0.5, 0.5]) - 0.25) / unit, atol=1e-6)
    assert (source.spelt("deep house"), source.spelt("polka")) == ("deep house", None)
    with pytest.raises(UnknownNameError, match="unknown tag 'polka'"):
        source.embed([Pair("sad", ("polka",))])


def test_vectors_are_standardised_over_the_tags_alone(tmp_path, written):
    source = ContextVectors(written(tmp_path))
    alone_TW = source.embed([Pair(tag) for tag in TAGS])
    assert source.dim == alone_TW.shape[1] == 8
    np.testing.assert_allclose(alone_TW.mean(axis=0), 0, atol=1e-5)
    assert np.square(alone_TW).mean() == pytest.approx(1, abs=1e-4)
    assert not np.allclose(source.embed([Pair("guitar", ("folk",))]), source.embed([Pair("guitar", ("metal",))]))
    np.testing.assert_array_equal(
        source.embed([Pair("guitar", ("folk", "guitar", "folk"))]), source.embed([Pair("guitar", ("folk",))])
    )


def test_many_pairs_are_embedded_as_one_is(tmp_path, written):
    source = ContextVectors(written(tmp_path))
    pairs = [Pair(TAGS[n % 4], tuple(tag for place, tag in enumerate(TAGS) if n >> place & 1)) for n in range(5000)]
    whole = source.embed(pairs)
    for place in (0, 7, 2048, 4999):
        np.testing.assert_allclose(whole[place], source.embed([pairs[place]])[0], atol=1e-5)


def test_tags_are_found_whatever_their_case_and_unknown_ones_named(tmp_path, written):
    source = ContextVectors(written(tmp_path))
    assert [source.spelt(tag) for tag in ("GUITAR", "deep_house", "deep  house", "polka")] == [
        "guitar",
        "Deep House",
        "Deep House",
        None,
    ]
    with pytest.raises(UnknownNameError, match=r"unknown tag 'guitr'.*nearest: 'guitar'"):
        source.embed([Pair("folk", ("guitr",))])


def test_other_folders_are_refused(tmp_path, written):
    with pytest.raises(MissingDataError, match="siamese-tags export-context"):
        ContextVectors(tmp_path / "none")
    folder = written(tmp_path / "changed")
    with open(folder / "context.npz", "ab") as file:
        file.write(b"x")
    with pytest.raises(BadFileError, match=r"does not match the hash in context\.json"):
        ContextVectors(folder)
    (folder / "context.npz").unlink()
    with pytest.raises(BadFileError, match="not valid"):
        ContextVectors(folder)
    with pytest.raises(StaleArtefactError, match="not in the format of this version"):
        ContextVectors(written(tmp_path / "kind", kind="oracle"))
    with pytest.raises(BadFileError, match="4 tags, but arrays for 5"):
        ContextVectors(written(tmp_path / "sizes", tags_MTE=np.zeros((2, 5, 3))))
    with pytest.raises(BadFileError, match="not valid"):
        ContextVectors(written(tmp_path / "objects", tags_MTE=np.array([{"a": 1}])))


def test_identity_goes_by_content(tmp_path, written):
    first, second = (ContextVectors(written(tmp_path / name)) for name in "ab")
    assert first.identity == second.identity
    other = written(tmp_path / "c", pull_M=np.zeros(2, np.float32))
    renamed = written(tmp_path / "d", tags=("guitar", "deep house", "folk", "metal"))
    assert len({first.identity, ContextVectors(other).identity, ContextVectors(renamed).identity}) == 3
