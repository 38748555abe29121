"""The vectors of a context encoder from its arrays alone."""

import numpy as np
from scipy.spatial.distance import pdist

from mwe.core.context_arrays import EncoderArrays


def test_distances_are_those_of_one_member_however_many_equal_ones_there_are():
    draw, tags, width = np.random.default_rng(0), 4, 3
    shapes = {
        "tags_MTE": (1, tags, width), "place_MTZ": (1, tags, width + 1), "size_ME": (1, width),
        "centre_MEE": (1, width, width), "origin_MZ": (1, width + 1), "pull_M": (1,),
        **{f"{norm}_{part}_ME": (1, width) for norm in ("into", "out") for part in ("scale", "offset")},
    }  # fmt: skip
    alone = {name: draw.standard_normal(shape) for name, shape in shapes.items()}
    thrice = {name: np.concatenate([array] * 3) for name, array in alone.items()}
    bag = np.array([[1, 1, 0, 0], [0, 1, 1, 1], [1, 0, 0, 1]], bool)
    one, three = (EncoderArrays(arrays, tags)(bag, np.array([0, 2, 3])) for arrays in (alone, thrice))
    assert three.shape == (3, 3 * (width + 1))
    np.testing.assert_allclose(pdist(three), pdist(one))
