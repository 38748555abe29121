"""The Siamese stages on hidden tags."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_lightning import seed_everything

from siamese_tags.cli import main
from siamese_tags.documents import Cal500, Collection, TagDocuments
from siamese_tags.masked.document_figures import load_documents
from siamese_tags.masked.metrics import FIGURES
from siamese_tags.masked.priming_data import MaskedPrimingData
from siamese_tags.masked.stages import MaskedSiameseNetwork, MaskedSingleNetwork

CONFIGS = Path(__file__).parents[3] / "lightning_configs" / "siamese_tags" / "stages"
RUNS = Path("outputs/siamese-masked/cal500")


@pytest.fixture
def masked_data(miniature):
    def build(collection=None, **settings):
        defaults = {"n_topics": 4, "topic_iterations": 10, "batch_size": 64, "eval_batch_size": 4}
        return MaskedPrimingData(collection or Cal500(str(miniature)), **{**defaults, **settings})

    return build


class Given(Collection):
    """Documents made by a test."""

    def __init__(self, documents: TagDocuments) -> None:
        self.documents = documents

    def read(self) -> TagDocuments:
        """The documents."""
        return self.documents


@pytest.mark.parametrize("masked", [False, True])
def test_nothing_comes_from_hidden_tags(masked_data, miniature, masked):
    """Other hidden tags in the test documents leave all that the network reads as it was."""
    data = masked_data(masked_training=masked)
    split, tensors = data.split, data.tensors
    other = split.documents.matrix_DT.copy()
    draw = np.random.default_rng(1)
    for row in split.test:
        hidden = np.flatnonzero(other[row] & ~split.revealed_DT[row])
        absent = np.flatnonzero(~other[row])
        other[row, hidden] = False
        other[row, draw.choice(absent, len(hidden), replace=False)] = True
    documents = split.documents
    spoiled = masked_data(
        Given(TagDocuments(documents.name, documents.ids, documents.tags, other)), masked_training=masked
    )
    # the same mask: it is drawn from the documents, so it is handed over
    vars(spoiled)["split"] = type(split)(spoiled.collection.read(), *list(vars(split).values())[1:])
    torch.testing.assert_close(spoiled.tensors.contexts_DC, tensors.contexts_DC)
    torch.testing.assert_close(spoiled.tensors.features_TF, tensors.features_TF)
    torch.testing.assert_close(spoiled.tensors.positives_P2, tensors.positives_P2)
    whole = torch.tensor(data.topics.transform(documents.matrix_DT[split.test]), dtype=torch.float32)
    assert (whole - tensors.contexts_DC[split.test]).abs().max() > 0.05


def test_training_contexts_come_from_halves(masked_data):
    data = masked_data(masked_training=True, n_masks=3)
    assert data.masked_contexts_MDC.shape == (3, len(data.rows.train), 4)
    masks = np.stack([data._training_mask(number) for number in range(3)])
    train_DT = data.documents.matrix_DT[data.rows.train]
    assert not (masks & ~train_DT).any()
    assert (masks.sum(axis=2) == train_DT.sum(axis=1) // 2).all()
    assert len({mask.tobytes() for mask in masks}) == 3
    expected = torch.tensor(data.topics.transform(masks[2]), dtype=torch.float32)
    torch.testing.assert_close(data.masked_contexts_MDC[2], expected)
    torch.testing.assert_close(data.tensors.contexts_DC[data.rows.train], data.masked_contexts_MDC[0])
    assert masked_data().masked_contexts_MDC.shape[0] == 0
    assert masked_data().identity != data.identity
    with pytest.raises(ValueError, match="n_masks=0"):
        masked_data(n_masks=0)


class Watched(MaskedSingleNetwork):
    """Keeps the contexts of every epoch."""

    def on_train_epoch_end(self) -> None:
        """Keep them."""
        super().on_train_epoch_end()
        self.seen = [*getattr(self, "seen", []), self.contexts_DC[self.train_D].clone()]


def test_every_epoch_draws_a_context_for_each_document(masked_data, fit):
    data = masked_data(masked_training=True, n_masks=3)
    model = Watched(n_tags=data.n_tags, n_topics=4, hidden=[6])
    fit(model, data, epochs=6)
    place = torch.arange(len(data.rows.train))
    drawn = []
    for contexts in model.seen:
        distance = (contexts[None] - data.masked_contexts_MDC).abs().sum(dim=2)
        drawn.append(distance.argmin(dim=0))
        torch.testing.assert_close(contexts, data.masked_contexts_MDC[drawn[-1], place])
    assert all((one != other).any() for one, other in pairwise(drawn))
    assert {int(mask) for one in drawn for mask in one} == {0, 1, 2}
    again = Watched(n_tags=data.n_tags, n_topics=4, hidden=[6])
    fit(again, data, epochs=2)
    torch.testing.assert_close(again.seen, model.seen[:2])


def slow_map(scores, revealed, hidden):
    ranked = sorted((tag for tag in range(len(scores)) if not revealed[tag]), key=lambda tag: -scores[tag])
    hits = np.cumsum([hidden[tag] for tag in ranked])
    return np.mean([hits[k] / (k + 1) for k in range(int(hidden.sum()))])


@pytest.mark.parametrize("kind", ["embedding", "prediction"])
def test_figures_against_a_loop(masked_data, fit, kind):
    # no two tags alike in training, as two of the miniature are: rounding decides which of these comes first
    matrix = np.random.default_rng(0).random((60, 14)) < 0.5
    names = [tuple(f"{kind}{number}" for number in range(size)) for kind, size in zip("dt", matrix.shape, strict=True)]
    data = masked_data(Given(TagDocuments("X", *names, matrix)))
    model = MaskedSiameseNetwork(n_tags=data.n_tags, n_topics=4, hidden=[6, 5])
    trainer = fit(model, data, epochs=2)
    measured = {name: float(value) for name, value in trainer.test(model, data, verbose=False)[0].items()}
    assert set(measured) == {prefix + name for prefix in ("", "prediction_") for name in FIGURES}
    tensors, split, figures = data.tensors, data.split, []
    for row in split.test:
        revealed, hidden = split.revealed_DT[row], split.documents.matrix_DT[row] & ~split.revealed_DT[row]
        context = torch.tensor(data.topics.transform(revealed[None])[0], dtype=torch.float32)
        with torch.no_grad():
            embedded, logits = model.network(tensors.features_TF, context.expand(data.n_tags, -1))
        for query in np.flatnonzero(revealed):
            scores = -(embedded - embedded[query]).norm(dim=1) if kind == "embedding" else logits[query]
            figures.append(slow_map(scores.tolist(), revealed, hidden))
    prefix = "" if kind == "embedding" else "prediction_"
    assert measured[f"{prefix}map"] == pytest.approx(100 * np.mean(figures), abs=1e-3)


def test_from_the_door_and_from_stage_to_stage(miniature, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = [
        f"--data.init_args.collection.init_args.root={miniature}",
        "--data.init_args.batch_size=64",
        "--data.init_args.topic_iterations=5",
        "--trainer.max_epochs=2",
        "--trainer.accelerator=cpu",
        "--trainer.enable_progress_bar=false",
    ]
    main(["fit", "-c", str(CONFIGS / "masked_single_ce.yaml"), *given])
    main(["fit", "-c", str(CONFIGS / "masked_siamese_ce.yaml"), *given])
    for row in ("single_ce", "siamese_ce"):
        run = RUNS / row / "fold0"
        figures = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["metrics"]
        documents = load_documents(run)
        for name in ("map", "prediction_map"):
            mean = np.average(documents.figures[name], weights=documents.queries_D)
            assert figures[name] == pytest.approx(mean, abs=1e-3)
    masked = [*given, "--data.init_args.masked_training=true"]
    with pytest.raises(SystemExit, match=r"trained on other data: masks of the training contexts \('0', now '16'\)"):
        main(["fit", "-c", str(CONFIGS / "masked_siamese_ce.yaml"), *masked])


def test_the_classic_datamodule_is_refused(mini_data, fit):
    seed_everything(0, verbose=False)
    model = MaskedSingleNetwork(n_tags=22, n_topics=4, hidden=[6])
    with pytest.raises(TypeError, match="MaskedPrimingData, not a PrimingData"):
        fit(model, mini_data(), epochs=1)
