"""Playlists from libraries of known vectors, and through the front door."""

import csv
import json
from itertools import pairwise

import numpy as np
import pytest

from mwe.cli import main
from mwe.core.errors import BadRequestError
from mwe.search import Filters
from mwe.search.asked import ask
from mwe.search.playlist import make_playlist
from mwe.search.playlist_request import PlaylistRequest
from mwe.search.reasons import reasons

WORDS = {"calm": [1, 0, 0, 0], "piano": [0, 1, 0, 0], "drums": [0, 0, 1, 0]}


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture
def library(library_of, rng, tmp_path):
    artists = [f"a{row % 4}" if row % 5 else "" for row in range(60)]
    tags = [["live"] if row % 2 else [] for row in range(60)]
    matrix_ND = unit(np.array([3, 3, 3, 3]) + rng.standard_normal((60, 4)))
    return library_of(matrix_ND, artists, tags, WORDS, root=tmp_path / "made")


def rows_of(library, playlist):
    return [library.row_of(track.hit.track_id) for track in playlist.tracks]


def test_without_other_wishes_it_is_the_answer_of_search(library):
    playlist = make_playlist(library, PlaylistRequest("calm - drums", artists_apart=False))
    assert [track.hit for track in playlist.tracks] == list(library.search("calm - drums", k=20).hits)
    assert playlist == make_playlist(library, PlaylistRequest("calm - drums", artists_apart=False, k=20))


def test_no_artist_follows_itself_but_unknown_ones_may(library):
    playlist = make_playlist(library, PlaylistRequest("calm", k=60))
    artists = [track.hit.artist_id for track in playlist.tracks]
    assert len(artists) == 60
    assert all(artist != following or not artist for artist, following in pairwise(artists))
    limited = make_playlist(library, PlaylistRequest("calm", k=60, per_artist=2))
    artists = [track.hit.artist_id for track in limited.tracks]
    assert {artist: artists.count(artist) for artist in artists} == {"a0": 2, "a1": 2, "a2": 2, "a3": 2, "": 12}
    assert limited.notes[0].startswith("20 instead of 60 tracks: 60 may be in it, 20 are within --per_artist 2")


def test_likeness_has_a_floor_and_shortness_is_told(library):
    scores = library.matrix_ND @ np.array(WORDS["calm"], np.float32)
    least = float(np.sort(scores)[-7]) - 1e-6
    playlist = make_playlist(library, PlaylistRequest("calm", least=least, artists_apart=False))
    assert [track.hit.score >= least for track in playlist.tracks] == [True] * 7
    assert playlist.notes[0].startswith(f"7 instead of 20 tracks: 60 may be in it, 7 have a likeness of {least:g}")
    with pytest.raises(BadRequestError, match=r"no track is left: 60 may be in it, 0 have a likeness of 0\.9999"):
        make_playlist(library, PlaylistRequest("calm", least=0.9999))


@pytest.mark.parametrize(("minutes", "tracks"), [(0.1, 6), (0.155, 9), (0.001, 1), (1.0, 60), (0.9, 54)])
def test_minutes_are_met_by_whole_tracks(minutes, tracks, library):
    """Every track has a second; of two lengths as near, the shorter one is taken."""
    playlist = make_playlist(library, PlaylistRequest("calm", minutes=minutes, artists_apart=False))
    assert len(playlist.tracks) == tracks
    assert not [note for note in playlist.notes if "minutes" in note]
    assert len(make_playlist(library, PlaylistRequest("calm", minutes=minutes, k=5)).tracks) == min(tracks, 5)


def test_more_minutes_than_there_are(library):
    playlist = make_playlist(library, PlaylistRequest("calm", minutes=30))
    assert len(playlist.tracks) == 60
    assert playlist.notes[0] == "1.0 instead of 30 minutes: 60 may be in it, no artist may follow itself"


def test_playlists_can_be_left_out(library, tmp_path):
    first = make_playlist(library, PlaylistRequest("calm", k=5))
    (tmp_path / "heard.m3u8").write_text("\n".join([*(track.path for track in first.tracks), "/nowhere/x.mp3"]))
    second = make_playlist(library, PlaylistRequest("calm", k=55, without=[tmp_path / "heard.m3u8"]))
    assert not {track.path for track in first.tracks} & {track.path for track in second.tracks}
    assert "heard.m3u8: 1 of 6 entries not in the library: /nowhere/x.mp3" in second.notes


