"""Pictures of word vectors: what is drawn, how it is named, equal bytes for equal input."""

import numpy as np
import pytest

from mwe.core.errors import MissingDataError
from mwe.core.pictures import save
from mwe.tracks import FolderTracks
from mwe.words import WordVectors
from mwe.words.figures import draw_maps, draw_pairs

RNG = np.random.default_rng(0)


@pytest.fixture
def words():
    tokens = ["low", "middle", "high", "pure", "buzzing", "bass", "drone"]
    return {name: WordVectors(tokens, RNG.standard_normal((7, 6)).astype(np.float32)) for name in ("one", "other")}


def test_a_bar_is_the_cosine_and_a_word_without_vector_is_said(words):
    drawn = draw_pairs(words, [("low", "high"), ("low", "rock")])
    first, second = drawn.axes
    expected = [
        float(one["low"] @ one["high"] / np.linalg.norm(one["low"]) / np.linalg.norm(one["high"]))
        for one in words.values()
    ]
    assert [bar.get_width() for bar in first.patches] == pytest.approx(expected, abs=1e-6)
    assert [text.get_text() for text in first.texts] == [f"{value:.2f}" for value in expected]
    assert [text.get_text() for text in second.texts] == ["no vector"] * 2
    assert [label.get_text() for label in first.get_yticklabels()] == ["one", "other"]
    assert (first.get_title(), second.get_title()) == ("low / high", "low / rock")


def test_a_map_shows_the_tags_that_all_know_and_names_the_clusters(words, miniature, tmp_path):
    tracks = FolderTracks(str(miniature)).read()
    words["third"] = WordVectors(words["one"].tokens[:5], words["one"].vectors[:5])
    clusters = {"pitch": ["low", "high"], "shape": ["pure", "bass drone"]}
    drawn = draw_maps(words, tracks, clusters, seed=1)
    panels = [axes for axes in drawn.axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == ["(a) one", "(b) other", "(c) third"]
    for axes in panels:
        assert [len(drawn.get_offsets()) for drawn in axes.collections] == [5, 2, 1]
        assert [text.get_text() for text in axes.texts] == ["low", "high", "pure"]
    png, svg = save(drawn, tmp_path / "map.png")
    before = png.read_bytes(), svg.read_bytes()
    save(draw_maps(words, tracks, clusters, seed=1), tmp_path / "map.png")
    assert (png.read_bytes(), svg.read_bytes()) == before
    assert ">low</text>" in svg.read_text()
    drawn.canvas.draw()
    [legend] = drawn.legends
    assert legend.get_window_extent().y1 <= min(axes.get_window_extent().y0 for axes in panels)  # it hides no tag


def test_a_map_of_too_few_tags_is_refused(words, miniature):
    words["few"] = WordVectors(["low", "high"], np.ones((2, 3), dtype=np.float32))
    with pytest.raises(MissingDataError, match="2 tags of miniature are known to all"):
        draw_maps(words, FolderTracks(str(miniature)).read(), {}, seed=0)
