import numpy as np
import pytest

from siamese_tags.documents.folds import fold, folds


def test_cal500_sizes():
    assert [(len(one.train), len(one.test)) for one in folds(502)] == [(335, 167)] * 3


@pytest.mark.parametrize(("n_documents", "n_folds"), [(502, 3), (9, 3), (11, 4), (3, 3)])
def test_no_document_is_tested_twice_or_trained_and_tested(n_documents, n_folds):
    drawn = folds(n_documents, n_folds, seed=5)
    tested = np.concatenate([one.test for one in drawn])
    assert len(set(tested)) == len(tested) == n_documents // n_folds * n_folds
    for one in drawn:
        assert sorted([*one.train, *one.test]) == list(range(n_documents))


def test_a_function_of_the_seed():
    np.random.seed(1)  # noqa: NPY002 - the global state must not matter
    first = folds(100, seed=2)
    np.random.seed(2)  # noqa: NPY002
    assert all((a.test == b.test).all() for a, b in zip(first, folds(100, seed=2), strict=True))
    assert (first[0].test != folds(100, seed=3)[0].test).any()


def test_bad_arguments():
    with pytest.raises(ValueError, match="fold is 3; give one of 0 to 2"):
        fold(10, 3)
    with pytest.raises(ValueError, match="cannot divide 2 documents into 3 folds"):
        folds(2)
