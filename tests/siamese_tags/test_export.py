"""The contextual embedding of a run as arrays: equal to the run's own, whatever the kind; the command; TSV splits."""

from functools import partial

import numpy as np
import pytest
from torch.optim import Adam

from mwe.core.errors import BadFileError, MissingDataError
from mwe.words.context_vectors import ContextVectors, Pair
from siamese_tags import ContextualTags
from siamese_tags.cli import main
from siamese_tags.documents import Cal500, TsvDocuments
from siamese_tags.masked.masked_data import MaskedData
from siamese_tags.masked.split import masked_split
from siamese_tags.masked.training import MaskedContextModel
from siamese_tags.stage1 import SingleNetwork


@pytest.fixture
def runs(mini_data, miniature, fit, tmp_path):
    """Run folders of a short stage 1, of a context encoder of two members, and of one with perceptrons."""
    model = SingleNetwork(n_tags=22, n_topics=4, optimizer=partial(Adam, lr=0.01), hidden=(12, 7))
    fit(model, mini_data(), epochs=3).save_checkpoint(tmp_path / "network/checkpoints/last.ckpt")
    for layers in (0, 2):
        data = MaskedData(Cal500(str(miniature)), batch_size=10)
        encoder = MaskedContextModel(n_tags=22, width=8, members=2, layers=layers, optimizer=partial(Adam, lr=0.01))
        fit(encoder, data, epochs=3).save_checkpoint(tmp_path / f"encoder{layers}/checkpoints/last.ckpt")
    return tmp_path


@pytest.mark.parametrize("kind", ["network", "encoder0", "encoder2"])
def test_the_arrays_embed_as_the_run_does(kind, runs, capsys):
    main(["export-context", "--run", str(runs / kind), "--out", str(runs / "out")])
    assert "contextual embedding of 22 tags" in capsys.readouterr().out
    own, given = ContextualTags.load(runs / kind), ContextVectors(runs / "out")
    assert tuple(given.tags) == own.tags
    draw = np.random.default_rng(0)
    pairs = [
        Pair(own.tags[first], tuple(own.tags[place] for place in others))
        for count in (0, 1, 3, 9)
        for first, *others in [draw.permutation(22)[: 1 + count]]
    ]
    expected = np.stack([own.embed(pair.tag, pair.context) for pair in pairs])
    alone = np.stack([own.embed(tag) for tag in own.tags])
    unit = np.sqrt(np.square(alone - alone.mean(axis=0)).mean())
    np.testing.assert_allclose(given.embed(pairs), (expected - alone.mean(axis=0)) / unit, atol=2e-4)
    assert given.dim == expected.shape[1]
    assert ContextVectors(runs / "out").identity == given.identity
    main(["export-context", "--run", str(runs / kind), "--out", str(runs / "again")])
    assert ContextVectors(runs / "again").identity == given.identity


def test_a_run_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SystemExit, match="no checkpoint"):
        main(["export-context", "--run", str(tmp_path / "none"), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_documents_go_to_the_parts_of_their_split(tmp_path):
    tags = "".join(f"{name}\t{tag}\n" for name in "abcdef" for tag in ("x", "y", name))
    (tmp_path / "tags.tsv").write_text(tags)
    (tmp_path / "splits.tsv").write_text("b\ttrain\na\tvalid\nc\ttrain\ne\ttest\nd\ttest\n")
    documents = TsvDocuments(str(tmp_path / "tags.tsv"), splits=str(tmp_path / "splits.tsv")).read()
    assert documents.ids == ("a", "b", "c", "d", "e")
    split = masked_split(documents, 0)
    assert [[documents.ids[row] for row in part] for part in (split.train, split.validation, split.test)] == [
        ["b", "c"],
        ["a"],
        ["d", "e"],
    ]
    for content, what in (("a\tlearn\n", "'learn' is not a part"), ("a\ttrain\na\ttest\n", "'a' is listed twice")):
        (tmp_path / "splits.tsv").write_text(content)
        with pytest.raises(BadFileError, match=what):
            TsvDocuments(str(tmp_path / "tags.tsv"), splits=str(tmp_path / "splits.tsv")).read()
    with pytest.raises(MissingDataError, match=r"none\.tsv not found"):
        TsvDocuments(str(tmp_path / "tags.tsv"), splits=str(tmp_path / "none.tsv")).read()
