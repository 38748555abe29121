import pickle
from copy import copy, deepcopy

import numpy as np
import pytest
import torch

from mwe.core.errors import WrongSplitError
from mwe.core.split_rows import SplitRows, marked, rows_of, to_train

ROWS = marked([2, 5, 7, 11], "test")
SHUFFLED = np.random.default_rng(0).permutation(ROWS)


@pytest.mark.parametrize(
    "taken",
    [ROWS[1:], ROWS[[0, 2]], ROWS[ROWS > 4], ROWS[::-1], ROWS.copy(), copy(ROWS), deepcopy(ROWS),
     pickle.loads(pickle.dumps(ROWS))],
)  # fmt: skip
def test_what_is_picked_from_test_rows_does_not_reach_a_training(taken):
    assert set(taken.tolist()) <= set(ROWS.tolist())
    with pytest.raises(WrongSplitError, match="'test' where those of 'train' belong"):
        to_train(taken)
    with pytest.raises(WrongSplitError, match="'test'"):
        marked(taken, "train")


@pytest.mark.parametrize(
    "plain",
    [
        np.arange(3),
        ROWS + 1,
        np.concatenate([ROWS, ROWS]),
        np.roll(ROWS, 1),
        np.sort(ROWS),
        ROWS.tolist(),
        ROWS > 4,
        SHUFFLED,
    ],
)
def test_rows_that_do_not_say_their_split_do_not_either(plain):
    with pytest.raises(WrongSplitError):
        to_train(plain)


def test_training_rows_are_set_aside_and_never_come_back():
    train = marked(range(6), "train")
    assert to_train(train) is train
    aside = marked(train[:2], "valid")
    assert rows_of(aside, "valid").tolist() == [0, 1]
    for name in ("train", "test"):
        with pytest.raises(WrongSplitError):
            marked(aside, name)


def test_they_index_like_arrays_and_cannot_be_changed():
    matrix = np.arange(24).reshape(12, 2)
    assert type(matrix[ROWS]) is np.ndarray
    assert (matrix[ROWS] == matrix[ROWS.tolist()]).all()
    assert torch.tensor(ROWS).tolist() == torch.from_numpy(ROWS.copy()).tolist() == ROWS.tolist()
    assert (torch.arange(12)[ROWS] == torch.tensor(ROWS)).all()
    assert isinstance(ROWS, SplitRows)
    assert ROWS.dtype == np.int64
    with pytest.raises(ValueError, match="cannot be changed"):
        ROWS[0] = 1
    source = np.arange(3)
    marked(source, "train")
    source[0] = 9  # a mark is no view of what it was made from
    assert marked(source, "train").tolist() == [9, 1, 2]
