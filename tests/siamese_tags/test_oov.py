"""Tags out of the vocabulary: features, both rules of the networks, the baselines, and two processes."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.optim import Adam

from siamese_tags.baselines import build
from siamese_tags.baselines.baseline import OOVRanker
from siamese_tags.documents import Cal500, OOVDocuments, Reserved
from siamese_tags.documents.folds import fold
from siamese_tags.evaluate import evaluate, oov_priming
from siamese_tags.features import TagFeatures
from siamese_tags.features.aggregation import aggregate
from siamese_tags.features.tfidf import scale_rows
from siamese_tags.features.unseen import unseen_relatedness
from siamese_tags.features.weights import weigh
from siamese_tags.fold_data import PrimingData
from siamese_tags.metrics import shuffled_ties
from siamese_tags.networks import ComponentNetwork
from siamese_tags.oov import RULES, OOVPriming, OOVTensors
from siamese_tags.stage1 import SingleNetwork

CUTOFFS = (1, 2, 5, 10)


@pytest.fixture
def collection(miniature):
    return Reserved(Cal500(str(miniature)), n_tags=2, most_documents=12, least_left=6)


@pytest.fixture
def documents(collection):
    return collection.read()


@pytest.fixture
def data(collection):
    return PrimingData(collection, n_topics=4, topic_iterations=10, batch_size=64, eval_batch_size=5)


@pytest.fixture
def drawn(generator):
    """Tensors of 9 documents, 12 known tags, 3 OOV tags, and a network for them."""
    torch.manual_seed(0)
    known, unseen = torch.rand(9, 12, generator=generator) < 0.4, torch.rand(9, 3, generator=generator) < 0.3
    known[:, 4], unseen[:, 1] = True, True
    contexts = torch.rand(9, 4, generator=generator).softmax(dim=1)
    tensors = OOVTensors(torch.rand(3, 12, generator=generator), contexts, known, unseen)
    return tensors, torch.rand(12, 12, generator=generator), ComponentNetwork(12, 4, 12, (7, 5))


def by_loop(tensors, features_TF, network):
    """Both rules, one query at a time: precision at the cut-offs, MAP, and the two mean distances."""
    found = {rule: {"ranked": [], "related": [], "unrelated": []} for rule in RULES}
    for document, unseen in tensors.unseen_DU.nonzero().tolist():
        context = tensors.contexts_DC[document]
        known = torch.stack([network.embed(one, context) for one in features_TF])
        own = tensors.known_DT[document]
        for rule in RULES:
            features = tensors.features_UF[unseen] if rule == "nearest" else torch.zeros(features_TF.shape[1])
            distance = (known - network.embed(features, context)).norm(dim=1)
            scores = distance if rule == "furthest" else -distance
            # tags with equal features are as far from every query; their order is drawn as in the metric
            place, tag = torch.tensor([document]), torch.tensor([unseen + len(own)])
            order = shuffled_ties(scores[None], place, tag)[0].argsort(descending=True)
            hits = own[order].float()
            at = [hits[:k].mean().item() for k in range(1, len(hits) + 1)]
            figures = [*(at[k - 1] if k <= len(at) else hits.sum().item() / k for k in CUTOFFS)]
            found[rule]["ranked"].append([*figures, float(np.mean(at[: int(own.sum())]))])
            found[rule]["related"] += distance[own].tolist()
            found[rule]["unrelated"] += distance[~own].tolist()
    expected = {}
    for rule, one in found.items():
        names = [*(f"p@{k}" for k in CUTOFFS), "map"]
        means = dict(zip(names, 100 * np.mean(one["ranked"], axis=0), strict=True))
        means |= {f"{kind}_distance": np.mean(one[kind]) for kind in ("related", "unrelated")}
        expected |= {f"{rule}_oov_{name}": value for name, value in means.items()}
    return expected


def batched(tensors, features_TF, network, batches):
    priming = OOVPriming(0)
    priming.take(tensors)
    for rows in batches:
        priming.add(network, features_TF, rows)
    return {name: value.item() for name, value in priming.figures().items()}


@torch.no_grad()
def test_both_rules_are_those_of_a_loop_over_queries(drawn):
    measured = batched(*drawn, torch.arange(9).split(4))
    expected = by_loop(*drawn)
    assert {name: measured[name] for name in expected} == pytest.approx(expected, rel=1e-4)
    assert measured["nearest_oov_p@1"] != measured["furthest_oov_p@1"]


@torch.no_grad()
def test_repeated_documents_count_once_and_the_order_does_not_matter(drawn):
    once = batched(*drawn, [torch.arange(9)])
    assert batched(*drawn, [torch.arange(9).flip(0)[:6], torch.arange(9)]) == pytest.approx(once, rel=1e-5)


@torch.no_grad()
def test_figures_are_forgotten_and_absent_without_documents(drawn):
    priming = OOVPriming(0)
    assert priming.figures() == {}
    assert not list(priming.state_dict())
    priming.take(drawn[0])
    for _ in range(2):
        priming.add(drawn[2], drawn[1], torch.arange(3))
        assert priming.figures()["nearest_oov_p@1"] >= 0
    assert not list(priming.state_dict())


def _two_processes(rank, world, tensors, features_TF, network, expected):
    with torch.no_grad():
        # uneven shards, the second process with a repeated document
        rows = torch.arange(rank, 9, world) if rank else torch.arange(0, 9, world)
        batches = [rows, rows[:1]] if rank else list(rows.split(2))
        measured = batched(tensors, features_TF, network, batches)
    assert measured == pytest.approx(expected, rel=1e-5)


def test_two_processes_measure_what_one_does(drawn, in_processes):
    tensors, features_TF, network = drawn
    with torch.no_grad():
        expected = batched(tensors, features_TF, network, [torch.arange(9)])
    network.requires_grad_(False)
    in_processes(_two_processes, 2, tensors, features_TF, network, expected)


def test_features_are_scaled_dot_products_with_known_tags(documents):
    """Against usage vectors written out over training and reserved documents, rarity that of the training documents."""
    train, oov = documents.matrix_DT[:10], documents.oov
    features = TagFeatures(train)
    rarity_T = features.idf_T
    known = np.vstack([train, oov.known_DT]) * rarity_T
    for unseen in range(len(oov.tags)):
        usage = np.concatenate([np.zeros(10), oov.unseen_DU[:, unseen]]) * 1.7  # its own rarity does not matter
        products = np.array([usage @ known[:, tag] for tag in range(len(documents.tags))])
        np.testing.assert_allclose(features.of_unseen(oov.counts_UT)[unseen], products / products.max())
    np.testing.assert_allclose(features.of_unseen(train.T.astype(int) @ train), features.features_TT)


@pytest.mark.parametrize("aggregation", ["dot", "cosine"])
def test_relatedness_is_that_of_usage_over_training_and_reserved_documents(documents, aggregation):
    train, oov = documents.matrix_DT[:10], documents.oov
    measured = unseen_relatedness(train, oov, "tfidf", aggregation)
    n_documents = 10 + len(oov)
    for unseen in range(len(oov.tags)):
        own = np.concatenate([np.zeros(10), oov.unseen_DU[:, unseen]])
        own = own * np.log(n_documents / (1 + own.sum()))
        for tag in range(len(documents.tags)):
            other = np.concatenate([train[:, tag], oov.known_DT[:, tag]]).astype(float)
            other = other * np.log(n_documents / (1 + other.sum()))
            norm = np.linalg.norm(own) * np.linalg.norm(other) or 1.0
            expected = own @ other / (norm if aggregation == "cosine" else 1.0)
            assert measured[unseen, tag] == pytest.approx(expected, abs=1e-9)


def test_random_is_the_share_of_related_tags(documents):
    """Analytic: every place of the list holds a related tag with the chance that any tag is related."""
    oov = documents.oov
    many = OOVDocuments(
        tuple(f"{name}.{copy}" for copy in range(60) for name in oov.ids),
        oov.tags,
        np.tile(oov.known_DT, (60, 1)),
        np.tile(oov.unseen_DU, (60, 1)),
    )
    measured = oov_priming(build("random"), many)
    expected = 100 * oov.known_DT.mean(axis=1)[np.nonzero(oov.unseen_DU)[0]].mean()
    for figure in ("p@1", "p@2", "p@5", "p@10", "map"):
        assert measured[figure] == pytest.approx(expected, abs=3)


@pytest.mark.parametrize("name", ["random", "popularity", "pca", "context_only"])
def test_baselines_rank_known_tags_for_every_query(name, documents):
    settings = {"dimensions": 3} if name.startswith("pca") else {"n_topics": 4} if name == "context_only" else {}
    ranker = build(name, changed=settings)
    measured = evaluate(ranker, documents, fold(len(documents), 0))
    assert {"train_map", "test_map", "oov_map", "oov_p@1", "oov_p@10"} <= set(measured)
    scores = ranker.rank_oov(documents.oov)
    assert scores.shape == (documents.oov.unseen_DU.sum(), len(documents.tags))
    assert np.isfinite(scores).all()


def test_pca_projects_the_relatedness_of_the_tag_as_that_of_the_known_tags(documents):
    ranker = build("pca", changed={"dimensions": 3})
    ranker.fit(documents.subset(range(10)))
    train, oov = documents.matrix_DT[:10], documents.oov
    related_TT = aggregate(weigh(train, "pmi"), "dot")
    _, _, axes = np.linalg.svd(related_TT - related_TT.mean(axis=0))
    known, own = (
        (related - related_TT.mean(axis=0)) @ axes[:3].T
        for related in (related_TT, unseen_relatedness(train, oov, "pmi", "dot"))
    )
    for scores, unseen in zip(ranker.rank_oov(oov), np.nonzero(oov.unseen_DU)[1], strict=True):
        np.testing.assert_allclose(scores, -np.linalg.norm(known - own[unseen], axis=1), atol=1e-8)


def test_rankings_without_a_rule_for_such_tags_have_no_figures(documents):
    ranker = build("lsa")
    assert not isinstance(ranker, OOVRanker)
    assert not any(name.startswith("oov") for name in evaluate(ranker, documents, fold(len(documents), 0)))


def test_a_stage_is_tested_on_them_and_never_trained(data, documents, fit):
    assert len(data.test_dataloader()) == 3
    model = SingleNetwork(data.n_tags, 4, (20, 5), partial(Adam, lr=0.01))
    trainer = fit(model, data, epochs=2)
    figures = {name: value for part in trainer.test(model, data, verbose=False) for name, value in part.items()}
    assert data.tensors.membership_DT.shape[0] == len(documents)
    with torch.no_grad():
        expected = by_loop(data.oov_tensors, data.tensors.features_TF, model.network)
    assert {name: figures[name] for name in expected} == pytest.approx(expected, rel=1e-3, abs=0.5)
    assert figures["train_p@1"] == 100


def test_tensors_of_documents_set_aside_come_from_training_documents(data, documents):
    tensors, train = data.oov_tensors, documents.matrix_DT[data.rows.train]
    expected = scale_rows(documents.oov.counts_UT * TagFeatures(train).idf_T)
    np.testing.assert_allclose(tensors.features_UF, expected, rtol=1e-6)
    np.testing.assert_allclose(tensors.contexts_DC.sum(dim=1), 1, rtol=1e-5)
    assert (tensors.known_DT.numpy() == documents.oov.known_DT).all()


def test_inconsistent_documents_set_aside():
    with pytest.raises(ValueError, match="no OOV tag"):
        OOVDocuments(("a",), ("x",), np.array([[True]]), np.array([[False]]))
    with pytest.raises(ValueError, match="2 ids, 1 tags out of vocabulary"):
        OOVDocuments(("a", "b"), ("x",), np.array([[True]]), np.array([[True]]))
