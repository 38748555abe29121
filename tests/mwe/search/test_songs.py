"""The benchmark of four-minute songs: its songs, and small runs of its jobs."""

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("mutagen")

from benchmarks.song_files import FORMATS, write_songs
from benchmarks.songs import killed, retag, retagged, speeds
from mwe.audio.decode import read_whole
from mwe.audio.excerpts import read_excerpts
from mwe.audio.tag_reader import read_tags


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    return write_songs(tmp_path_factory.mktemp("songs"), 2 * len(FORMATS), seconds=8.0)


def test_songs_are_whole_and_all_different_and_read_by_seeking(songs):
    heard = []
    for number, path in enumerate(songs):
        wave, verdict = read_whole(path)
        assert (verdict.condition, len(wave) / 22050) == ("ok", pytest.approx(8, abs=0.3)), path
        assert read_excerpts(path, [0, 40_000], 22050).verdict.whole_because == "", path
        assert read_tags(path).title == f"Song {number}"
        heard.append(np.abs(np.fft.rfft(wave[:150_000])))
    likeness = np.corrcoef(heard)[np.triu_indices(len(heard), 1)]
    assert likeness.max() < 0.999


def test_other_titles_are_written_in_every_format(songs):
    for path in songs[: len(FORMATS)]:
        retag(path, "Rain")
        assert read_tags(path).title == "Rain", path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_and_tagged_anew(songs, run, tmp_path):
    folder = songs[0].parent.parent
    figures, walls = speeds(folder, songs, str(run), len(songs), tmp_path)
    assert figures["least_cosine_with_whole"] > 0.99
    assert figures["peak_MiB"] > 100
    found = killed(folder, songs, str(run), 3, tmp_path, walls)
    assert (found["lost"], found["kept_twice"]) == (0, 0)
    told = retagged(folder, songs, str(run), tmp_path)
    assert (told["retagged"], told["recognised"], told["embedded_anew"]) == (14, 14, 0)
