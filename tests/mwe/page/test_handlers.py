"""What the page answers, without a browser."""

import json
import re
import shutil
from threading import Lock

import numpy as np
import pytest
import soundfile

from mwe.audio import upload_size
from mwe.search import Filters, Library
from mwe.search.grammar import Term

module = pytest.importorskip("mwe.page.handlers", reason="Gradio is not installed (extra `demo`)")
PageQuery, Handlers, Options = module.PageQuery, module.Handlers, module.Options
RATE = 22050


@pytest.fixture
def handlers(library):
    return Handlers(library, Lock())


def rows(html):
    return [int(row) for row in re.findall(r'<details[^>]* data-row="(\d+)"', html)]


def test_words_find_tracks_with_their_sound_picture_and_tags(handlers, library):
    html = handlers.answer(PageQuery("low - pure"), Options(k=5))
    found = [library.row_of(hit.track_id) for hit in library.search("low - pure", 5).hits]
    assert rows(html) == found
    assert " open" not in html
    for row in found:
        assert f'src="library/tracks/{row}/sound"' in html
        assert f'src="library/tracks/{row}/mel.png"' in html
    assert '<span class="mwe-plus">+ low</span><span class="mwe-minus">&minus; pure</span>' in html
    assert html.count('data-tag="bass drone"') == 5
    assert html.count("unseen</small>") == 5
    assert "5 tracks" in html


def test_a_track_stands_open_above_those_like_it(handlers, library):
    asked = handlers.query_of({"track": 3, "play": True})
    assert asked == PageQuery("track:t03", Term("track", "t03"), True)
    html = handlers.answer(asked, Options(k=4))
    first, *others = rows(html)
    assert first == 3
    assert others == [library.row_of(hit.track_id) for hit in library.search("track:t03", 4).hits]
    assert re.search(r'data-row="3" open>.*src="library/tracks/3/sound" data-play', html)
    # typed, it is the same but for the music, and weights and signs make it a sum
    assert handlers.answer(PageQuery("track:t03"), Options(k=4)) == html.replace(" data-play", "")
    for other in ("track:t03 + low", "- track:t03"):
        assert " open>" not in handlers.answer(PageQuery(other), Options(k=4))


def test_filters_and_artists_narrow_the_answer(handlers, library):
    html = handlers.answer(PageQuery("low"), Options(20, 1, Filters(("low",), ("pure",), (), ())))
    found = [library.row(row) for row in rows(html)]
    assert len(found) > 1
    assert all("low" in one["tags"] and "pure" not in one["tags"] for one in found)
    assert len({one["artist_id"] for one in found}) == len(found)
    assert "No track matches" in handlers.answer(PageQuery("low"), Options(5, None, Filters(("low",), ("low",))))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tag:lwo", r"unknown tag &#x27;lwo&#x27; .*nearest: &#x27;low&#x27;"),
        ("lew", r"no word of the query &#x27;lew&#x27; is known: .*nearest: .*low"),
        ("low -", "query .*nothing follows the last sign"),
        ("artist:artist", "unknown artist .*nearest: &#x27;artist"),
        ("low + file:/etc/passwd", "does not read files by name"),
        ('FILE:"/etc/passwd"', "does not read files by name"),
        ("playlist:/etc/list.m3u8", "does not read files by name"),
        ("low " * 200, "more than 500 letters"),
        ("<script>alert(1)</script>", "&lt;script&gt;"),
    ],
)
def test_what_cannot_be_answered_is_said_kindly(handlers, text, told):
    html = handlers.answer(PageQuery(text))
    assert re.match(rf'<p class="mwe-error" role="alert">.*{told}', html), html
    assert "root:" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "event",
    [{}, {"track": -1}, {"track": 24}, {"track": "3"}, {"track": 2.0}, {"artist": None}, {"track": [1]}, {"tag": 5}],
)
def test_a_click_that_no_browser_sends_asks_for_nothing(handlers, event):
    assert handlers.query_of(event) is None


def test_tags_and_artists_can_be_clicked(handlers):
    assert handlers.query_of({"tag": "bass drone"}) == PageQuery("tag:bass drone", Term("tag", "bass drone"))
    assert handlers.query_of({"artist": 9}) == PageQuery("artist:artist2", Term("artist", "artist2"))
    assert rows(handlers.answer(handlers.query_of({"artist": 9})))