def test_a_path_begins_and_ends_where_it_is_told(library):
    playlist = make_playlist(library, PlaylistRequest(start="t3", end="track:t8", k=7))
    rows = rows_of(library, playlist)
    assert (rows[0], rows[-1], len(set(rows))) == (3, 8, 7)
    artists = [track.hit.artist_id for track in playlist.tracks]
    assert all(artist != following or not artist for artist, following in pairwise(artists))
    cosines = [float(library.matrix_ND[i] @ library.matrix_ND[j]) for i, j in pairwise(rows)]
    assert [track.hit.score for track in playlist.tracks[1:]] == pytest.approx(cosines, abs=1e-6)
    assert playlist.tracks[0].hit.score is None
    toward = library.matrix_ND @ library.matrix_ND[8] - library.matrix_ND @ library.matrix_ND[3]
    assert all(toward[i] < toward[j] for i, j in pairwise(rows))


def test_a_path_between_words_has_their_nearest_tracks(library):
    playlist = make_playlist(library, PlaylistRequest(start="calm", end="drums", minutes=0.1))
    ids = [library.search(word, k=1).hits[0].track_id for word in ("calm", "drums")]
    assert [playlist.tracks[0].hit.track_id, playlist.tracks[-1].hit.track_id] == ids
    assert len(playlist.tracks) == 6
    # an end has conditions of its own
    by_artist = make_playlist(library, PlaylistRequest(start="calm artist:a1", end="drums artist:a2", k=4))
    assert [by_artist.tracks[end].hit.artist_id for end in (0, -1)] == ["a1", "a2"]


def test_a_path_keeps_to_filters_and_says_when_it_is_short(library):
    live = make_playlist(library, PlaylistRequest(start="t2", end="t4", k=40, filters=Filters(tags=["live"])))
    assert all("live" in track.hit.tags for track in live.tracks[1:-1])
    assert live.notes[0].startswith(f"{len(live.tracks)} instead of 40 tracks: 30 tracks may lie between")
    with pytest.raises(BadRequestError, match=r"no path with steps of a likeness of 0\.9999 or more from 't2' to 't4'"):
        make_playlist(library, PlaylistRequest(start="t2", end="t4", least=0.9999))


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (PlaylistRequest(), "nothing to choose tracks by"),
        (PlaylistRequest("calm", end="t1"), "needs both ends"),
        (PlaylistRequest("calm", minutes=0), "0 minutes; give a length above 0"),
        (PlaylistRequest("calm", minutes=float("nan")), "nan minutes"),
        (PlaylistRequest(start="t1", end="t1"), "begins and ends with the same track, 't1'"),
        (PlaylistRequest("calm", start="t1", end="t2"), "takes conditions in its query"),
        (PlaylistRequest(start="t1", end="t2", k=1), "a path of 1 tracks; give 2 to 200"),
        (PlaylistRequest(start="t1", end="t2", per_artist=1), "--per_artist is not for paths"),
        (PlaylistRequest(start="t1", end="artist:a1 - artist:a1"), "no track is left for the ends"),
        (
            PlaylistRequest(start="t1", end="drums", filters=Filters(tags=["live"], without_tags=["live"])),
            "left for",
        ),
    ],
)
def test_requests_that_contradict_themselves_are_refused(request_, told, library):
    with pytest.raises((BadRequestError, LookupError), match=told):
        make_playlist(library, request_)


def test_an_empty_library_is_told(library_of):
    with pytest.raises(BadRequestError, match="has no tracks"):
        make_playlist(library_of(np.zeros((0, 4)), words=WORDS), PlaylistRequest("calm"))


def run(capsys, library, *given):
    main(["playlist", *given, "--library", str(library.root)])
    return capsys.readouterr()


