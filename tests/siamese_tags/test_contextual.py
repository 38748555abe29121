"""Runs used without their data set: equality with training, OOV tags, the command `related`."""

import json
from functools import partial

import numpy as np
import pytest
import torch
from torch.optim import Adam

from mwe.core.context_arrays import RestoredTopics
from mwe.core.errors import MissingDataError, StaleArtefactError, UnknownNameError
from siamese_tags import ContextualTags
from siamese_tags.checkpoint_tags import EMBEDDING_DATA, network_embedding_data
from siamese_tags.cli import main
from siamese_tags.documents import Cal500
from siamese_tags.features import TagFeatures
from siamese_tags.masked.masked_data import MaskedData
from siamese_tags.masked.training import MaskedContextModel
from siamese_tags.metrics import PrimingMetric
from siamese_tags.stage1 import SingleNetwork

ROCK, SONG = "Instrument_-_Loud_0", "Song-Recorded"


@pytest.fixture
def data(mini_data):
    return mini_data()


@pytest.fixture
def stage(data, fit, tmp_path):
    """Run folder of a short stage 1, and the model."""
    model = SingleNetwork(n_tags=22, n_topics=4, optimizer=partial(Adam, lr=0.01), hidden=(12, 7))
    fit(model, data, epochs=3).save_checkpoint(tmp_path / "single" / "checkpoints" / "last.ckpt")
    return tmp_path / "single", model


@pytest.fixture
def encoder(miniature, fit, tmp_path):
    """Run folder of a short context encoder of two members, the model and its data."""
    data = MaskedData(Cal500(str(miniature)), batch_size=10)
    model = MaskedContextModel(n_tags=22, width=8, members=2, optimizer=partial(Adam, lr=0.01))
    fit(model, data, epochs=3).save_checkpoint(tmp_path / "encoder" / "checkpoints" / "last.ckpt")
    return tmp_path / "encoder", model, data


def names(documents, row):
    return [tag for tag, own in zip(documents.tags, documents.matrix_DT[row], strict=True) if own]


def test_the_restored_topic_model_infers_the_same_to_the_last_bit(data, tmp_path):
    torch.save(network_embedding_data(data)["topics"], tmp_path / "topics")
    restored = RestoredTopics(**torch.load(tmp_path / "topics", weights_only=True))
    matrix_DT = np.concatenate([data.documents.matrix_DT, np.zeros((1, 22), dtype=bool), np.eye(22, dtype=bool)])
    np.testing.assert_array_equal(restored.transform(matrix_DT), data.topics.transform(matrix_DT))


def test_a_tag_is_embedded_as_in_training(stage, data):
    run, model = stage
    tags = ContextualTags.load(run)
    assert tags.tags == data.documents.tags
    for row in (0, 3, 30):
        context = names(data.documents, row)
        for tag in context:
            column = tags.tags.index(tag)
            trained = model.network.embed(data.tensors.features_TF[[column]], data.tensors.contexts_DC[[row]])[0]
            others = [name for name in context if name != tag]
            np.testing.assert_allclose(tags.embed(tag, others), trained.detach(), atol=1e-6)
            np.testing.assert_array_equal(tags.embed(tag, others), tags.embed(tag, context))
        np.testing.assert_allclose(tags.embed_all(context)[column], tags.embed(tag, context), atol=1e-6)


def test_instances_are_single_embeddings(stage, encoder, data):
    for run in (stage[0], encoder[0]):
        tags = ContextualTags.load(run)
        contexts = [names(data.documents, row) for row in range(len(data.documents))] * 3
        embedded_NE = tags.instances(SONG, contexts)
        assert len(embedded_NE) == len(contexts) > 64
        for place in (0, 5, 70):
            np.testing.assert_allclose(embedded_NE[place], tags.embed(SONG, contexts[place]), atol=1e-5)


