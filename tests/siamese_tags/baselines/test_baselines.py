"""What every baseline has in common."""

import inspect

import numpy as np
import pytest

from mwe.core.errors import UnknownNameError
from siamese_tags.baselines import BASELINES, Queries, build, settings_of
from siamese_tags.commands.baselines import baseline
from siamese_tags.documents import Cal500

UNFORCED = {
    *("popularity_unforced", "context_only_unforced", "rbm", "crbm"),
    *("lda", "lda_in_context", "plsa", "plsa_in_context"),
}
# one language model of each kind stands for all windows
EACH = sorted(name for name in BASELINES if "_w" not in name or name in ("cbow_s2_w2", "sg_s1_w1"))
DRAWS = [name for name in EACH if "seed" in inspect.signature(BASELINES[name]).parameters]
# a few steps on so few documents leave it near its random start
LONG = {"rbm": {"epochs": 100}}
# to the kind of a tag; the language models need more than these few hundred words
BLIND = {"random", "popularity", "popularity_unforced", "cbow_s2_w2", "sg_s1_w1"}
# that the document's tags, or its number, decide
CONTEXTUAL = {name for name in BASELINES if "context" in name} | {"crbm", "untrained", "random"}


@pytest.fixture(scope="module")
def documents(miniature):
    return Cal500(str(miniature)).read()


@pytest.fixture(scope="module")
def queries(documents):
    return Queries.of(documents.matrix_DT[:5], documents.ids[:5])


@pytest.fixture(scope="module")
def scores(documents, queries):
    """Scores by name, each fitted once."""
    known = {}

    def of(name, seed=0):
        if (name, seed) not in known:
            ranker = build(name, seed, LONG.get(name))
            ranker.fit(documents)
            known[name, seed] = ranker.rank(queries)
        return known[name, seed]

    return of


def test_queries_are_all_tags_of_all_documents(documents, queries):
    assert len(queries.tag_Q) == documents.matrix_DT[:5].sum()
    assert queries.membership_DT[queries.document_Q, queries.tag_Q].all()


@pytest.mark.parametrize("name", BASELINES)
def test_scores_every_tag_for_every_query(name, scores, queries):
    ranked = scores(name)
    assert ranked.shape == (len(queries.tag_Q), 22)
    assert ranked.dtype == np.float64
    assert not np.isnan(ranked).any()
    assert (ranked != ranked[:, :1]).any()


@pytest.mark.parametrize("name", sorted(set(BASELINES) - UNFORCED))
def test_query_comes_first(name, scores, queries):
    assert (scores(name).argmax(axis=1) == queries.tag_Q).all()


@pytest.mark.parametrize("name", ["popularity_unforced", "context_only_unforced", "rbm"])
def test_query_is_not_forced_first(name, scores, queries):
    assert (scores(name).argmax(axis=1) != queries.tag_Q).any()


@pytest.mark.parametrize("name", EACH)
def test_equal_seeds_equal_scores(name, documents, queries, scores):
    ranker = build(name, 0, LONG.get(name))
    ranker.fit(documents)
    np.testing.assert_array_equal(ranker.rank(queries), scores(name))


@pytest.mark.parametrize("name", DRAWS)
def test_seed_changes_scores(name, scores):
    assert (scores(name, 1) != scores(name)).any()


@pytest.mark.parametrize("name", sorted(set(BASELINES) - CONTEXTUAL))
def test_document_does_not_matter(name, scores, queries):
    [common] = set(np.flatnonzero(queries.membership_DT[0] & queries.membership_DT[2])[:1])
    first, second = ((queries.document_Q == number) & (queries.tag_Q == common) for number in (0, 2))
    np.testing.assert_array_equal(scores(name)[first], scores(name)[second])


@pytest.mark.parametrize("name", sorted(CONTEXTUAL))
def test_document_matters(name, scores, queries):
    [common] = set(np.flatnonzero(queries.membership_DT[0] & queries.membership_DT[2])[:1])
    first, second = ((queries.document_Q == number) & (queries.tag_Q == common) for number in (0, 2))
    assert (scores(name)[first] != scores(name)[second]).any()


@pytest.mark.parametrize("name", EACH)
def test_survives_a_tag_without_documents(name, documents):
    calm = documents.subset(range(0, 31, 2))
    assert not calm.matrix_DT.any(axis=0).all()
    ranker = build(name)
    ranker.fit(calm)
    assert not np.isnan(ranker.rank(Queries.of(calm.matrix_DT[:3], calm.ids[:3]))).any()


@pytest.mark.parametrize("name", sorted(set(EACH) - BLIND))
def test_tags_that_go_together_rank_before_the_others(name, scores, queries):
    ranked = np.argsort(np.argsort(-scores(name), axis=1), axis=1)
    kinds = documents_kinds(queries)
    inside, outside = ranked[kinds == 1].mean(), ranked[kinds == -1].mean()
    assert inside < outside - 1


def documents_kinds(queries):
    """1 where a tag is of the query's kind (calm or loud), -1 where of the other, 0 where of neither."""
    kind_T = np.array([1] * 9 + [-1] * 9 + [0] * 4)
    return kind_T[queries.tag_Q][:, None] * kind_T


def test_kinds_are_columns(documents):
    assert all(tag.startswith("Emotion-Calm") for tag in documents.tags[:9])
    assert all("Loud" in tag for tag in documents.tags[9:18])


def test_settings_are_those_of_the_row_and_the_changed_ones():
    assert settings_of("sg_s2_w3", 4) == {
        "algorithm": "sg",
        "order": "sorted",
        "window": 3,
        "dimensions": 10,
        "epochs": 5,
        "measure": "cosine",
        "seed": 4,
    }
    assert settings_of("lsa", 4, {"rank": 60}) == {"weighting": "pmi", "rank": 60, "measure": "cosine"}


@pytest.mark.parametrize(
    ("name", "changed", "error", "message"),
    [
        ("lsb", {}, UnknownNameError, "unknown baseline 'lsb'.*nearest: 'lsa'"),
        ("lsa", {"rnk": 5}, UnknownNameError, "unknown setting of lsa 'rnk'.*nearest: 'rank'"),
        ("lsa", {"weighting": "idf"}, ValueError, "settings of lsa.*weighting"),
        ("lsa", {"rank": "many"}, ValueError, "settings of lsa.*rank"),
        ("rbm", {"epochs": 0}, ValueError, "epochs=0.*at least 1"),
    ],
)
def test_bad_settings_are_named(name, changed, error, message):
    with pytest.raises(error, match=r"(?s)" + message):
        build(name, 0, changed)


def test_help_names_every_baseline():
    text = inspect.getdoc(baseline)
    for name in BASELINES:
        assert "_w" in name or f"``{name}``" in text
