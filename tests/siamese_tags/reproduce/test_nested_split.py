import numpy as np
import pytest
import torch

from siamese_tags.documents import Cal500
from siamese_tags.evaluate import priming
from siamese_tags.features import TagFeatures
from siamese_tags.fold_data import PrimingData
from siamese_tags.reproduce.nested_split import NestedPrimingData, ValidationMap
from siamese_tags.stage2 import SiameseNetwork


@pytest.fixture
def nested(miniature):
    def build(**settings):
        defaults = {"n_topics": 4, "topic_iterations": 10, "batch_size": 64, "eval_batch_size": 3}
        return NestedPrimingData(Cal500(str(miniature)), **{**defaults, **settings})

    return build


def test_parts_divide_the_training_documents(nested, mini_data):
    for fold in range(3):
        inner, outer = nested(fold=fold, validation_share=0.25), mini_data(fold=fold)
        parts = inner.rows.train.tolist() + inner.validation_rows.tolist()
        assert sorted(parts) == outer.rows.train.tolist()
        assert len(inner.validation_rows) == round(0.25 * len(parts))
        assert inner.rows.test.tolist() == outer.rows.test.tolist()


def test_nothing_is_fitted_on_documents_set_apart(nested):
    data = nested()
    trained_on = data.documents.matrix_DT[data.rows.train]
    np.testing.assert_allclose(data.tensors.features_TF, TagFeatures(trained_on).features_TT, rtol=1e-6)
    assert set(data.tensors.positives_P2[:, 0].tolist()) == set(data.rows.train.tolist())
    alone = PrimingData(data.collection, n_topics=4, topic_iterations=10)
    alone.rows = data.rows
    assert (alone.tensors.contexts_DC == data.tensors.contexts_DC).all()


def test_identity_tells_nested_splits_apart(nested, mini_data):
    settings = ({}, {"validation_seed": 1}, {"validation_share": 0.4})
    identities = [nested(**one).identity for one in settings] + [mini_data().identity]
    assert len({tuple(identity.values()) for identity in identities}) == 4
    assert nested().identity == identities[0]


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5])
def test_a_share_lies_between(nested, share):
    with pytest.raises(ValueError, match="validation_share="):
        nested(validation_share=share)


def test_validation_is_the_priming_of_the_documents_set_apart(nested, fit):
    class Embedding:
        def rank(self, queries):
            contexts = torch.tensor(data.topics.transform(queries.membership_DT)).float()
            embedded = model.network.embed_grid(data.tensors.features_TF, contexts).detach()
            rows = [torch.cdist(embedded[d], embedded[d, t][None])[:, 0] for d, t in
                    zip(queries.document_Q, queries.tag_Q, strict=True)]  # fmt: skip
            return -torch.stack(rows).double().numpy()

    data, model, callback = nested(), SiameseNetwork(22, 4), ValidationMap(every=2)
    fit(model, data, epochs=4, callbacks=[callback])
    assert set(callback.by_epochs) == {2, 4}
    expected = priming(Embedding(), data.documents, data.validation_rows)["map"]
    assert callback.by_epochs[4] == pytest.approx(expected, abs=0.2)


def test_measuring_on_the_way_does_not_change_the_fit(nested, fit):
    weights = []
    for callbacks in ([], [ValidationMap(every=1)]):
        torch.manual_seed(0)
        model = SiameseNetwork(22, 4)
        fit(model, nested(), epochs=2, callbacks=callbacks)
        weights.append(torch.cat([parameter.detach().flatten() for parameter in model.network.parameters()]))
    assert (weights[0] == weights[1]).all()