def test_odd_names_stay_text_and_can_be_asked_for(odd):
    handlers = Handlers(odd, Lock())
    html = handlers.answer(PageQuery("low"), Options(k=3))
    assert "&lt;img src=x onerror=alert(1)&gt; ${alert(1)} `{{value}}`" in html
    assert "<img src=x" not in html
    for row in range(3):
        for kind in ("track", "artist"):
            assert "mwe-error" not in handlers.answer(handlers.query_of({kind: row}))
    for tag in odd.tags.tags:
        html = handlers.answer(handlers.query_of({"tag": tag}))
        assert "<img src=x" not in html


def of_file(handlers, path, **options):
    return handlers.answer(PageQuery("", Term("file", str(path))), Options(**options))


def test_a_file_gets_its_tags_and_neighbours(handlers, library, miniature):
    html = of_file(handlers, miniature / "audio/t00.flac", k=3)
    # the file is in the library too: its first neighbour is itself
    assert rows(html)[0] == 0
    assert len(rows(html)) == 3
    asked, _ = html.split("Most similar")
    assert "t00.flac" in asked
    assert 'src="data:image/png;base64,' in asked
    scores = dict(re.findall(r'data-tag="([^"]+)".*?<b>([\d.]+)</b>', asked))
    tagged = library.tag_files([miniature / "audio/t00.flac"])[0].tags
    assert scores == {one.tag: f"{one.score:.2f}" for one in tagged}


def test_a_cut_file_is_heard_as_far_as_it_goes(handlers, tmp_path):
    cut = tmp_path / "my <song>.wav"
    soundfile.write(cut, 0.3 * np.sin(np.arange(6 * RATE) / 9), RATE)
    cut.write_bytes(cut.read_bytes()[:100_000])
    html = of_file(handlers, cut)
    assert "my &lt;song&gt;.wav" in html
    assert "only a part of the file was read: truncated: 2.3 s of the 6.0 s it states" in html


def test_a_file_that_cannot_be_heard_is_refused_in_the_librarys_words(handlers, tmp_path):
    page = tmp_path / "my <song>.mp3"
    page.write_text("<html>")
    html = of_file(handlers, page)
    assert "my &lt;song&gt;.mp3: not-audio: a web page or XML, 6 bytes. Query with another file." in html
    assert str(tmp_path) not in html
    assert "missing: no such file" in of_file(handlers, tmp_path / "gone.ogg")


def test_what_is_heard_of_a_file_is_bounded(handlers, tmp_path, monkeypatch):
    long = tmp_path / "long.flac"
    soundfile.write(long, np.tile(0.3 * np.sin(np.arange(4000) / 9), 605), 4000)
    monkeypatch.setattr(upload_size, "MAX_SAMPLES", 600 * 4000 - 1)
    assert "long.flac: 4,000 samples a second for 600 seconds" in of_file(handlers, long)
    monkeypatch.setattr(upload_size, "MAX_SAMPLES", 600 * 4000)
    html = of_file(handlers, long, k=1)
    assert "Its first 10 minutes were used." in html
    assert len(rows(html)) == 1


def test_a_model_that_is_gone_leaves_search_and_says_so(folder, miniature, tmp_path):
    shutil.copytree(folder, tmp_path / "own")
    declared = json.loads((tmp_path / "own/library.json").read_text())
    (tmp_path / "own/library.json").write_text(json.dumps({**declared, "run": str(tmp_path / "gone")}))
    handlers = Handlers(Library(tmp_path / "own"), Lock())
    assert rows(handlers.answer(PageQuery("low")))
    assert "neither a run nor an export" in of_file(handlers, miniature / "audio/t00.flac")


def test_every_answer_says_why_and_an_upload_never_where_it_lies(handlers, library, miniature):
    html = handlers.answer(PageQuery("low - pure"), Options(3))
    first = library.search("low - pure", 3).hits[0]
    assert html.count('class="mwe-why" hidden') == 3
    assert f"<span>score</span><i></i><b>{first.score:.2f}</b>" in html
    assert "<span>not pure</span>" in html
    sent = of_file(handlers, miniature / "audio/t00.flac")
    assert "<span>your file</span>" in sent
    assert f"file {miniature}" not in sent


def test_a_track_may_be_asked_for_by_its_id(handlers):
    assert handlers.query_of({"id": "t05"}) == PageQuery("track:t05", Term("track", "t05"))
    assert handlers.query_of({"id": "/etc/passwd"}) is None
    assert handlers.query_of({"id": 5}) is None
