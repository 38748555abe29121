"""Artist, title and other tags of files: kept in the library, refreshed without embedding anew."""

import json
import os
import shutil
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mwe
from mwe.audio import ffmpeg
from mwe.audio.file_tags import FileTags
from mwe.audio.predict import Hardware
from mwe.cli import main
from mwe.core.errors import BadFileError
from mwe.core.files import read_json
from mwe.search import Library, index
from mwe.search.embed import Embedder
from mwe.search.grammar import Term
from mwe.search.index import index_library
from mwe.search.layout import HAS_METADATA
from tests.encoded_audio import encode_stream

av = pytest.importorskip("av")

HERE = Hardware(workers=0, devices=1, accelerator="cpu")
RATE = 44100
KINDS = {
    "rain.mp3": ("mp3", "mp3"),
    "sun.flac": ("flac", "flac"),
    "snow.m4a": ("ipod", "aac"),
    "wind.ogg": ("ogg", "libopus"),
    "fog.wav": ("wav", "pcm_s16le"),
}
TAGS = {"artist": "Ana Lee", "album": "Weather", "genre": "Jazz", "date": "1994", "track": "3/12"}


def encode(path, container, codec, tags, pitch=220.0, seconds=4.0):
    """Write a tone with tags by PyAV."""
    rate = 48000 if codec == "libopus" else RATE
    at = np.arange(int(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * pitch * at) * (np.sin(5 * at) > 0)
    with av.open(os.fspath(path), "w", format=container) as output:
        output.metadata.update(tags)
        stream = output.add_stream(codec, rate=rate)
        encode_stream(output, stream, np.stack([tone, tone]), rate)


def retag(music, name, **changed):
    """Write a file again with the same sound and other tags."""
    number = list(KINDS).index(name)
    encode(music / name, *KINDS[name], {**TAGS, **changed}, pitch=150.0 * (number + 1))


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tagged")
    for number, (name, how) in enumerate(KINDS.items()):
        encode(folder / name, *how, {**TAGS, "title": name.split(".")[0].title()}, pitch=150.0 * (number + 1))
    return folder


@pytest.fixture
def music(originals, tmp_path):
    """Five files of as many kinds, with tags."""
    return shutil.copytree(originals, tmp_path / "music")


@pytest.fixture
def embedded(monkeypatch):
    """Numbers of tracks that the encoder is given, batch by batch."""
    counts, mels = [], Embedder.mels
    monkeypatch.setattr(Embedder, "mels", lambda self, batch: counts.append(len(batch.frames_B)) or mels(self, batch))
    return counts


def tags_by_name(root):
    library = Library(root)
    names = library.tracks["track_id"].to_pylist()
    return {name: library.store.file_tags(row) for row, name in enumerate(names)}


def without_metadata(root):
    """Make of a library one that an earlier version wrote."""
    content = read_json(root / "library.json")
    assert content["notes"].pop(HAS_METADATA)
    (root / "library.json").write_text(json.dumps(content))
    for path in root.glob("metadata-*"):
        path.unlink()


def test_tags_of_every_kind_are_kept(music, run, tmp_path):
    index_library([music], run, tmp_path / "lib", hardware=HERE)
    found = tags_by_name(tmp_path / "lib")
    assert {name: tags.title for name, tags in found.items()} == {
        name: name.split(".")[0].title() for name in sorted(KINDS)
    }
    for tags in found.values():
        assert (tags.artist, tags.album, tags.genre, tags.year, tags.track) == ("Ana Lee", "Weather", "Jazz", 1994, 3)
    library = Library(tmp_path / "lib")
    assert set(library.store.artists.to_pylist()) == {"Ana Lee"}
    assert library.tracks["tags"].to_pylist() == [[]] * 5
    hit = library.search("low", k=1, per_artist=1).hits[0]
    assert hit.file_tags == found[hit.track_id]
    assert library.search("low", k=1).to_dict()["hits"][0]["file_tags"]["album"] == "Weather"
    assert library.tag_files([music / "rain.mp3"])[0].to_dict()["file_tags"]["title"] == "Rain"


def test_a_table_of_tracks_says_who_the_artist_is(music, run, tmp_path):
    (music / "tracks.tsv").write_text("track_id\tartist_id\tpath\ttags\nr\tSomeone\train.mp3\t\n")
    index_library([music], run, tmp_path / "lib", hardware=HERE)
    library = Library(tmp_path / "lib")
    assert library.row(library.row_of("r"))["artist_id"] == "Someone"
    assert library.row(library.row_of("sun.flac"))["artist_id"] == "Ana Lee"


def test_a_library_of_an_earlier_version_opens_and_gets_its_tags_without_embedding(music, run, tmp_path, embedded):
    out = tmp_path / "lib"
    index_library([music], run, out, hardware=HERE)
    before = np.array(Library(out).matrix_ND)
    without_metadata(out)
    assert set(tags_by_name(out).values()) == {FileTags()}
    assert len(Library(out).search("low").hits) == 5
    embedded.clear()
    report = index_library([music], run, out, hardware=HERE)
    assert (report.reused, embedded) == (5, [])
    assert "tags of 5 files read, without embedding them anew" in report.note
    assert tags_by_name(out)["rain.mp3"].title == "Rain"
    np.testing.assert_array_equal(np.array(Library(out).matrix_ND), before)
    edition = read_json(out / "library.json")["edition"]
    assert "files read" not in index_library([music], run, out, hardware=HERE).note
    assert read_json(out / "library.json")["edition"] == edition


def test_other_tags_are_read_without_embedding(music, run, tmp_path, embedded):
    out = tmp_path / "lib"
    index_library([music], run, out, hardware=HERE)
    before = np.array(Library(out).matrix_ND)
    embedded.clear()
    for name in KINDS:
        retag(music, name, title="Hail", artist="Bo", date="2001")
    report = index_library([music], run, out, hardware=HERE)
    assert (report.ok, report.reused, report.recognised, report.removed) == (5, 0, 5, 0)
    assert sum(embedded) == 0
    assert "5 with the sound of an earlier run" in str(report)
    assert {(tags.title, tags.artist, tags.year) for tags in tags_by_name(out).values()} == {("Hail", "Bo", 2001)}
    assert set(Library(out).store.artists.to_pylist()) == {"Bo"}
    np.testing.assert_array_equal(np.array(Library(out).matrix_ND), before)
    assert index_library([music], run, out, hardware=HERE).reused == 5


def test_another_sound_under_the_same_name_is_embedded(music, run, tmp_path, embedded):
    out = tmp_path / "lib"
    index_library([music], run, out, hardware=HERE)
    before = np.array(Library(out).matrix_ND)
    embedded.clear()
    encode(music / "sun.flac", *KINDS["sun.flac"], TAGS, pitch=2000.0)
    report = index_library([music], run, out, hardware=HERE)
    assert (report.ok, report.reused, report.recognised, sum(embedded)) == (5, 4, 0, 1)
    changed = np.abs(np.array(Library(out).matrix_ND) - before).max(axis=1) > 1e-3
    assert [name for name, other in zip(sorted(KINDS), changed, strict=True) if other] == ["sun.flac"]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("workers", [0, 2])
def test_moved_and_renamed_files_are_recognised(music, run, tmp_path, embedded, dtype, workers):
    out, hardware = tmp_path / "lib", HERE._replace(workers=workers)
    index_library([music], run, out, hardware=hardware, dtype=dtype)
    before = dict(zip(sorted(KINDS), np.array(Library(out).matrix_ND), strict=True))
    embedded.clear()
    (music / "Ana Lee").mkdir()
    moved = {name: f"Ana Lee/{number}.{name.split('.')[1]}" for number, name in enumerate(KINDS)}
    for name, other in moved.items():
        (music / name).rename(music / other)
    report = index_library([music], run, out, hardware=hardware, dtype=dtype)
    assert (report.ok, report.recognised, report.removed, sum(embedded)) == (5, 5, 5, 0)
    library = Library(out)
    for name, other in moved.items():
        np.testing.assert_array_equal(library.matrix_ND[library.row_of(other)], before[name])
        assert library.store.file_tags(library.row_of(other)).title == name.split(".")[0].title()


def test_a_stopped_refresh_embeds_nothing_either(music, run, tmp_path, embedded, monkeypatch):
    out = tmp_path / "lib"
    index_library([music], run, out, hardware=HERE)
    embedded.clear()
    for name in KINDS:
        retag(music, name, title="Hail")
    with monkeypatch.context() as stopped:
        stopped.setattr(index, "assemble", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            index_library([music], run, out, hardware=HERE)
    assert {tags.title for tags in tags_by_name(out).values()} == {"Rain", "Sun", "Snow", "Wind", "Fog"}
    report = index_library([music], run, out, hardware=HERE)
    assert (report.reused, sum(embedded)) == (5, 0)
    assert {tags.title for tags in tags_by_name(out).values()} == {"Hail"}


def test_without_the_reader_it_says_so_and_reads_them_later(music, run, tmp_path, monkeypatch):
    for name in ("snow.m4a", "wind.ogg"):
        (music / name).unlink()
    with monkeypatch.context() as without:
        without.setattr(ffmpeg, "is_installed", lambda: False)
        report = index_library([music], run, tmp_path / "lib", hardware=HERE)
        assert "other tags of the files are not read: pip install 'mwe[formats]'" in report.note
    assert set(tags_by_name(tmp_path / "lib").values()) == {FileTags()}
    assert "tags of 3 files read" in index_library([music], run, tmp_path / "lib", hardware=HERE).note
    assert tags_by_name(tmp_path / "lib")["fog.wav"].artist == "Ana Lee"


def test_damaged_metadata_is_named(music, run, tmp_path):
    index_library([music], run, tmp_path / "lib", hardware=HERE)
    path = next((tmp_path / "lib").glob("metadata-*"))
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 2), path)
    with pytest.raises(BadFileError, match=r"metadata-00001\.parquet: 2 tracks beside a matrix of 5 rows"):
        Library(tmp_path / "lib")
    damaged = pa.array([b"\xff\xfe"] * 5).view(pa.string())
    place = table.schema.get_field_index("title")
    pq.write_table(table.set_column(place, table.schema.field("title"), damaged), path)
    with pytest.raises(BadFileError, match=r"metadata-00001\.parquet: not the table expected"):
        Library(tmp_path / "lib").search("low title:rain")
    path.unlink()
    with pytest.raises(BadFileError, match=r"metadata-00001\.parquet"):
        Library(tmp_path / "lib")


