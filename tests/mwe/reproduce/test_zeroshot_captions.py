"""Captions in the zero-shot table: miniatures in upstream's formats, by hand, with and without sound."""

import csv
import shutil

import numpy as np
import pytest

from mwe.audio.predict import Hardware
from mwe.core.errors import BadFileError
from mwe.reproduce.zeroshot import caption_runner, captions
from mwe.reproduce.zeroshot.caption_runner import caption_sections
from mwe.reproduce.zeroshot.captioned import music_caps, song_describer
from mwe.reproduce.zeroshot.captions import captions_of_one_track, tags_and_captions
from mwe.reproduce.zeroshot.rows import RowName
from mwe.reproduce.zeroshot.runner import TableSettings, Waiting, open_rows
from mwe.reproduce.zeroshot.table import write_table
from tests.tiny_clap import write_tiny_clap

ONE = Hardware(workers=0, devices=1, accelerator="cpu")
DESCRIBED = """\
caption_id,track_id,caption,is_valid_subset,familiarity,artist_id,album_id,path,duration,genre,instrument,mood/theme
1,101,"low drone, calm",True,0,7,8,01/101.mp3,202.5,"['rock', 'metal']",[],['calm']
2,101,"a sad bass, of
two lines",True,1,7,8,01/101.mp3,202.5,"['rock', 'metal']",[],['calm']
3,102,fast and happy strings,True,1,7,8,02/102.mp3,140.2,['pop'],['strings'],[]
4,102,not of the subset,False,1,7,8,02/102.mp3,140.2,['pop'],['strings'],[]
5,103,high synth,True,,7,8,03/103.mp3,140.2,[],[],[]
6,103,jazz guitar,True,,7,8,03/103.mp3,140.2,[],[],[]
"""
CAPS = """\
ytid,start_s,end_s,audioset_positive_labels,aspect_list,caption,author_id,is_balanced_subset,is_audioset_eval
-0Gj8,30,40,"/m/0140xf,/m/02cjck","['low quality', 'sad']","The low quality, recording is sad",4,False,True
bb,30,40,/m/0140xf,['happy'],A happy one,4,False,False
"""


@pytest.fixture
def described(tmp_path):
    (tmp_path / "song_describer").mkdir()
    (tmp_path / "song_describer/song_describer.csv").write_text(DESCRIBED)
    return tmp_path / "song_describer"


@pytest.fixture
def clap(tmp_path):
    return write_tiny_clap(tmp_path / "clap")


def test_song_describer_is_read_by_track(described, tmp_path):
    tracks = song_describer(described, [tmp_path / "audio"])
    assert [track.track_id for track in tracks] == ["101", "102", "103"]
    assert tracks[0].captions == ("low drone, calm", "a sad bass, of\ntwo lines")
    assert tracks[0].tags == ("rock", "metal", "calm")
    assert tracks[1].captions == ("fast and happy strings",)
    assert tracks[0].file() is None
    for folder, name in ((described / "audio", "101.2min.mp3"), (tmp_path / "audio", "101.low.mp3")):
        (folder / "01").mkdir(parents=True)
        (folder / "01" / name).touch()
    assert tracks[0].file() == described / "audio/01/101.2min.mp3"
    (described / "song_describer.csv").write_text(DESCRIBED.replace(",True,0", ",maybe,0"))
    with pytest.raises(BadFileError, match=r"song_describer\.csv, line 2: is_valid_subset is 'maybe'"):
        song_describer(described)


def test_musiccaps_is_read_as_a_whole_and_in_part(tmp_path):
    (tmp_path / "musiccaps-public.csv").write_text(CAPS)
    assert [(clip.track_id, clip.tags) for clip in music_caps(tmp_path)] == [
        ("-0Gj8", ("low quality", "sad")),
        ("bb", ("happy",)),
    ]
    [clip] = music_caps(tmp_path, evaluation=True)
    assert clip.audio[0] == tmp_path / "audio/-0Gj8.wav"
    (tmp_path / "musiccaps-public.csv").write_text(CAPS.replace("False,True", "False,perhaps"))
    with pytest.raises(BadFileError, match="is_audioset_eval is 'perhaps'"):
        music_caps(tmp_path)