def test_related_ranks_as_the_test_of_the_stage_does(stage, data, fit):
    """The figures of the test part, once from the lists that `related` gives and once from the test itself."""
    run, model = stage
    tags = ContextualTags.load(run)
    [measured, *_] = fit(model, data, epochs=0).test(model, data, verbose=False)
    metric = PrimingMetric()
    for row in data.rows.train[:8]:
        context = names(data.documents, row)
        columns = [tags.tags.index(tag) for tag in context]
        scores_QT = torch.zeros(len(context), 22)
        for place, tag in enumerate(context):
            near = dict(tags.related(tag, context, k=22, with_context=True))
            assert tag not in near
            assert list(near.values()) == sorted(near.values())
            scores_QT[place] = torch.tensor([-near.get(name, 0.0) for name in tags.tags])
        one, bag = torch.tensor([row]), torch.tensor(data.documents.matrix_DT[[row]])
        metric.add_documents(one, torch.zeros(len(columns)).long(), torch.tensor(columns), scores_QT, bag)
        model.priming["embedding_train"].reset()
        model.test_step(one, 0, 0)
        tested = model.priming["embedding_train"].compute()
        assert metric.compute()["map"].item() == pytest.approx(tested["map"].item(), abs=1e-4)
        metric.reset()
    assert measured["train_map"] > 0


def test_related_of_an_encoder_are_its_own_distances(encoder):
    run, model, data = encoder
    tags = ContextualTags.load(run)
    assert tags.tags == data.tags
    revealed_DT = torch.tensor(data.split.revealed_DT[data.split.test[:4]])
    document_Q, tag_Q = revealed_DT.nonzero().unbind(dim=1)
    model.eval()
    squared_QT = model.encoder.squared_distances(revealed_DT, document_Q, tag_Q)
    for query, (document, tag) in enumerate(zip(document_Q.tolist(), tag_Q.tolist(), strict=True)):
        context = [tags.tags[column] for column in revealed_DT[document].nonzero()[:, 0].tolist()]
        near = tags.related(tags.tags[tag], context, k=22)
        assert {name for name, _ in near} == set(tags.tags) - set(context)
        expected = [squared_QT[query, tags.tags.index(name)].sqrt().item() for name, _ in near]
        np.testing.assert_allclose([distance for _, distance in near], expected, atol=1e-4)


def test_the_context_changes_what_is_related(stage):
    tags = ContextualTags.load(stage[0])
    calm = tags.related(SONG, [f"Emotion-Calm_{n}" for n in range(6)])
    loud = tags.related(SONG, [f"Instrument_-_Loud_{n}" for n in range(6)])
    assert calm != loud
    assert len(calm) == len(loud) == 10
    assert not any(name == SONG or name.startswith("Emotion-Calm_0") for name, _ in calm)


def test_an_unseen_tag_has_the_features_of_its_counts(stage, data):
    """With the counts of a known tag, its features are those of that tag but for the entry of the tag itself."""
    run, model = stage
    tags = ContextualTags.load(run)
    train_DT = data.documents.matrix_DT[data.rows.train]
    column = tags.tags.index(ROCK)
    counts_T = train_DT.T.astype(int) @ train_DT[:, column]
    counts_T[column] = 0
    counts = {tag: int(count) for tag, count in zip(tags.tags, counts_T, strict=True) if count}
    features_F = TagFeatures(train_DT).features_TT[column].copy()
    features_F[column] = 0
    features_1F = torch.tensor(features_F / features_F.max(), dtype=torch.float32)[None]
    context = names(data.documents, 1)
    expected = model.network.embed(features_1F, data.tensors.contexts_DC[[1]])[0].detach()
    np.testing.assert_allclose(tags.embed("new", context, counts), expected, atol=1e-5)
    doubled = {tag: 2 * count for tag, count in counts.items()}
    np.testing.assert_allclose(tags.embed("new", context, doubled), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["stage", "encoder"])
def test_an_unseen_tag_is_related_to_what_it_occurs_with(kind, request):
    tags = ContextualTags.load(request.getfixturevalue(kind)[0])
    near = tags.related("new", cooccurring=["Emotion-Calm_1", "Emotion-Calm_2"], k=22)
    assert len(near) == 22
    assert all(np.isfinite(distance) for _, distance in near)
    assert tags.embed("new", cooccurring=["Emotion-Calm_1"]).shape == tags.embed(SONG).shape
    listed = tags.embed("new", [SONG], ["Emotion-Calm_1", "Emotion-Calm_2"])
    np.testing.assert_array_equal(listed, tags.embed("new", [SONG], {"Emotion-Calm_1": 1, "Emotion-Calm_2": 1}))


