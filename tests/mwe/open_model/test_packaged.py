"""The open model that comes with the package."""

import numpy as np
import pytest
import soundfile

from mwe import Library
from mwe.cli import main
from mwe.core.tokens import tag_of_token
from mwe.joint.pretrained import CARD, PACKAGED
from mwe.open_model.sources import DATASETS, OpenSources
from mwe.search.model import TrainedModel
from mwe.search.onnx_tower import TOLERANCE, TOWER, export_tower
from mwe.search.query_meaning import meaning_of_words
from mwe.search.tag_table import unit_rows

LARGEST = 12_000_000  # bytes
# queries in the manner of Table X, whose own are the first two, each with tags that are right
SENSE = {
    "deep house in miami ocean": ("house", "deep house", "club dance"),
    "meditation in the forest": ("calm", "relaxing", "meditative"),
    "sad rock in rainy day": ("sad", "rock", "melancholic"),
    "female vocal jazz in new york": ("jazz", "female vocal", "swing"),
}


@pytest.fixture
def packaged(cached_weights):
    return TrainedModel("open")


def test_it_is_small():
    assert sum(path.stat().st_size for path in PACKAGED.rglob("*") if path.is_file()) <= LARGEST


def test_it_knows_the_words_of_people(packaged):
    assert len(packaged.words) >= 20_000
    for query in SENSE:
        meaning = meaning_of_words(packaged.words, query)
        assert not [note for note in meaning.notes if "unknown" in note], query


@pytest.mark.parametrize(("query", "near"), [("deep house", "techno"), ("sad rock", "alternative"), ("jazz", "swing")])
def test_its_words_make_sense(packaged, query, near):
    vector_D = meaning_of_words(packaged.words, query).vector_D
    names = ["techno", "alternative", "swing", "opera", "choir", "harpsichord"]
    lookup = packaged.words.of_tags(names)
    cosine_T = lookup.vectors @ vector_D / np.linalg.norm(lookup.vectors, axis=1)
    assert names[int(cosine_T.argmax())] == near


@pytest.mark.parametrize("query", SENSE)
def test_queries_of_several_words_are_near_the_tags_that_are_right(packaged, query):
    """Of all tags, the right ones lie among the nearest tenth, and nearer than those of every other query."""
    tags = [token for token, kind in zip(packaged.words.tokens, packaged.words.kinds, strict=True) if kind == "tag"]
    unit_TD = unit_rows(packaged.words.of_tags(tags).vectors)
    cosine_T = unit_TD @ meaning_of_words(packaged.words, query).vector_D
    share = {tag_of_token(tag): (cosine_T < cosine).mean() for tag, cosine in zip(tags, cosine_T, strict=True)}
    nearness = {other: np.mean([share[tag] for tag in right]) for other, right in SENSE.items()}
    assert min(share[tag] for tag in SENSE[query]) > 0.9
    assert max(nearness, key=nearness.__getitem__) == query
    assert sorted(nearness.values())[-2] < nearness[query] - 0.1


def test_house_is_a_kind_of_music_before_it_is_a_home(packaged):
    house, *others = unit_rows(packaged.words.of_tags(["house", "club", "home", "apartment"]).vectors)
    club, home, apartment = (float(house @ other) for other in others)
    assert club > max(home, apartment) + 0.1


def test_its_card_names_every_source_and_its_terms():
    card = (PACKAGED / CARD).read_text()
    for dataset in OpenSources.datasets():
        assert dataset.licence in card
        assert DATASETS[dataset.name] in card


def test_a_new_library_takes_it_without_being_told(packaged, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", 0.1 * rng.standard_normal(50_000), 16_000)
    main(
        [
            "index",
            *map(str, sorted(tmp_path.glob("*.wav"))),
            "--out",
            "library",
            "--workers",
            "0",
            "--accelerator",
            "cpu",
        ]
    )
    assert "3 tracks ok" in capsys.readouterr().out.replace("3 ok", "3 tracks ok")
    library = Library(tmp_path / "library")
    assert library.space == packaged.space
    assert len(library.search("deep house in miami ocean", k=2).hits) == 2


def test_its_towers_are_exported_to_onnx(packaged, tmp_path):
    pytest.importorskip("onnxscript", reason="the extra `onnx` is not installed")
    assert export_tower(packaged, tmp_path / TOWER) <= TOLERANCE
    assert (tmp_path / TOWER).stat().st_size > 5_000_000  # with the towers' weights
