import math

import numpy as np
import pytest

from siamese_tags.features.weights import inverse_document_frequency, weigh

# 4 documents, 3 tags: 0 in two, 1 in three, 2 in none
DOCUMENTS = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)


def test_hand_example():
    idf = [math.log(4 / 3), math.log(4 / 4), math.log(4 / 1)]
    np.testing.assert_allclose(inverse_document_frequency(DOCUMENTS), idf)
    np.testing.assert_allclose(weigh(DOCUMENTS, "tfidf"), DOCUMENTS * np.array(idf))
    np.testing.assert_array_equal(weigh(DOCUMENTS, "tf"), DOCUMENTS)


def test_a_tag_in_every_document_has_negative_idf():
    assert inverse_document_frequency(np.ones((5, 2), dtype=bool))[0] < 0


def test_pointwise_mutual_information_is_its_definition():
    documents = np.random.default_rng(0).random((12, 7)) < 0.5
    documents[:, 6] = False
    total = documents.sum()
    for row in range(12):
        for tag in range(7):
            expected = 0.0
            if documents[row, tag]:
                p_tag, p_document = documents[:, tag].sum() / total, documents[row].sum() / total
                expected = math.log(1 / total / (p_tag * p_document))
            assert weigh(documents, "pmi")[row, tag] == pytest.approx(expected, abs=1e-12)


def test_rare_tags_and_short_documents_weigh_more():
    weights = weigh(DOCUMENTS, "pmi")
    assert weights[0, 0] > weights[0, 1]
    assert weights[2, 1] > weights[0, 1]
