"""Playlists as files: what is written is read again, and what others wrote is understood."""

import csv
import io
import os
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mwe.audio.file_tags import FileTags
from mwe.core.errors import BadFileError, MissingDataError
from mwe.search import Library
from mwe.search.answers import Hit
from mwe.search.layout import TRACKS
from mwe.search.playlist_entries import listed_tracks, read_entries
from mwe.search.playlist_files import XSPF, placed, playlist_text
from mwe.search.playlist_track import PlaylistTrack, actual_path

ODD = [
    "plain.mp3",
    "#1 hit.mp3",
    " spaces .mp3 ",
    "two\nlines.mp3",
    "carriage\rreturn.mp3",
    "100% & <b>\"quoted\" 'x'.mp3",
    "%41.mp3",
    "http:station.mp3",
    "日本 עברית 🎹.mp3",
    "next\x85line\u2028separator.mp3",
    "back\\slash.mp3",
]


@pytest.fixture
def plain_library(library_of):
    return library_of(np.eye(2, dtype=np.float32))


def track_of(path, **tags):
    return PlaylistTrack(Hit(Path(path).name, "", str(path), 0.5, (), FileTags(**tags)), str(path), 61.4)


@pytest.fixture
def library_at(library_of):
    """Make a library of tracks with given paths."""

    def make(paths):
        made = library_of(np.eye(len(paths), dtype=np.float32), words={"calm": np.eye(len(paths))[0]})
        table = made.tracks.set_column(2, "path", pa.array(list(map(str, paths))))
        pq.write_table(table.cast(TRACKS), made.root / made.store.declared.tracks_file)
        return Library(made.root)

    return make


@pytest.mark.parametrize("form", ["m3u8", "xspf"])
@pytest.mark.parametrize("relative", [True, False])
def test_odd_names_come_back(form, relative, tmp_path):
    paths = [tmp_path / "music" / name for name in ODD]
    out = tmp_path / f"lists/odd.{form}"
    out.parent.mkdir()
    out.write_bytes(playlist_text(form, list(map(track_of, paths)), out.parent if relative else None).encode())
    assert [entry.path for entry in read_entries(out)] == [str(path) for path in paths]
    assert (str(tmp_path) in read_entries(out)[0].name) != relative


def test_an_m3u8_has_lines_of_two_kinds(tmp_path):
    track = track_of("/music/rain.mp3", title="Rain\nor shine", artist="Ana  Lee")
    assert playlist_text("m3u8", [track]) == "#EXTM3U\n#EXTINF:61,Ana Lee - Rain or shine\n/music/rain.mp3\n"


def test_xspf_escapes_text_and_has_no_signs_that_xml_forbids():
    track = track_of("/music/a.mp3", title='Rain & <Sun> "\x01\x1f\ufffe"', artist="B", album="C", track=3)
    root = ElementTree.fromstring(playlist_text("xspf", [track]).encode())
    texts = {element.tag.removeprefix(f"{{{XSPF}}}"): element.text for element in root.iter() if element.text.strip()}
    assert texts == {
        "location": "file:///music/a.mp3",
        "title": 'Rain & <Sun> "   "',
        "creator": "B",
        "album": "C",
        "trackNum": "3",
        "duration": "61400",
    }


def test_csv_quotes_what_it_has_to():
    track = track_of("/music/two\nlines, a.mp3", title='"Rain"', year=1994)
    row = next(csv.DictReader(io.StringIO(playlist_text("csv", [track]))))
    assert row["path"] == "/music/two\nlines, a.mp3"
    assert [row[name] for name in ("position", "title", "year", "seconds", "score")] == [
        "1",
        '"Rain"',
        "1994",
        "61.40",
        "0.5000",
    ]


