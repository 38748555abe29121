"""Orders with artists apart, beside all orders tried one after the other."""

from itertools import pairwise, permutations

import numpy as np
import pytest

from mwe.search.artist_spacing import artist_codes, spaced


def slowly_spaced(codes, count):
    """The first order of the most tracks, by trying all."""
    for size in range(min(count, len(codes)), 0, -1):
        for order in permutations(range(len(codes)), size):  # in the order of ranks
            if all(codes[rank] != codes[following] for rank, following in pairwise(order)):
                return list(order)
    return []


@pytest.mark.parametrize("artists", [1, 2, 3, 5])
def test_the_order_is_that_of_a_search_through_all(artists, rng):
    for _ in range(40):
        codes = rng.integers(artists, size=rng.integers(0, 8))
        for count in (1, 3, len(codes)):
            assert spaced(codes, count) == slowly_spaced(codes, count), (codes, count)


def test_one_artist_of_many_tracks_leaves_every_second_place_to_others():
    codes = np.array([0] * 90 + [1, 2, 3])
    order = spaced(codes, 50)
    assert codes[order].tolist() == [0, 1, 0, 2, 0, 3, 0]
    # with few tracks asked for, the nearest come first
    assert spaced(codes, 2) == [0, 90]


def test_large_libraries_are_ordered_quickly(rng):
    codes = rng.integers(300, size=5000)
    order = spaced(codes, 1000)
    assert len(set(order)) == 1000
    assert (np.diff(codes[order]) != 0).all()


def test_artists_are_the_same_whatever_case_and_accents():
    assert artist_codes(["Björk", "bjork ", "", "", "Air"]).tolist() == [0, 0, 1, 2, 3]
    assert artist_codes([]).shape == (0,)