def test_the_command_writes_every_format(library, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ids = [track.hit.track_id for track in make_playlist(library, PlaylistRequest("calm", k=3)).tracks]
    shown = run(capsys, library, "calm", "--k", "3").out
    assert "+1 calm\n3 of 3 files are not there: /music/" in shown
    assert shown.endswith("3 tracks, 0.1 minutes\n")
    for suffix in ("m3u8", "xspf", "csv", "json"):
        told = run(capsys, library, "calm", "--k", "3", "--out", f"lists/a.{suffix}")
        assert told.out == f"3 tracks, 0.1 minutes in lists/a.{suffix}\n"
        assert "files are not there" in told.err
        printed = run(capsys, library, "calm", "--k", "3", "--format", suffix).out
        assert printed == (tmp_path / f"lists/a.{suffix}").read_text()
    assert [track["track_id"] for track in json.loads(printed)["tracks"]] == ids
    assert [row["track_id"] for row in csv.DictReader((tmp_path / "lists/a.csv").open())] == ids
    lines = (tmp_path / "lists/a.m3u8").read_text().splitlines()
    assert lines[2::2] == [f"/music/{name}.ogg" for name in ids]
    run(capsys, library, "calm", "--k", "3", "--out", "lists/b.m3u8", "--paths", "relative")
    relative = (tmp_path / "lists/b.m3u8").read_text().splitlines()
    assert all(line.startswith("../") and line.endswith(".ogg") for line in relative[2::2])
    # what was written is a seed
    again = run(capsys, library, "playlist:lists/b.m3u8", "--k", "57", "--format", "csv").out
    assert not {row["track_id"] for row in csv.DictReader(again.splitlines())} & set(ids)


def test_the_command_refuses_what_it_cannot_write(library, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for given, told in (
        (("--out", "a.mp3"), "a.mp3: no format has this suffix"),
        (("--out", "a.csv", "--format", "table"), "a.csv: a table is only shown"),
        (("--least", "2"), "no track is left"),
    ):
        with pytest.raises(SystemExit, match=f"mwe playlist: {told}"):
            run(capsys, library, "calm", *given)
    assert not list(tmp_path.glob("a.*"))


def test_answers_of_search_are_playlists(library, capsys):
    ids = [hit.track_id for hit in library.search("calm", k=4).hits]
    printed = {}
    for form in ("m3u8", "xspf", "csv"):
        main(["search", "the calm zzz", "--k", "4", "--format", form, "--library", str(library.root)])
        told = capsys.readouterr()
        printed[form] = told.out
        assert told.err == "unknown: 'zzz'\nleft out as stop words: the\n"
    assert printed["m3u8"].splitlines()[2::2] == [f"/music/{name}.ogg" for name in ids]
    assert printed["xspf"].count("<location>file:///music/") == 4
    assert [row["track_id"] for row in csv.DictReader(printed["csv"].splitlines())] == ids


def test_reasons_are_those_of_search_and_on_a_path_of_the_track_before(library):
    made = make_playlist(library, PlaylistRequest("calm - drums", k=6, why=True))
    asked = ask(library.store, "calm - drums", Filters())
    assert list(made.reasons) == reasons(library, asked, [track.hit for track in made.tracks])
    assert [track["why"]["terms"][1]["understood"] for track in made.to_dict()["tracks"]] == 6 * ["drums"]
    path = make_playlist(library, PlaylistRequest(start="track:t1", end="track:t8", k=5, why=True))
    first, *others = path.reasons
    assert (first.terms, first.heard) == ((), ())
    for (before, track), reason in zip(pairwise(path.tracks), others, strict=True):
        (term,) = reason.terms
        assert term.understood == f"track {before.hit.track_id}"
        assert term.gave == pytest.approx(track.hit.score, abs=1e-5)
    assert make_playlist(library, PlaylistRequest("calm", k=2)).reasons == ()


def test_the_command_says_why(library, capsys):
    given = ("playlist", "calm - drums", "--k", "2", "--why", "true", "--library", str(library.root))
    main([*given])
    assert capsys.readouterr().out.count("calm +0.") == 2
    main([*given, "--format", "json"])
    track = json.loads(capsys.readouterr().out)["tracks"][0]
    assert sum(term["gave"] for term in track["why"]["terms"]) == pytest.approx(track["score"], abs=1e-5)
