"""A cue sheet among the tags of a container, or of its sound."""

import numpy as np
import pytest

from mwe.audio.inner_sheet import read_inner_tracks
from tests.encoded_audio import encode_stream

av = pytest.importorskip("av")
SHEET = 'TITLE "Album"\nFILE "a.wav" WAVE\n  TRACK 01 AUDIO\n    TITLE "One"\n    INDEX 01 00:00:00\n'
SHEET += '  TRACK 02 AUDIO\n    TITLE "Two"\n    INDEX 01 00:01:00\n'


@pytest.mark.parametrize("place", ["container", "stream"])
def test_a_sheet_is_found_in_both_places(place, tmp_path):
    with av.open(str(tmp_path / "album.mka"), "w") as output:
        stream = output.add_stream("flac", rate=8000)
        {"container": output, "stream": stream}[place].metadata["CUESHEET"] = SHEET
        encode_stream(output, stream, np.zeros((1, 16_000), np.float32), 8000)
    assert [track.title for track in read_inner_tracks(tmp_path / "album.mka")] == ["One", "Two"]