def test_bad_requests_are_named(stage):
    tags = ContextualTags.load(stage[0])
    with pytest.raises(
        UnknownNameError, match=r"unknown tag 'loud'.*containing it: 'Instrument_-_Loud_0'.*cooccurring"
    ):
        tags.embed("loud")
    with pytest.raises(UnknownNameError, match=r"unknown tag 'Song-Recordd'.*nearest: 'Song-Recorded'"):
        tags.related(ROCK, ["Song-Recordd"])
    with pytest.raises(UnknownNameError, match="unknown tag 'Song-Recordd'"):
        tags.embed("new", cooccurring=["Song-Recordd"])
    with pytest.raises(ValueError, match="is in the vocabulary"):
        tags.embed(ROCK, cooccurring=[SONG])
    with pytest.raises(ValueError, match="must be positive"):
        tags.embed("new", cooccurring={SONG: 0})
    with pytest.raises(ValueError, match="k=0"):
        tags.related(ROCK, k=0)
    with pytest.raises(ValueError, match="context is empty"):
        tags.embed_all([])


def test_stale_and_foreign_files_are_refused(stage, tmp_path):
    checkpoint = torch.load(stage[0] / "checkpoints" / "last.ckpt", weights_only=True)
    for content, message in (
        ({name: value for name, value in checkpoint.items() if name != EMBEDDING_DATA}, "has neither"),
        ({"state_dict": {}}, "has neither"),
        ([1, 2], "not a checkpoint"),
        ({"state_dict": {}}, "has neither"),
        (checkpoint | {"state_dict": {}}, "written by another version"),
        (checkpoint | {EMBEDDING_DATA: {"tags": ["a"]}}, "written by another version"),
    ):
        torch.save(content, tmp_path / "other.ckpt")
        with pytest.raises(StaleArtefactError, match=message):
            ContextualTags.load(tmp_path / "other.ckpt")
    (tmp_path / "other.ckpt").write_text("no checkpoint at all")
    with pytest.raises(StaleArtefactError, match="not a checkpoint"):
        ContextualTags.load(tmp_path / "other.ckpt")
    with pytest.raises(MissingDataError, match="no checkpoint"):
        ContextualTags.load(tmp_path / "nowhere")


def test_the_command_answers(stage, capsys):
    run = str(stage[0])
    main(["related", ROCK, "--context", SONG, "Instrument_-_Loud_1", "--run", run, "-k", "3"])
    table = capsys.readouterr().out
    expected = ContextualTags.load(run).related(ROCK, [SONG, "Instrument_-_Loud_1"], k=3)
    assert table.splitlines()[0] == f"{ROCK}, with {SONG}, Instrument_-_Loud_1"
    assert all(f"{distance:.4f}" in table for _, distance in expected)
    main(["related", ROCK, "--context", SONG, "Instrument_-_Loud_1", "--run", run, "-k", "3", "--json", "true"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["context"] == [SONG, "Instrument_-_Loud_1"]
    assert [(one["tag"], one["distance"]) for one in answer["related"]] == expected
    main(["related", "new", "--cooccurring", SONG, "--run", run])
    assert len(capsys.readouterr().out.splitlines()) == 15


def test_the_command_says_what_is_wrong(stage, tmp_path, capsys):
    for arguments, message in (
        (["loud", "--run", str(stage[0])], "unknown tag 'loud'.*containing it"),
        ([ROCK, "--run", str(tmp_path / "nowhere")], "no checkpoint"),
        ([ROCK, "--run", str(stage[0]), "-k", "0"], "k=0"),
    ):
        with pytest.raises(SystemExit, match=f"siamese-tags.*{message}"):
            main(["related", *arguments])
    with pytest.raises(SystemExit, match="2"):
        main(["related", ROCK])
    assert "required: run" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        main(["related", "--help"])
    assert "--context" in capsys.readouterr().out
