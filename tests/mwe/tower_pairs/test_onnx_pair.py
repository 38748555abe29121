"""Pairs of ONNX graphs, made on the spot by the exporter of PyTorch."""

import json
import shutil
import string

import numpy as np
import pytest
import torch
from torch import nn
from torch.export import Dim

from mwe.core.errors import BadFileError
from mwe.search import Library
from mwe.search.index import index_library
from mwe.tower_pairs import open_pair
from mwe.tower_pairs.encoding import embed_texts, embed_waveforms
from tests.mwe.search.test_index import HERE

TOKENS = ["[PAD]", "[UNK]", *string.ascii_lowercase]
DECLARED = {"sample_rate": 8000, "seconds": 0.5, "template": "a {} sound", "licence": "cc0-1.0"}


class Spectrum(nn.Module):
    """Energy of eight parts of an excerpt and of their differences."""

    def forward(self, wave):
        parts = wave.reshape(wave.shape[0], 8, -1)
        return torch.cat([parts.abs().mean(2), parts.diff(dim=2).abs().mean(2)], dim=1)


class Letters(nn.Module):
    """A vector of every letter."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(len(TOKENS), 16)

    def forward(self, input_ids, attention_mask):
        return self.embedding(input_ids) + 0 * attention_mask[..., None]


def write_pair(folder):
    """Write graphs, tokenizer and description."""
    import tokenizers
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split

    folder.mkdir(parents=True)
    wave_BT, id_BL = torch.zeros(2, 4000), torch.ones(2, 3, dtype=torch.long)
    for module, given, names, shapes in (
        (Spectrum(), (wave_BT,), ["waveform"], ({0: Dim.DYNAMIC},)),
        (Letters(), (id_BL, id_BL.clone()), ["input_ids", "attention_mask"], ({0: Dim.DYNAMIC, 1: Dim.DYNAMIC},) * 2),
    ):
        path = folder / ("audio.onnx" if names == ["waveform"] else "text.onnx")
        options = dict(input_names=names, dynamic_shapes=shapes, dynamo=True, verbose=False, external_data=False)
        torch.onnx.export(module.eval(), given, path, **options)
    tokenizer = tokenizers.Tokenizer(WordLevel({token: row for row, token in enumerate(TOKENS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Split(tokenizers.Regex("."), "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "pair.json").write_text(json.dumps(DECLARED), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    return write_pair(tmp_path_factory.mktemp("graphs") / "pair")


def test_texts_are_pooled_without_padding_and_equal_in_every_batch(graphs):
    pair, name = open_pair(f"onnx:{graphs}")
    assert name == f"onnx:{graphs}"
    assert (pair.description.dim, pair.description.licence) == (16, "cc0-1.0")
    torch.manual_seed(0)
    row_VD = nn.Embedding(len(TOKENS), 16).weight.detach().numpy()
    texts = ["low", "calmpiano"]
    unit_ND = embed_texts(pair, texts)
    np.testing.assert_allclose(unit_ND, np.concatenate([embed_texts(pair, [text]) for text in texts]), atol=1e-6)
    mean_D = row_VD[[TOKENS.index(letter) for letter in texts[1]]].mean(axis=0)
    np.testing.assert_allclose(unit_ND[1], mean_D / np.linalg.norm(mean_D), atol=1e-6)


def test_the_first_token_where_it_is_declared(graphs, tmp_path):
    shutil.copytree(graphs, tmp_path / "first")
    (tmp_path / "first/pair.json").write_text(json.dumps({**DECLARED, "pooling": "first"}), encoding="utf-8")
    pair, _ = open_pair(f"onnx:{tmp_path / 'first'}")
    low_D, calm_D = embed_texts(pair, ["lc", "cl"])
    np.testing.assert_allclose(embed_texts(pair, ["l", "c"]), [low_D, calm_D], atol=1e-6)


def test_a_library_of_graphs(graphs, music, tmp_path, tones):
    index_library([music], f"onnx:{graphs}", tmp_path / "lib", hardware=HERE)
    library, (pair, _) = Library(tmp_path / "lib"), open_pair(f"onnx:{graphs}")
    [unit_D] = embed_texts(pair, ["calm piano"])
    assert library.search("calm piano", k=1).hits[0].score == pytest.approx(float((library.matrix_ND @ unit_D).max()))
    wave_T = np.tile(tones[2].numpy(), 5)[: int(1.8 * 16_000)]
    np.testing.assert_allclose(embed_waveforms(pair, wave_T[None], 16_000)[0], library.matrix_ND[2], atol=5e-3)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("audio.onnx", b"not a graph", r"audio\.onnx: not an ONNX graph"),
        ("tokenizer.json", b"{}", r"tokenizer\.json: not a tokenizer"),
        ("pair.json", b'{"seconds": 1}', r"pair\.json: not the description of a pair \(KeyError: 'sample_rate'\)"),
        ("pair.json", json.dumps({**DECLARED, "pooling": "max"}).encode(), "pooling 'max' is none of mean, first"),
        ("pair.json", json.dumps({**DECLARED, "unheard": 1}).encode(), "unheard"),
        ("text.onnx", None, r"has no text\.onnx"),
    ],
)
def test_files_that_cannot_be_used_are_named(graphs, tmp_path, name, content, problem):
    shutil.copytree(graphs, tmp_path / "damaged")
    (tmp_path / "damaged" / name).unlink()
    if content is not None:
        (tmp_path / "damaged" / name).write_bytes(content)
    with pytest.raises(BadFileError, match=problem):
        open_pair(f"onnx:{tmp_path / 'damaged'}")
