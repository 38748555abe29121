import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from siamese_tags.documents import Cal500
from siamese_tags.masked.encoder import ContextEncoder
from siamese_tags.masked.masked_data import MaskedData, unseen_tags
from siamese_tags.masked.unseen import UnseenRanking, UnseenTagMap, cooccurrence_features, with_unseen


@pytest.fixture
def train():
    return torch.rand(60, 14, generator=torch.Generator().manual_seed(0)) < 0.4


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    encoder = ContextEncoder(10, width=6, members=2).eval()
    torch.nn.init.normal_(encoder.bias_MT)
    return encoder


def pair_counts(documents):
    return documents.double().T @ documents.double()


def ridge(features, targets, penalty):
    """With an intercept that is not penalised, by the normal equations."""
    middle, mean = features.mean(dim=0), targets.mean(dim=0)
    centred = features - middle
    gram = centred.T @ centred + penalty * torch.eye(features.shape[1], dtype=torch.float64)
    return lambda given: mean + (given - middle) @ torch.linalg.solve(gram, centred.T @ (targets - mean))


def test_without_a_penalty_known_tags_get_their_own_numbers(encoder, train):
    regression = UnseenTagMap(encoder, pair_counts(train[:, :10]), len(train), [1e-12])
    torch.testing.assert_close(
        regression.from_features(regression.features_KK), regression.targets_KF, atol=1e-6, rtol=1e-6
    )


def test_ridge_and_its_left_out_errors_are_those_of_a_loop(encoder, train):
    penalties = [0.03, 0.3, 3.0]
    regression = UnseenTagMap(encoder, pair_counts(train[:, :10]), len(train), penalties)
    features, targets = regression.features_KK, regression.targets_KF
    unit = float((features - features.mean(dim=0)).square().sum(dim=1).mean())
    errors = []
    for penalty in penalties:
        left_out = []
        for tag in range(10):
            others = torch.arange(10) != tag
            # the mean of the others, but the scale of all, as a change of it by one tag would change the penalty
            predict = ridge(features[others], targets[others], unit * penalty)
            left_out.append((targets[tag] - predict(features[tag])).square().mean())
        errors.append(float(torch.stack(left_out).mean()))
    assert regression.penalty == penalties[int(np.argmin(errors))]
    given = torch.randn(3, 10, dtype=torch.float64)
    torch.testing.assert_close(
        regression.from_features(given), ridge(features, targets, unit * regression.penalty)(given)
    )


def test_features_are_log_ratios():
    together, count_U, count_K = torch.tensor([[3.0, 0.0]]), torch.tensor([4.0]), torch.tensor([5.0, 10.0])
    features = cooccurrence_features(together, count_U, count_K, 20)
    torch.testing.assert_close(features, torch.log(torch.tensor([[4.0 / 2.0, 1.0 / 3.0]])))


def test_pairs_of_unseen_tags_are_not_looked_at(encoder, train):
    other = train.clone()
    other[:, 10] = train[:, 10].flip(0)  # another tag among the unseen, with as many documents
    first, second = with_unseen(encoder, train), with_unseen(encoder, other)
    assert first.tags_MTE.shape == (2, 14, 6)
    torch.testing.assert_close(first.tags_MTE[:, :10], encoder.tags_MTE)
    torch.testing.assert_close(first.tags_MTE[:, 11:], second.tags_MTE[:, 11:])
    assert not torch.allclose(first.tags_MTE[:, 10], second.tags_MTE[:, 10])


def test_ranking_of_unseen_tags_is_the_mean_area_under_the_curve():
    draw = torch.Generator().manual_seed(3)
    scores = torch.randint(0, 4, (12, 5), generator=draw).float()
    hidden = torch.rand(12, 5, generator=draw) < 0.4
    revealed = (torch.rand(12, 5, generator=draw) < 0.3) & ~hidden
    metric = UnseenRanking()
    metric.add_documents(torch.arange(12), scores, revealed, hidden)
    areas = []
    for document in range(12):
        kept = ~revealed[document]
        truth = hidden[document][kept].numpy()
        if truth.any() and not truth.all():
            areas.append(roc_auc_score(truth, scores[document][kept].numpy()))
    measured = metric.compute()
    assert measured["unseen_auc"].item() == pytest.approx(100 * np.mean(areas), abs=1e-4)
    assert measured["unseen_documents"].item() == len(areas)


def test_unseen_tags_are_no_part_of_training(miniature):
    data = MaskedData(Cal500(str(miniature)), unseen_share=0.2)
    whole = MaskedData(Cal500(str(miniature)))
    assert data.n_tags == whole.n_tags - 4
    assert sorted(data.order_T) == list(range(whole.n_tags))
    assert set(data.tags) == {whole.tags[column] for column in data.order_T[: data.n_tags]}
    assert data.identity["tags and training documents"] != whole.identity["tags and training documents"]
    # the test stays the same
    assert (data.split.revealed_DT == whole.split.revealed_DT).all()
    assert (data.split.test == whole.split.test).all()
    known = data.split.documents.matrix_DT[data.train_rows][:, data.order_T[: data.n_tags]]
    assert (known.sum(axis=1) >= 2).all()


def test_drawing_is_a_function_of_seed_and_fold():
    assert len(unseen_tags(763, 0.05, 0, 1)) == 38
    assert unseen_tags(763, 0.05, 0, 1).tolist() == unseen_tags(763, 0.05, 0, 1).tolist()
    assert unseen_tags(763, 0.05, 0, 1).tolist() != unseen_tags(763, 0.05, 0, 2).tolist()
    with pytest.raises(ValueError, match="unseen_share=1"):
        MaskedData(Cal500(), unseen_share=1)