def test_paths_on_another_drive_stay_absolute(monkeypatch):
    def other_drive(path, start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert placed("/music/rain.mp3", Path("/lists")) == "/music/rain.mp3"


def test_parts_of_a_file_are_told_and_recognised(tmp_path):
    parts = [track_of("/music/album.flac")._replace(span=span) for span in ((0.0, 120.5), (120.5, float("inf")))]
    for form in ("m3u8", "xspf"):
        out = tmp_path / f"album.{form}"
        out.write_text(playlist_text(form, parts))
        assert [entry.start for entry in read_entries(out)] == [0.0, 120.5]
        assert out.read_text().count("stop-time=120.500") == 1
    assert ",120.500,/music/album.flac," in playlist_text("csv", parts)


def test_playlists_of_others_are_matched_by_the_ends_of_their_paths(library_at, tmp_path):
    known = ["/music/Ana/Rain.mp3", "/music/Bo/Rain.mp3", "/music/Bo/Caf\u00e9.mp3"]
    library = library_at(known)
    lines = [
        "C:\\Users\\me\\Music\\bo\\RAIN.MP3",
        "file:///D:/Music/Bo/Cafe%CC%81.mp3",
        "http://radio.example/stream",
        "/elsewhere/Rain.mp3",
        "/elsewhere/Wind.mp3",
    ]
    old = tmp_path / "old.m3u"
    old.write_text("\ufeff#EXTM3U\r\n#EXTINF:1,x\r\n" + "\r\n".join(lines) + "\r\n\r\n", encoding="utf-8", newline="")
    listed = listed_tracks(library.store, old)
    assert listed.rows == (1, 2)
    # two tracks end like the fourth
    assert listed.unknown == tuple(lines[2:])
    assert listed.note("old").startswith("old: 3 of 5 entries not in the library: http://radio.example/stream, /else")


def test_old_playlists_are_read_in_their_own_encoding(library_at, tmp_path):
    library = library_at(["/music/Caf\u00e9.mp3"])
    (tmp_path / "old.m3u").write_bytes("/music/Caf\u00e9.mp3\n".encode("cp1252"))
    assert listed_tracks(library.store, tmp_path / "old.m3u").rows == (0,)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", b"x.mp3", "not a playlist that is read"),
        ("a.m3u8", b"ID3\0\0\0", "not text"),
        ("a.xspf", b"<playlist", "not XML"),
        ("a.xspf", b'<!DOCTYPE x [<!ENTITY a "b">]><playlist/>', "declares entities"),
        ("a.xspf", b"<rss/>", "XML of rss, not an XSPF playlist"),
    ],
)
def test_what_is_no_playlist_is_refused(name, content, told, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadFileError, match=f"{name}: .*{told}"):
        read_entries(tmp_path / name)


PIECES = (
    *(
        b"/music/a.mp3",
        b"\n",
        b"\r",
        b"#EXTM3U",
        b"#EXTVLCOPT:start-time=9",
        b"file://",
        b"file:///",
        b"%00",
        b"%ff",
        b"\xff",
    ),
    *(
        b"<playlist xmlns='http://xspf.org/ns/0/'>",
        b"</playlist>",
        b"<track>",
        b"</track>",
        b"<location>",
        b"</location>",
    ),
    *(b"\xef\xbb\xbf", b"[", b"//[::1", b"&#0;", b"&amp;", b"x" * 5000, b"<a>" * 500, b"C:\\", b"\\\\", b".", b"/"),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=12), whole=st.booleans(), form=st.sampled_from(["m3u8", "xspf"])
)
def test_whatever_is_in_a_playlist_it_is_read_or_refused(pieces, whole, form, plain_library, tmp_path):
    path, content = tmp_path / f"any.{form}", b"".join(pieces)
    if whole and form == "xspf":
        content = PIECES[10] + b"<track><location>" + content + b"</location></track></playlist>"
    path.write_bytes(content)
    try:
        listed = listed_tracks(plain_library.store, path)
    except BadFileError:
        return
    assert len(listed.unknown) + len(listed.rows) <= listed.entries
    listed.note("any").encode()


def test_a_playlist_is_a_seed(library_at, tmp_path):
    library = library_at(["/music/a.mp3", "/music/b.mp3", "/music/c.mp3"])
    (tmp_path / "seeds.m3u8").write_text("/music/a.mp3\n/music/b.mp3\n/music/b.mp3\n/music/gone.mp3\n")
    answer = library.search(f"playlist:{tmp_path}/seeds.m3u8 + calm")
    assert [hit.track_id for hit in answer.hits] == ["t2"]
    assert answer.terms[0] == (1.0, "playlist seeds.m3u8 (the sound of 2 tracks)")
    assert answer.notes == ("seeds.m3u8: 1 of 4 entries not in the library: /music/gone.mp3",)
    (tmp_path / "none.m3u8").write_text("#EXTM3U\n/music/gone.mp3\n")
    with pytest.raises(BadFileError, match=r"none\.m3u8: 1 of 1 entries not in the library: /music/gone\.mp3\. Index"):
        library.search(f"playlist:{tmp_path}/none.m3u8")
    with pytest.raises(MissingDataError, match=r"nowhere\.m3u8 not found\. Give a playlist"):
        library.search("playlist:nowhere.m3u8")


def test_a_name_whose_bytes_are_no_unicode_is_its_file(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9.mp3"
    try:
        Path(os.fsdecode(raw)).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only Unicode")
    path = actual_path(f"{tmp_path}/caf\\xe9.mp3")
    assert os.fsencode(path) == raw
    for form in ("m3u8", "xspf"):
        out = tmp_path / f"a.{form}"
        out.write_text(playlist_text(form, [track_of(path)]), encoding="utf-8")
        assert "caf%E9.mp3" in out.read_text(encoding="utf-8")
        # the name that the library has for it
        assert [entry.path for entry in read_entries(out)] == [f"{tmp_path}/caf\\xe9.mp3"]