def test_commands_show_titles_and_take_conditions(music, run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["index", "music", "--model", str(run), "--workers", "0", "--devices", "1", "--accelerator", "cpu"])
    capsys.readouterr()
    main(["search", "low title:rain genre:jazz"])
    assert capsys.readouterr().out.startswith(
        "+1 low\nonly title rain\nonly genre jazz\n1 Rain - Ana Lee (Weather, 1994)  "
    )
    main(["search", "year:1994", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert told["filters"] == ["only year 1994"]
    assert {hit["score"] for hit in told["hits"]} == {None}
    assert sorted(hit["file_tags"]["title"] for hit in told["hits"]) == ["Fog", "Rain", "Snow", "Sun", "Wind"]
    main(["tag", "music/rain.mp3", "--k", "1"])
    assert capsys.readouterr().out.startswith("Rain - Ana Lee (Weather, 1994)\n")
    with pytest.raises(SystemExit, match=r"mwe search: query 'low mood:happy': unknown field 'mood'"):
        main(["search", "low mood:happy"])


def test_the_page_shows_titles_artists_and_albums(music, run, tmp_path):
    handlers = pytest.importorskip("mwe.page.handlers", reason="Gradio is not installed (extra `demo`)")
    index_library([music], run, tmp_path / "lib", hardware=HERE)
    library = Library(tmp_path / "lib")
    page = handlers.Handlers(library, Lock())
    html = page.answer(handlers.PageQuery("low title:rain"))
    assert '<span class="mwe-name">Rain</span><span class="mwe-artist">Ana Lee · Weather, 1994</span>' in html
    assert "1 track<" in html
    assert '<span class="mwe-only">only title rain</span>' in html
    html = page.answer(handlers.PageQuery("", Term("file", str(music / "snow.m4a"))))
    assert '<span class="mwe-name">Snow</span>' in html
    plane_of = pytest.importorskip("mwe.page.plane").plane_of
    names = {track["name"] for track in plane_of(library).to_dict(library)["tracks"]}
    assert names == {"Fog", "Rain", "Snow", "Sun", "Wind"}


def test_nothing_is_trained_or_measured_on_the_tags_of_files():
    """The genre in a file may be the very answer that a model is asked for."""
    readers = {"mwe.audio.file_tags", "mwe.audio.tag_reader", "mwe.search.metadata"}
    looked = 0
    for room in ("joint", "encoders", "metrics", "tracks", "corpora", "words", "reproduce", "open_model"):
        for path in (Path(mwe.__file__).parent / room).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            assert not [reader for reader in readers if reader in source], path
            looked += 1
    assert looked > 50
