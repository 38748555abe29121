"""Word vectors: on disk, look-up, training by gensim, evaluation on track IDs."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from gensim.models import Word2Vec

from mwe.cli import main
from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError
from mwe.core.files import read_json
from mwe.corpora import CorpusSettings, write_corpus
from mwe.tracks import FolderTracks
from mwe.words import SkipGramSettings, WordVectors, train_skipgram

TOKENS = ["deep", "house", "deep_house", "artist:air", "track:t1"]


@pytest.fixture
def vectors():
    return WordVectors(
        TOKENS, np.arange(10, dtype=np.float32).reshape(5, 2), ["word", "word", "tag", "artist", "track"]
    )


def test_saved_and_loaded_they_are_the_same_and_stay_on_disk(vectors, tmp_path):
    vectors.save(tmp_path / "v")
    loaded = WordVectors.load(tmp_path / "v")
    assert isinstance(loaded.vectors, np.memmap)
    assert (loaded.tokens, loaded.kinds, loaded.dim, len(loaded)) == (TOKENS, vectors.kinds, 2, 5)
    np.testing.assert_array_equal(loaded.vectors, vectors.vectors)


def test_many_tracks_are_looked_up_in_blocks_as_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr("mwe.words.vectors.BLOCK", 7)
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((50, 3), dtype=np.float32)
    WordVectors([f"track:t{number}" for number in range(50)], rows).save(tmp_path)
    asked, loaded = rng.permutation(60), WordVectors.load(tmp_path)
    found = loaded.of_tracks([f"T{number}" for number in asked])
    for number, vector, known in zip(asked, *found, strict=True):
        assert known == (number < 50)
        np.testing.assert_array_equal(vector, rows[number] if known else np.zeros(3))
    np.testing.assert_array_equal(loaded.vectors, rows)  # what was given back is read again


def test_look_up_by_kind_and_mean_of_words(vectors):
    found = vectors.of_tags(["Deep House", "deep", "house deep", "deep techno", "polka"])
    assert found.known.tolist() == [True, True, True, True, False]
    np.testing.assert_array_equal(found.vectors, [[4, 5], [0, 1], [1, 2], [0, 1], [0, 0]])
    assert vectors.of_artists(["Air", "Moby"]).known.tolist() == [True, False]
    np.testing.assert_array_equal(vectors.of_tracks(["T1"]).vectors, [[8, 9]])


def test_an_unknown_word_comes_with_the_nearest(vectors):
    with pytest.raises(UnknownNameError, match=r"unknown word 'hose' .*nearest: 'house'"):
        vectors["hose"]
    np.testing.assert_array_equal(vectors["house"], [2, 3])


def test_shapes_that_do_not_fit_and_repeated_tokens_are_refused():
    with pytest.raises(ValueError, match="2 tokens do not fit"):
        WordVectors(["a", "b"], np.zeros((3, 2)))
    with pytest.raises(ValueError, match="more than once"):
        WordVectors(["a", "a"], np.zeros((2, 2)))


def test_missing_damaged_and_hostile_files_are_refused(vectors, tmp_path):
    with pytest.raises(MissingDataError, match="mwe words train"):
        WordVectors.load(tmp_path)
    vectors.save(tmp_path)
    marker = tmp_path / "marker"

    class Payload:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    for content in (b"not numpy", pickle.dumps(Payload())):
        (tmp_path / "vectors.npy").write_bytes(content)
        with pytest.raises(BadFileError, match=r"vectors\.npy"):
            WordVectors.load(tmp_path)
    assert not marker.exists()
    vectors.save(tmp_path)
    (tmp_path / "vocabulary.json").write_text(json.dumps({"tokens": ["a"], "kinds": ["word"], "made": {}}))
    with pytest.raises(BadFileError, match="1 tokens do not fit"):
        WordVectors.load(tmp_path)
    vectors.save(tmp_path)
    listed = json.loads((tmp_path / "vocabulary.json").read_text())
    (tmp_path / "vocabulary.json").write_text(json.dumps(listed | {"kinds": ["spice", *listed["kinds"][1:]]}))
    with pytest.raises(BadFileError, match="a kind is unknown"):
        WordVectors.load(tmp_path)


@pytest.fixture(scope="module")
def corpus(miniature, tmp_path_factory):
    path = tmp_path_factory.mktemp("words") / "corpus.txt"
    write_corpus(FolderTracks(str(miniature)).read(), path, CorpusSettings(copies=10))
    return path


SMALL = SkipGramSettings(dim=16, epochs=10, negatives=5)


def test_equal_seeds_give_equal_vectors(corpus):
    first, second = train_skipgram(corpus, SMALL), train_skipgram(corpus, SMALL)
    np.testing.assert_array_equal(first.vectors, second.vectors)
    assert first.tokens == second.tokens
    other = train_skipgram(corpus, SkipGramSettings(dim=16, epochs=10, negatives=5, seed=1))
    assert not np.array_equal(first.vectors[0], other[first.tokens[0]])


def test_words_that_stand_together_come_together(corpus):
    vectors = train_skipgram(corpus, SMALL)

    def cosine(a, b):
        return vectors[a] @ vectors[b] / np.linalg.norm(vectors[a]) / np.linalg.norm(vectors[b])

    assert cosine("low", "bass_drone") > cosine("high", "bass_drone")
    assert dict(zip(vectors.tokens, vectors.kinds, strict=True))["bass_drone"] == "tag"
    assert vectors.made["settings"]["dim"] == 16


def test_cbow_is_another_model_of_gensim_s_alone(corpus):
    cbow = train_skipgram(corpus, replace(SMALL, model="cbow"))
    reference = Word2Vec(
        corpus_file=str(corpus), vector_size=16, window=15, negative=5, epochs=10, min_count=1, alpha=0.025,
        sample=1e-3, workers=1, seed=0, sg=0,
    )  # fmt: skip
    np.testing.assert_array_equal(cbow.vectors, reference.wv.vectors)
    assert not np.array_equal(cbow.vectors, train_skipgram(corpus, SMALL).vectors)
    assert cbow.made["settings"]["model"] == "cbow"
    with pytest.raises(UnknownNameError, match=r"torch trains skipgram only.*'cbow'"):
        train_skipgram(corpus, replace(SMALL, model="cbow", trainer="torch"))


def test_no_corpus_and_an_empty_one_are_refused(tmp_path):
    with pytest.raises(MissingDataError, match="mwe words corpus"):
        train_skipgram(tmp_path / "none.txt")
    (tmp_path / "empty.txt").touch()
    with pytest.raises(BadFileError, match="holds no token"):
        train_skipgram(tmp_path / "empty.txt")


def test_evaluation_through_the_front_door(corpus, miniature, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train_skipgram(corpus, SMALL).save("words")
    main(
        ["test", "--model", "mwe.words.retrieval.WordRetrieval", "--data", "mwe.words.retrieval.WordDataModule",
         "--data.collection", "mwe.tracks.FolderTracks", "--data.collection.root", str(miniature),
         "--data.words", "words",
         "--trainer.accelerator", "cpu", "--trainer.logger", "mwe.core.logger.RunLogger",
         "--trainer.logger.name", "words", "--trainer.enable_progress_bar", "false"]
    )  # fmt: skip
    written = read_json("outputs/words/seed0/metrics.json")
    assert written["collection"] == "miniature"
    assert written["notes"] == {"tags_without_vector": 0, "tracks_without_vector": 0}
    assert written["metrics"]["rocauc_tag_seen"] > 0.8
    assert written["metrics"]["recall_any@1"] > 0.5
