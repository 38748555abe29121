"""Every collection of the zero-shot table on a miniature in upstream's format; published figures."""

import gzip
import json
import shutil

import pytest

from mwe.audio.predict import Hardware
from mwe.core.errors import BadFileError
from mwe.reproduce.zeroshot.collections import QUESTIONS
from mwe.reproduce.zeroshot.judged import read_judged
from mwe.reproduce.zeroshot.published import published_figures, published_lines
from mwe.reproduce.zeroshot.rows import RowName
from mwe.reproduce.zeroshot.runner import TableSettings, Waiting, known_collections, open_rows, tag_sections
from mwe.reproduce.zeroshot.table import write_table
from mwe.tracks import GtzanTracks, OpenMicTracks
from tests.tiny_clap import write_tiny_clap

HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
OPENMIC = """\
sample_key,instrument,relevance,num_responses
000046_3840,clarinet,0.17105,3
000046_3840,mallet_percussion,0.9,3
000135_483840,clarinet,0.8,3
000135_483840,mallet_percussion,0.2,3
000139_119040,clarinet,0.7,3
000141_153600,clarinet,0.7,3
"""


def jamendo(subset, *tags):
    """Upstream's three files; tracks 1 to 4 are test tracks."""
    rows = [f"track_{row}\tartist_{row}\talbum_1\t01/{row}.mp3\t20.5\t{tag}\n" for row, tag in enumerate(tags, 1)]
    folder, infix = "mtg_jamendo/data/splits/split-0", f"autotagging_{subset}"
    return {
        f"{folder}/{infix}-train.tsv": f"{HEADER}track_9\tartist_9\talbum_1\t01/9.mp3\t20.5\t{tags[0]}\n",
        f"{folder}/{infix}-validation.tsv": HEADER,
        f"{folder}/{infix}-test.tsv": HEADER + "".join(rows),
    }


def jams(*tags):
    data = [{"value": tag, "confidence": 1.0} for tag in tags]
    return gzip.compress(json.dumps({"file_metadata": {"artist": "Air"}, "annotations": [{"data": data}]}).encode())


@pytest.fixture
def files():
    """Texts of every collection, in upstream's formats."""
    clips = ["c/air-moon-01-sexy-0-29.mp3,1,0", "d/moby-play-02-honey-0-29.mp3,0,1"]
    zeroshot = {
        "tag_split.json": {"seen_tag": ["rock"], "unseen_tag": ["calm", "sad"]},
        "track_split.json": {"train_track": ["TRA"], "valid_track": [], "test_track": ["TRB", "TRC"]},
        "artist_dict.json": {"TRA": "Air", "TRB": "Moby", "TRC": "Can"},
    }
    return {
        **jamendo("genre", "genre---rock", "genre---drumnbass", "genre---rock", "genre---drumnbass"),
        **jamendo("instrument", "instrument---piano", "instrument---guitar"),
        **jamendo("moodtheme", "mood/theme---sad", "mood/theme---calm"),
        **jamendo("top50tags", "genre---rock", "mood/theme---calm"),
        "audio_clips/autotagging.tsv": HEADER
        + "".join(
            f"track_{row}\tartist_{row}\talbum_1\t01/{row}.mp3\t20.5\tgenre---{tag}\n"
            for row, tag in enumerate(("rock", "rock", "jazz", "jazz"), 1)
        ),
        "magnatagatune/MTAT_split/test.csv": "\n".join([",guitar,noVocals", *clips]),
        "msd/MSD_split/test.csv": ",rock,pop\nTRB,1,0\nTRC,0,1\n",
        "msd_zeroshot/tag_binary.csv": ",rock,calm,sad\nTRA,1,0,0\nTRB,1,1,0\nTRC,0,0,1\n",
        **{f"msd_zeroshot/{name}": json.dumps(content) for name, content in zeroshot.items()},
        "openmic/openmic-2018-aggregated-labels.csv": OPENMIC,
        "openmic/partitions/split01_train.csv": "000141_153600\n",
        "openmic/partitions/split01_test.csv": "000046_3840\n000135_483840\n000139_119040\n",
    }


