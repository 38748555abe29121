import numpy as np
import pytest

from siamese_tags.baselines import BASELINES, PCARanker, PopularityRanker, Queries, RandomRanker
from siamese_tags.documents import Cal500


@pytest.fixture
def documents(miniature):
    return Cal500(str(miniature)).read()


@pytest.fixture
def queries(documents):
    return Queries.of(documents.matrix_DT[:5])


def test_queries_are_all_tags_of_all_documents(documents, queries):
    assert len(queries.tag_Q) == documents.matrix_DT[:5].sum()
    assert queries.membership_DT[queries.document_Q, queries.tag_Q].all()


@pytest.mark.parametrize("name", BASELINES)
def test_query_comes_first(name, documents, queries):
    ranker = BASELINES[name](0)
    ranker.fit(documents)
    scores = ranker.rank(queries)
    assert scores.shape == (len(queries.tag_Q), 22)
    assert (scores.argmax(axis=1) == queries.tag_Q).all()


def test_random_depends_on_the_seed(documents, queries):
    one, same, other = (RandomRanker(seed).rank(queries) for seed in (0, 0, 1))
    assert (one == same).all()
    assert (one != other).any()


def test_popularity_is_the_number_of_training_documents(documents, queries):
    ranker = PopularityRanker()
    ranker.fit(documents.subset(range(10)))
    scores = ranker.rank(queries)
    others = np.arange(22) != queries.tag_Q[0]
    assert (scores[0][others] == documents.matrix_DT[:10].sum(axis=0)[others]).all()


def test_pca_finds_tags_that_go_together(documents, queries):
    ranker = PCARanker(dimensions=3)
    ranker.fit(documents)
    calm = [place for place, tag in enumerate(documents.tags) if tag.startswith("Emotion-Calm")]
    loud = [place for place, tag in enumerate(documents.tags) if "Loud" in tag]
    assert ranker.similarity_TT[np.ix_(calm, calm)].mean() > 0.5 + ranker.similarity_TT[np.ix_(calm, loud)].mean()


def test_pca_survives_a_tag_without_documents(documents, queries):
    ranker = PCARanker()
    ranker.fit(documents.subset(range(0, 31, 2)))
    assert np.isfinite(ranker.rank(queries)).all()
