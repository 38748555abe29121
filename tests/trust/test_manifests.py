"""What stages tell of what they made, by which a stage knows what is outdated; and files that belong together."""

import errno
import json
import os

import pytest

from mwe.audio.extract import extract_mels
from mwe.core.errors import CannotWriteError, MissingDataError, StaleArtefactError
from mwe.core.files import atomic_write, read_json, write_text, writing, written_together
from mwe.core.manifest import fits, manifest
from mwe.corpora import CorpusSettings, PlainText, write_corpus
from mwe.corpora.paragraphs import kinds_path
from mwe.words import SkipGramSettings, train_skipgram
from mwe.words.skipgram import trained_before

SMALL = SkipGramSettings(dim=4, epochs=1)


def test_a_manifest_fits_what_was_made_of_the_same_by_the_same():
    wanted = manifest({"a": "1"}, {"sizes": (1, 2)}, {"rows": 3}, ("numpy", "no such package"))
    assert set(wanted["versions"]) == {"mwe", "python", "numpy", "no such package"}
    found = json.loads(json.dumps(wanted))
    assert fits(found, wanted)
    assert fits({**found, "versions": {}, "counts": {}}, wanted)
    for changed in ({"inputs": {"a": "2"}}, {"settings": {}}):
        assert not fits({**found, **changed}, wanted)
    for other in (None, [], "made", {}):
        assert not fits(other, wanted)


@pytest.fixture
def corpus(tmp_path):
    """A text and the corpus of it."""
    (tmp_path / "text.txt").write_text("one two three\nfour five\n" * 5)
    path = tmp_path / "c.txt"

    def write(**settings):
        return write_corpus(None, path, CorpusSettings(**settings), [PlainText(str(tmp_path / "text.txt"))])

    write()
    return path, write


def test_a_corpus_goes_by_the_content_of_its_sources(corpus, tmp_path):
    path, write = corpus
    told, written = read_json(kinds_path(path)), path.stat().st_mtime_ns
    assert str(tmp_path) not in json.dumps(told)
    os.utime(tmp_path / "text.txt", (1, 1))
    counts = write()
    assert path.stat().st_mtime_ns == written
    assert counts.tokens == 25
    (tmp_path / "text.txt").write_text("one two three\nfour six\n" * 5)
    write()
    assert "six" in path.read_text()
    assert read_json(kinds_path(path))["made"] != told["made"]


@pytest.mark.parametrize("damage", ["corpus", "vocabulary", "settings"])
def test_a_corpus_that_is_not_what_its_vocabulary_says_is_written_anew(corpus, damage):
    path, write = corpus
    before = path.read_bytes()
    if damage == "corpus":
        path.write_bytes(before[:-3])
        with pytest.raises(StaleArtefactError, match=r"c\.vocabulary\.json: was written for another version of c\.txt"):
            train_skipgram(path, SMALL)
    elif damage == "vocabulary":
        kinds_path(path).write_text("{")
    write(**({"seed": 1} if damage == "settings" else {}))
    assert path.read_bytes() == before
    assert read_json(kinds_path(path))["made"]["settings"]["seed"] == (damage == "settings")


def test_word_vectors_are_those_of_a_corpus_and_settings(corpus, tmp_path):
    path, write = corpus
    assert not trained_before(path, tmp_path / "words", SMALL)
    train_skipgram(path, SMALL).save(tmp_path / "words")
    assert trained_before(path, tmp_path / "words", SMALL)
    assert not trained_before(path, tmp_path / "words", SkipGramSettings(dim=5, epochs=1))
    (tmp_path / "text.txt").write_text("one two three\n")
    write()
    assert not trained_before(path, tmp_path / "words", SMALL)
    (tmp_path / "words/vectors.npy").write_bytes(b"")
    assert not trained_before(path, tmp_path / "words", SMALL)


def test_a_mel_store_has_a_manifest_while_it_is_whole(miniature, tmp_path, monkeypatch):
    tracks = [(f"t{number:02}", miniature / f"audio/t{number:02}.flac") for number in range(3)]
    extract_mels(tracks[:2], tmp_path, workers=0, accelerator="cpu")
    first = read_json(tmp_path / "mel.json")["made"]
    assert first["counts"] == {"ok": 2}

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("mwe.audio.extract._write_tables", stopped)
        with pytest.raises(KeyboardInterrupt):
            extract_mels(tracks, tmp_path, workers=0, accelerator="cpu")
    assert "made" not in read_json(tmp_path / "mel.json")
    extract_mels(tracks, tmp_path, workers=0, accelerator="cpu")
    made = read_json(tmp_path / "mel.json")["made"]
    assert made["counts"] == {"ok": 3}
    assert made["inputs"] != first["inputs"]


def pair(folder, texts, last="b"):
    with written_together(folder, last, ["c"]) as staging:
        for name, text in texts.items():
            (staging / name).write_text(text)


def kept(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("failing", [1, 2])
def test_files_that_belong_together_are_never_mixed(tmp_path, monkeypatch, call, failing):
    pair(tmp_path, {"a": "1", "b": "1", "c": "1"})
    calls, true = [], getattr(os, call)

    def full(*args):
        calls.append(args)
        if len(calls) == failing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return true(*args)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        with pytest.raises(CannotWriteError, match=r"b: cannot be written \(No space left on device\)"):
            pair(tmp_path, {"a": "2", "b": "2"})
    found = kept(tmp_path)
    # once files are being put in place, a folder without the file that declares them is what tells that they are not
    assert found == {"a": "1", "b": "1", "c": "1"} if call == "fsync" else "b" not in found
    assert not list(tmp_path.glob(".*"))
    pair(tmp_path, {"a": "2", "b": "2"})
    assert kept(tmp_path) == {"a": "2", "b": "2"}


def test_an_error_of_reading_is_not_one_of_writing(tmp_path):
    with pytest.raises(FileNotFoundError, match="elsewhere"), atomic_write(tmp_path / "a"):
        open(tmp_path.parent / "elsewhere").close()
    with pytest.raises(MissingDataError, match="gone"), writing(tmp_path):
        raise MissingDataError("gone")
    with pytest.raises(CannotWriteError, match=r"File exists|Not a directory"):
        write_text(tmp_path / "file", "") or write_text(tmp_path / "file" / "below", "")
    error = CannotWriteError("a", "full")
    made, arguments = error.__reduce__()
    assert str(made(*arguments)) == str(error)