@pytest.fixture
def collections(files, tmp_path, monkeypatch, miniature):
    """A data root with all miniatures, and the audio of some."""
    root = tmp_path / "data"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "cal500/jams").mkdir(parents=True)
    songs = {1: ("Genre--_Brit_Pop", "NOT-Emotion-Calming"), 2: ("Emotion-Calming_/_Soothing",)}
    for song, tags in songs.items():
        (root / f"cal500/jams/{song}.jamz").write_bytes(jams(*tags))
    audio = [f"mtg_jamendo/audio/01/{row}.low.mp3" for row in (1, 2, 3)]
    audio += [f"gtzan/genres/{genre}/{genre}.0000{row}.wav" for genre in ("blues", "hiphop") for row in (0, 1)]
    audio += [f"openmic/audio/000/{clip}.ogg" for clip in ("000046_3840", "000135_483840", "000139_119040")]
    for row, name in enumerate(audio):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(miniature / f"audio/t{row:02}.flac", root / name)  # the content says what it is
    monkeypatch.setenv("MWE_DATA", str(root))
    shutil.copytree(miniature, tmp_path / "cache/demo")
    (tmp_path / "cache/demo/MANIFEST.json").write_text("{}")
    # upstream's own files are all there only as a whole
    monkeypatch.setattr("mwe.tracks.cal500.Cal500JamsTracks.read", _cal500_at(root / "cal500"))
    return root


def _cal500_at(root):
    from mwe.tracks import Cal500JamsTracks

    read = Cal500JamsTracks.read

    def at_root(self):
        self.root = root
        return read(self)

    return at_root


def test_every_collection_is_read_in_the_format_of_its_makers(collections):
    judged = {name: read_judged(question) for name, question in QUESTIONS.items() if name != "demo_unseen"}
    assert judged["jamendo_genre"].tags == ("drumnbass", "rock")
    assert judged["jamendo_genre"].popularity_T.tolist() == [0, 1]
    assert judged["jamendo_genre"].audio[0] == collections / "mtg_jamendo/audio/01/1.low.mp3"
    assert judged["magnatagatune"].tags == ("guitar", "no vocals")
    assert judged["msd_zeroshot"].tags == ("calm", "sad")
    assert judged["msd_top50"].tags == ("pop", "rock")
    assert judged["gtzan"].tags == ("blues", "hip hop")
    assert judged["cal500"].tags == ("calming / soothing", "brit pop")
    assert judged["audio_clips"].tags == ("jazz", "rock")
    openmic = judged["openmic"]
    assert openmic.tags == ("clarinet", "mallet percussion")
    assert openmic.label_NT.tolist() == [[False, True], [True, False], [True, False]]
    assert openmic.judged_NT.tolist() == [[True, True], [True, True], [True, False]]


def test_a_table_of_miniatures(collections, tmp_path):
    clap = write_tiny_clap(tmp_path / "clap")
    names = ["jamendo_genre", "gtzan", "openmic", "msd_top50"]
    questions, captioned = known_collections(names)
    assert captioned == []
    settings = TableSettings(tmp_path / "kept", 6, Hardware(workers=0, devices=1, accelerator="cpu"))
    sections = tag_sections(open_rows([RowName("CLAP", f"clap:{clap}")]), questions, settings)
    jamendo_row, gtzan, openmic, msd = (sections[name].rows["CLAP"] for name in names)
    assert (jamendo_row.tracks, jamendo_row.note) == (3, "1 files are missing")
    assert gtzan.tracks == 4
    assert [measure.judged for measure in openmic.tags] == [3, 2]
    assert isinstance(msd, Waiting)
    text = write_table(tmp_path, sections).read_text()
    assert "* TTMR (bert, tag): ROC-AUC by tag .818" in text
    assert "the collection names none" in text


def test_damaged_files_are_named(collections):
    path = collections / "openmic/openmic-2018-aggregated-labels.csv"
    path.write_text(OPENMIC.replace("0.17105", "much"))
    with pytest.raises(BadFileError, match=r"labels\.csv, line 2: relevance is no number"):
        OpenMicTracks().read()
    path.write_text(OPENMIC.replace("000139_119040,", "000139_1,"))
    with pytest.raises(BadFileError, match="no label of the clip '000139_119040'"):
        OpenMicTracks().read()
    (collections / "gtzan/genres/hiphop/blues.00000.wav").touch()
    with pytest.raises(BadFileError, match="has the same name"):
        GtzanTracks().read()


def test_published_cells_of_ttmr_are_corrected():
    published = published_figures()
    assert set(published) <= {*QUESTIONS, "song_describer"}
    cells = {
        name: [f.value for f in published[name] if f.system == "TTMR (bert, tag)" and f.figure == "ROC-AUC by tag"]
        for name in ("jamendo_instrument", "jamendo_moodtheme")
    }
    assert cells == {"jamendo_instrument": [0.6095], "jamendo_moodtheme": [0.6686]}
    assert any("exchanged" in line for line in published_lines(published["jamendo_moodtheme"]))
