"""Paths through sound, beside all paths tried one after the other."""

from itertools import pairwise, permutations

import numpy as np
import pytest

from mwe.search.exact import ExactSearch
from mwe.search.sound_path import CANDIDATES, POINTS, arc, candidates, shortest_paths


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def slow_paths(vectors, codes, longest, least):
    """Best path of each length and its cost, by trying all orders of all tracks."""
    progress = vectors @ vectors[1] - vectors @ vectors[0]
    best = {}
    for length in range(2, longest + 1):
        for middle in permutations(range(2, len(vectors)), length - 2):
            path = [0, *middle, 1]
            cosines = [float(vectors[i] @ vectors[j]) for i, j in pairwise(path)]
            leads_on = all(progress[i] < progress[j] for i, j in pairwise(path))
            apart = codes is None or all(codes[i] != codes[j] for i, j in pairwise(path))
            if leads_on and apart and (least is None or min(cosines) >= least):
                cost = sum(np.arccos(np.clip(cosine, -1, 1)) ** 2 for cosine in cosines)
                best[length] = min(best.get(length, (np.inf, [])), (cost, path))
    return best


@pytest.mark.parametrize("artists", [None, 2, 4])
@pytest.mark.parametrize("least", [None, 0.2])
def test_the_path_is_that_of_a_search_through_all(artists, least, rng):
    lengths = set()
    for _ in range(15):
        vectors = unit(rng.standard_normal((8, 3)) + np.array([0.5, 0, 0]))
        codes = None if artists is None else rng.integers(artists, size=8)
        expected = slow_paths(vectors, codes, 6, least)
        paths = shortest_paths(vectors, codes, 6, least)
        assert paths == {length: path for length, (_, path) in expected.items()}
        lengths |= set(paths)
    assert {2, 3, 4} <= lengths


def test_steps_on_an_arc_are_even():
    degrees = np.radians([0, 90, *range(1, 90)])
    path = shortest_paths(np.stack([np.cos(degrees), np.sin(degrees)], axis=1), None, 10)[10]
    assert np.degrees(degrees[path]).round().tolist() == [10 * step for step in range(10)]


def test_equal_and_opposite_ends_have_points_between_them():
    first = np.array([1.0, 0.0])
    assert np.allclose(arc(first, first, 3), first)
    assert np.isfinite(arc(first, -first, 4)).all()


def test_candidates_of_a_large_library_are_near_the_arc(rng):
    matrix = unit(rng.standard_normal((3 * CANDIDATES, 8))).astype(np.float32)
    allowed = np.ones(len(matrix), dtype=bool)
    allowed[::2] = False
    rows = candidates(ExactSearch(matrix), matrix[1], matrix[3], allowed)
    assert allowed[rows].all()
    assert CANDIDATES // POINTS <= len(rows) <= CANDIDATES
    nearest = np.argsort(-(matrix @ arc(matrix[1], matrix[3], 3)[1]) + 9.0 * ~allowed, kind="stable")
    assert set(nearest[:50]) <= set(rows.tolist())
    few = np.arange(len(matrix)) < 40
    assert candidates(ExactSearch(matrix), matrix[1], matrix[3], few).tolist() == list(range(40))
