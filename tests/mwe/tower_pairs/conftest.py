"""Tower pairs of random weights, and sounds."""

import numpy as np
import pytest
import soundfile
import torch

from tests.tiny_clap import write_tiny_clap

RATE = 16_000


@pytest.fixture(scope="session")
def clap(tmp_path_factory):
    """Folder of a CLAP."""
    return write_tiny_clap(tmp_path_factory.mktemp("pairs") / "clap")


@pytest.fixture(scope="session")
def fused_clap(tmp_path_factory):
    """Folder of a CLAP whose audio tower fuses parts of long sounds."""
    return write_tiny_clap(tmp_path_factory.mktemp("pairs") / "fused", fusion=True)


@pytest.fixture(scope="session")
def collapsed_clap(tmp_path_factory):
    """Folder of a CLAP that answers every text alike."""
    return write_tiny_clap(tmp_path_factory.mktemp("pairs") / "collapsed", collapsed=True)


@pytest.fixture(scope="session")
def tones():
    """Seven tones of one second, each an octave above the one before, (7, T)."""
    time_T = torch.arange(RATE) / RATE
    return torch.stack([0.3 * torch.sin(2 * torch.pi * 55 * 2**octave * time_T) for octave in range(7)])


@pytest.fixture(scope="session")
def music(tones, tmp_path_factory):
    """A folder with the tones as files of .6 to 4.2 seconds, and a table of their tags."""
    folder = tmp_path_factory.mktemp("collections") / "music"
    folder.mkdir()
    rows = ["track_id\tartist_id\tpath\ttags"]
    for octave, tone in enumerate(tones.numpy()):
        seconds = 0.6 * (octave + 1)
        wave = np.tile(tone, 5)[: int(seconds * RATE)]
        soundfile.write(folder / f"{octave}.wav", wave, RATE, subtype="FLOAT")
        rows.append(f"t{octave}\tartist{octave // 2}\t{octave}.wav\t{'low' if octave < 3 else 'high'}|odd: tone")
    (folder / "tracks.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
