import math

import numpy as np

from siamese_tags.features.tfidf import TagFeatures, inverse_document_frequency, scale_rows, tag_relatedness

# 4 documents, 3 tags: 0 in two, 1 in three, 2 in none
DOCUMENTS = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)


def test_hand_example():
    idf = inverse_document_frequency(DOCUMENTS)
    np.testing.assert_allclose(idf, [math.log(4 / 3), math.log(4 / 4), math.log(4 / 1)])
    related = tag_relatedness(DOCUMENTS, np.array([2.0, 3.0, 5.0]))
    np.testing.assert_allclose(related, [[8, 12, 0], [12, 27, 0], [0, 0, 0]])
    np.testing.assert_allclose(scale_rows(related), [[8 / 12, 1, 0], [12 / 27, 1, 0], [0, 0, 0]])


def test_cosine_has_length_one_and_survives_an_unused_tag():
    related = tag_relatedness(DOCUMENTS, np.array([2.0, 3.0, 5.0]), "cosine")
    np.testing.assert_allclose(np.diag(related), [1, 1, 0])
    np.testing.assert_allclose(related[0, 1], 2 / math.sqrt(2 * 3))


def test_a_tag_in_every_document_has_negative_idf_and_finite_features():
    everywhere = np.ones((5, 2), dtype=bool)
    everywhere[0, 1] = False
    assert inverse_document_frequency(everywhere)[0] < 0
    assert np.isfinite(TagFeatures(everywhere).features_TT).all()


def test_features_do_not_exceed_one():
    documents = np.random.default_rng(0).random((40, 12)) < 0.3
    features = TagFeatures(documents).features_TT
    np.testing.assert_allclose(features.max(axis=1), 1.0)
