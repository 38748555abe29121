import numpy as np
import pytest
import torch

from siamese_tags.documents import Collection, TagDocuments
from siamese_tags.features import TagFeatures
from siamese_tags.fold_data import PrimingData


class Given(Collection):
    def __init__(self, documents: TagDocuments) -> None:
        self.given = documents

    def read(self) -> TagDocuments:
        return self.given


@pytest.fixture
def data(mini_data):
    data = mini_data()
    data.setup("fit")
    return data


def test_sizes_are_known_before_setup(mini_data):
    data = mini_data()
    assert (data.n_tags, data.n_topics, data.collection_name) == (22, 4, "CAL500")


def test_every_positive_example_once_an_epoch(data):
    seen = torch.cat(list(data.train_dataloader()))
    assert sorted(seen.tolist()) == list(range(len(data.tensors.positives_P2)))
    documents, tags = data.tensors.positives_P2.unbind(dim=1)
    assert data.tensors.membership_DT[documents, tags].all()
    assert set(documents.tolist()) == set(data.rows.train.tolist())
    assert len(documents) == data.documents.matrix_DT[data.rows.train].sum()


def test_a_batch_holds_half_of_its_size_in_positives(data):
    assert {len(batch) for batch in list(data.train_dataloader())[:-1]} == {32}


def test_order_changes_with_the_epoch_only(data):
    loader = data.train_dataloader()
    first, again = torch.cat(list(loader)), torch.cat(list(loader))
    loader.sampler.set_epoch(1)
    assert (first == again).all()
    assert (first != torch.cat(list(loader))).any()


def test_both_parts_are_tested_whole(data):
    train, test = (torch.cat(list(loader)).tolist() for loader in data.test_dataloader())
    assert train == data.rows.train.tolist()
    assert test == data.rows.test.tolist()


def test_features_and_topics_see_training_documents_only(mini_data):
    """Other tags in the test documents change their own contexts and nothing else."""
    plain = mini_data()
    documents, test = plain.documents, plain.rows.test
    changed = documents.matrix_DT.copy()
    changed[test] = np.roll(changed[test], 5, axis=1)
    other = PrimingData(
        Given(TagDocuments("changed", documents.ids, documents.tags, changed)), n_topics=4, topic_iterations=10
    )
    one, two = plain.tensors, other.tensors
    assert (one.features_TF == two.features_TF).all()
    train = torch.tensor(plain.rows.train)
    assert (one.contexts_DC[train] == two.contexts_DC[train]).all()
    assert (one.contexts_DC[test] != two.contexts_DC[test]).any()
    expected = TagFeatures(documents.matrix_DT[plain.rows.train]).features_TT
    np.testing.assert_allclose(one.features_TF, expected, rtol=1e-6)


def test_identity_tells_folds_and_settings_apart(mini_data):
    identities = [
        mini_data(**settings).identity for settings in ({}, {"fold": 1}, {"fold_seed": 1}, {"document_prior": 0.2})
    ]
    assert len({tuple(identity.values()) for identity in identities}) == 4
    assert mini_data().identity == identities[0]


def test_a_document_with_all_tags_is_named():
    matrix = np.array([[True, False], [True, True], [False, True]] * 3)
    data = PrimingData(Given(TagDocuments("full", tuple("abcdefghi"), ("x", "y"), matrix)), n_topics=2)
    with pytest.raises(ValueError, match=r"document '[beh]' has all 2 tags"):
        data.setup("fit")


def test_bad_batch_size(mini_data):
    with pytest.raises(ValueError, match="batch_size=1"):
        mini_data(batch_size=1)
