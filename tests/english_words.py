"""English words for tests: the published ones where they are to be had, and miniature wheels where they are not."""

import json
import zipfile
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from mwe.core.errors import MissingDataError
from mwe.core.files import sha256
from mwe.words import WordVectors, english
from tests.published_weights import REAL_CACHE

SYLLABLES = [a + b for a, b in product("bdfgklmnprst", "aeiou")]
PARTS = ("subwords", "dictionary")
DIM = 12


@pytest.fixture
def published_english(monkeypatch) -> None:
    """The published English words in the user's cache, fetched if need be, or a skip that says so."""
    monkeypatch.setenv("MWE_CACHE", str(REAL_CACHE))
    try:
        for part in PARTS:
            english.fetch_english(part)
    except MissingDataError as error:
        pytest.skip(f"the English words are neither in the cache nor to be fetched: {error}")


@pytest.fixture(scope="session")
def miniature_english(tmp_path_factory) -> dict[str, Path]:
    """Wheels of made-up subwords, a syllable each, and of a list of words, laid out as the published ones."""
    folder = tmp_path_factory.mktemp("english")
    starts = [f"▁{syllable}" for syllable in SYLLABLES]
    pieces = {piece: row for row, piece in enumerate([*starts, *SYLLABLES])}
    merges = [f"{a} {b}" for a, b in SYLLABLES] + [f"▁ {syllable}" for syllable in SYLLABLES]
    vectors = np.random.default_rng(0).normal(size=(len(SYLLABLES), DIM)).astype(np.float16)
    files = {
        "subwords": {
            english.VECTORS: save({"embedding.weight": np.concatenate([vectors, vectors])}),
            english.PIECES: json.dumps({"model": {"vocab": pieces, "merges": merges}}).encode(),
        },
        "dictionary": {english.LISTED: b"tasalamo 12\nlonely 3\n"},
    }
    wheels = {}
    for part, contents in files.items():
        declared = english.declaration()[part]
        wheels[part] = folder / declared["name"]
        with zipfile.ZipFile(wheels[part], "w") as archive:
            for name, content in contents.items():
                archive.writestr(declared["files"][name]["member"], content)
            names = (declared["package"], declared["version"])
            info = "{}-{}.dist-info".format(*names)
            archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: {}\nVersion: {}\n".format(*names))
            tag = declared["name"].removesuffix(".whl").split("-", 2)[2]
            archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            archive.writestr(f"{info}/RECORD", "")
    return wheels


@pytest.fixture
def english_wheels(miniature_english, tmp_path, monkeypatch) -> dict[str, Path]:
    """Those wheels, declared as the published ones, and pip without an index."""
    declared = {}
    for part, wheel in miniature_english.items():
        files = {}
        with zipfile.ZipFile(wheel) as archive:
            for name, file in english.declaration()[part]["files"].items():
                copy = tmp_path / name
                copy.write_bytes(archive.read(file["member"]))
                files[name] = {**file, "sha256": sha256(copy)}
                copy.unlink()
        declared[part] = {**english.declaration()[part], "sha256": sha256(wheel), "files": files}
    monkeypatch.setattr(english, "declaration", lambda: declared)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return miniature_english


@pytest.fixture
def syllable_words(english_wheels) -> WordVectors:
    """Words of three syllables, each the sum of its syllables in another space; those of the list are left out."""
    for part, wheel in english_wheels.items():
        english.fetch_english(part, wheel)
    rng = np.random.default_rng(1)
    tokens = sorted({"".join(rng.choice(SYLLABLES, size=3)) for _ in range(2_500)} - {"tasalamo"})
    map_SD = rng.normal(size=(DIM, 8))
    rows = english.EnglishWords.load().embed(tokens) @ map_SD
    return WordVectors(tokens, rows.astype(np.float32))