def test_tasks_are_of_tracks_that_have_both_sides(described):
    tracks = song_describer(described)
    task = tags_and_captions("tags", tracks)
    assert (task.first.tracks, task.second.tracks) == (("101", "102"), ("101", "101", "102"))
    task = captions_of_one_track("captions", tracks)
    assert task.first.texts == ("low drone, calm", "high synth")
    assert task.second.texts == ("a sad bass, of\ntwo lines", "jazz guitar")


def test_both_directions_by_hand(monkeypatch):
    tracks = (("a", "b", "c"), ("a", "b", "b", "c"))
    first = np.array([[1.0, 0], [0, 1], [0, 0]], np.float32)
    second = np.array([[0.8, 0.6], [0.6, 0.8], [1, 0], [0, 1]], np.float32)
    figures = captions.paired_figures(first, second, tracks, draws=20)
    # a: after c's neighbour; b: after c; c: any order of four
    assert figures["R@1"].value == pytest.approx((0 + 0 + 0.25) / 3)
    assert figures["R@5"].value == 1
    assert figures["median rank"].value == 2
    assert figures["median rank"].low <= 2 <= figures["median rank"].high


def test_rows_on_text_alone_and_with_sound(described, clap, miniature, tmp_path, monkeypatch):
    for number, track in enumerate(("101", "102")):
        folder = described / f"audio/0{track[-1]}"
        folder.mkdir(parents=True)
        shutil.copy(miniature / f"audio/t{number:02}.flac", folder / f"{track}.mp3")  # the content says what it is
    monkeypatch.setitem(captions.CAPTIONED, "song_describer", ("described", lambda: song_describer(described)))
    monkeypatch.setattr(caption_runner, "CAPTIONED", captions.CAPTIONED)
    asked = open_rows([RowName("CLAP", f"clap:{clap}"), RowName("words", f"words:{tmp_path}/none")])
    settings = TableSettings(tmp_path / "kept", draws=6, hardware=ONE)
    table = caption_sections(asked, ["song_describer"], settings)
    tags, same, sound = table["song_describer"]
    assert list(tags.rows) == ["chance", "common words (TF-IDF)", "CLAP", "words"]
    chance = tags.rows["chance"].directions["tags → caption"]
    assert chance["R@1"].value == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert same.rows["chance"].directions["first caption → second caption"]["median rank"].value == 1.5
    assert isinstance(tags.rows["words"], Waiting)
    assert "no word vectors" in tags.rows["words"].reason
    heard = sound.rows["CLAP"].directions
    assert list(heard) == ["caption → music", "music → caption"]
    assert (sound.about, sound.rows["CLAP"].queries["music → caption"]) == ("3 captions, 2 of 3 tracks.", 2)
    assert heard["caption → music"]["R@5"].value == 1
    monkeypatch.setattr(caption_runner, "embedded", None)  # what is finished is not done again
    monkeypatch.setattr(caption_runner, "both_directions", None)
    assert caption_sections(asked, ["song_describer"], settings) == table
    write_table(tmp_path / "tables", {}, table)
    text = (tmp_path / "tables/zeroshot.md").read_text()
    assert "| CLAP | caption → music | " in text
    with open(tmp_path / "tables/zeroshot.csv", newline="") as file:
        assert {row["collection"] for row in csv.DictReader(file)} >= {"song_describer: music → caption"}
    shutil.rmtree(described / "audio")
    *_, sound = caption_sections(asked, ["song_describer"], settings)["song_describer"]
    assert sound.about.startswith("waits for audio: none of 3 files is there, such as ")
