import numpy as np

from siamese_tags.features.tfidf import TagFeatures, scale_rows


def test_rows_are_divided_by_their_maximum():
    scaled = scale_rows(np.array([[8.0, 12, 0], [12, 27, 0], [0, 0, 0]]))
    np.testing.assert_allclose(scaled, [[8 / 12, 1, 0], [12 / 27, 1, 0], [0, 0, 0]])


def test_a_tag_in_every_document_has_finite_features():
    everywhere = np.ones((5, 2), dtype=bool)
    everywhere[0, 1] = False
    assert np.isfinite(TagFeatures(everywhere).features_TT).all()


def test_features_do_not_exceed_one():
    documents = np.random.default_rng(0).random((40, 12)) < 0.3
    features = TagFeatures(documents).features_TT
    np.testing.assert_allclose(features.max(axis=1), 1.0)


def test_features_are_products_of_printed_tfidf():
    documents = np.random.default_rng(1).random((20, 6)) < 0.4
    features = TagFeatures(documents).features_TT
    idf = [np.log(20 / (1 + sum(documents[:, tag]))) for tag in range(6)]
    raw = [[sum(documents[:, a] & documents[:, b]) * idf[a] * idf[b] for b in range(6)] for a in range(6)]
    np.testing.assert_allclose(features, [np.array(row) / max(row) for row in raw])
