"""Tags learnt from examples: the regression, their place among words and tags, and their file."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mwe.audio.predict import Hardware
from mwe.cli import main
from mwe.core.errors import BadFileError, BadRequestError, StaleArtefactError, UnknownNameError
from mwe.search import Library
from mwe.search.few_shot import ExampleLearner
from mwe.search.index import index_library
from mwe.search.learn_tag import keep, learnt_tag, named_tracks, refresh, remove
from mwe.search.learnt_tags import FILE, GROUP
from mwe.search.tag_table import unit_rows


@pytest.fixture
def root(folder, tmp_path) -> Path:
    """A library of its own."""
    return Path(shutil.copytree(folder, tmp_path / "tones"))


def rows_of(library, tag, count=None):
    return library.store.rows_of_tag(tag)[:count].tolist()


def first_tags(library, query, k=4):
    return [set(hit.tags) for hit in library.search(query, k).hits]


def test_the_direction_solves_a_ridge_regression():
    rng = np.random.default_rng(0)
    track_ND = unit_rows(rng.standard_normal((60, 5)) + 0.5)
    ridge, centred_ND = 0.7, track_ND - track_ND.mean(axis=0)
    target_N = np.zeros(60)
    target_N[[3, 8]], target_N[20] = 1, -1
    penalty = ridge * np.trace(np.cov(track_ND, rowvar=False, bias=True)) / 5 * 60
    wide_ND = np.vstack([centred_ND, np.sqrt(penalty) * np.eye(5)])
    # the sum of the centred examples is not centred itself where both signs differ in number: so is no intercept
    solved_D = np.linalg.lstsq(wide_ND, np.concatenate([target_N, np.zeros(5)]), rcond=None)[0]
    learnt_D = ExampleLearner(track_ND, ridge).direction(track_ND[[3, 8]], track_ND[[20]])
    np.testing.assert_allclose(learnt_D, unit_rows(solved_D[None])[0], atol=1e-6)


def test_the_word_counts_as_some_examples_and_less_the_more_there_are():
    rng = np.random.default_rng(0)
    track_ND = unit_rows(rng.standard_normal((500, 6)))
    learner, word_D = ExampleLearner(track_ND), np.eye(6, dtype=np.float32)[0]
    nearness = []
    for count in (1, 4, 16):
        example_ED = unit_rows(np.eye(6)[[1]] + 0.1 * rng.standard_normal((count, 6)))
        learnt_D = learner.direction(example_ED, word_D=word_D, word_counts=4.0)
        nearness.append(float(learnt_D @ word_D))
    assert nearness[0] > nearness[1] > nearness[2] > 0
    assert nearness[1] == pytest.approx(np.sqrt(0.5), abs=0.1)  # four examples and a word that counts as four


def test_a_learnt_tag_is_known_to_queries_and_among_the_tags(root):
    library = Library(root)
    with pytest.raises(UnknownNameError):
        library.search("hum")
    learning = learnt_tag(library, "Deep hum", rows_of(library, "low", 2))
    assert learning.tag.word is False
    matrix_ND, rows = library.matrix_ND, rows_of(library, "low", 2)
    learnt_2D = [ExampleLearner(matrix_ND).direction(matrix_ND[[row]]) for row in rows]
    behind = [
        (matrix_ND @ learnt_D > matrix_ND[left_out] @ learnt_D).mean()
        for left_out, learnt_D in zip(reversed(rows), learnt_2D, strict=True)
    ]
    assert learning.rank == pytest.approx(np.median(behind), abs=1 / 24)  # by rounding a track may stand behind itself
    keep(library, learning.tag)
    again = Library(root)
    for query in ("deep hum", 'tag:"Deep hum"', "deep hum, please"):
        assert all("low" in tags for tags in first_tags(again, query)), query
        assert "(learnt from 2 examples)" in again.search(query).terms[0][1]
    best = again.tags_of_vector(again.vectors([rows_of(library, "low")[5]])[0])
    (heard,) = [score for score in best if score.group == GROUP]
    (other,) = [
        score for score in again.tags_of_vector(again.vectors([rows_of(library, "high")[5]])[0]) if score.group == GROUP
    ]
    assert heard.tag == "Deep hum"
    assert 0 < other.probability < heard.probability < 1
    # in a sum, and with words of the model beside it
    assert all("low" in tags for tags in first_tags(again, "deep hum + low"))
    assert again.search("deep hum pure").terms[0][1] == "Deep hum (learnt from 2 examples), pure"


def test_it_stands_for_a_word_of_its_name_until_it_is_removed(root):
    library = Library(root)
    assert all("high" in tags for tags in first_tags(library, "high"))
    keep(library, learnt_tag(library, "high", rows_of(library, "low", 4), word=False).tag)
    again = Library(root)
    assert all("low" in tags for tags in first_tags(again, "high"))
    assert again.tags.tags == library.tags.tags
    assert again.tags.groups[again.tags.tags.index("high")] == GROUP
    # what tracks are listed with stays
    assert rows_of(again, "high") == rows_of(library, "high")
    remove(again, "High")
    assert not (root / FILE).exists()
    assert all("high" in tags for tags in first_tags(Library(root), "high"))
    with pytest.raises(UnknownNameError, match="learnt tag 'high'"):
        remove(again, "high")


def test_counter_examples_push_away(root):
    library = Library(root)
    examples, others = rows_of(library, "low", 2), rows_of(library, "buzzing", 2)
    others = [row for row in others if row not in examples]
    plain, pushed = (
        learnt_tag(library, "hum", examples, counters, word=False).tag.vector_D for counters in ((), others)
    )
    vectors = library.vectors(others)
    assert (vectors @ pushed).mean() < (vectors @ plain).mean()


def test_indexing_again_keeps_it_and_does_not_take_it_for_a_tag_of_the_model(root, miniature, run):
    library = Library(root)
    keep(library, learnt_tag(library, "hum", rows_of(library, "low", 2)).tag)
    index_library([miniature / "audio"], run, root, hardware=Hardware(workers=0, devices=1, accelerator="cpu"))
    again = Library(root)
    assert again.store.declared.edition == 2
    assert "hum" not in again.store.given_tags.tags
    assert "hum" in again.tags.tags
    assert "(learnt from 2 examples)" in again.search("hum").terms[0][1]


def test_another_model_refuses_it_until_it_is_learnt_again(root):
    library = Library(root)
    keep(library, learnt_tag(library, "hum", rows_of(library, "low", 2)).tag)
    content = json.loads((root / FILE).read_text())
    content["tags"][0]["examples"].append("gone")
    (root / FILE).write_text(json.dumps({**content, "space": "another"}))
    with pytest.raises(StaleArtefactError, match=r"learnt in embedding space another.*--refresh true"):
        Library(root).search("low")
    with pytest.raises(StaleArtefactError):
        keep(library, learnt_tag(library, "other", [0]).tag)
    assert json.loads((root / FILE).read_text())["space"] == "another"
    assert refresh(Library(root)) == ["hum: 1 of its examples are no longer in the library"]
    assert all("low" in tags for tags in first_tags(Library(root), "hum"))
    assert list(Library(root).store.learnt.tags["hum"].examples) == content["tags"][0]["examples"][:2]


@pytest.mark.parametrize(
    "change",
    [
        lambda tag: tag.update(vector_D=tag["vector_D"][:-1]),
        lambda tag: tag.update(vector_D=[2 * value for value in tag["vector_D"]]),
        lambda tag: tag.update(vector_D=[value / 2 for value in tag["vector_D"]]),
        lambda tag: tag.update(name="a + b"),
        lambda tag: tag.update(slope=float("nan")),
        lambda tag: tag.pop("examples"),
    ],
)
def test_a_damaged_file_is_named(root, change):
    library = Library(root)
    keep(library, learnt_tag(library, "hum", [0]).tag)
    content = json.loads((root / FILE).read_text())
    change(content["tags"][0])
    (root / FILE).write_text(json.dumps(content))
    with pytest.raises(BadFileError, match=f"{FILE}: not the tags that a library learnt"):
        Library(root).search("low")


def test_lists_name_examples_and_what_is_unknown_is_told(root, tmp_path):
    store = Library(root).store
    paths, ids = store.column("path").to_pylist(), store.column("track_id").to_pylist()
    (tmp_path / "list.txt").write_text(f"# mine\n{paths[3]}\n\n{ids[4]}\n{Path(paths[5]).name}\nnowhere.mp3\n")
    named = named_tracks(store, [ids[4]], tmp_path / "list.txt")
    assert named.rows == (4, 3, 5)
    assert named.notes == ("list.txt: 1 of 4 tracks not in the library: nowhere.mp3",)
    (tmp_path / "list.m3u8").write_text(f"#EXTM3U\n{paths[7]}\n/else/nowhere.mp3\n")
    assert named_tracks(store, (), tmp_path / "list.m3u8").rows == (7,)
    (tmp_path / "none.txt").write_text("nowhere.mp3\n")
    for path in ("none.txt", "empty.txt"):
        (tmp_path / "empty.txt").touch()
        with pytest.raises(UnknownNameError, match="unknown track"):
            named_tracks(store, (), tmp_path / path)
    with pytest.raises(UnknownNameError, match="unknown track 'nowhere'"):
        named_tracks(store, ["nowhere"])


def test_what_cannot_be_learnt_is_refused(root):
    library = Library(root)
    with pytest.raises(BadRequestError, match="no example of 'hum'"):
        learnt_tag(library, "hum", [])
    with pytest.raises(BadRequestError, match="is an example and a counter-example"):
        learnt_tag(library, "hum", [1, 2], [2])
    for name in ("", "calm + piano", "tag:x", 'a "b"', "x" * 300, "a\x1bb"):
        with pytest.raises(BadRequestError, match="cannot be the name of a tag"):
            learnt_tag(library, name, [1])


def test_the_command_learns_lists_and_removes(root, capsys):
    capsys.readouterr()
    given = ("--library", str(root))
    main(["learn-tag", "deep hum", "t00", "t01", *given])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"deep hum (learnt from 2 examples), kept in {root}"
    assert lines[1].startswith("an example that is left out of the learning is among the nearest ")
    main(["learn-tag", "--list", "true", *given])
    assert capsys.readouterr().out == "deep hum (learnt from 2 examples)\n"
    main(["search", "deep hum", *given])
    assert capsys.readouterr().out.startswith("+1 deep hum (learnt from 2 examples)\n")
    main(["learn-tag", "--refresh", "true", *given])
    assert capsys.readouterr().out == f"1 learnt tags in {root}\n"
    main(["learn-tag", "deep hum", "--remove", "true", *given])
    main(["learn-tag", "--list", "true", *given])
    assert capsys.readouterr().out.endswith(f"no learnt tags in {root}\n")
    with pytest.raises(SystemExit, match="no tag to learn"):
        main(["learn-tag", *given])
