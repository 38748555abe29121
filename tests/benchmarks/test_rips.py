"""The benchmark of copies of a recording."""

import numpy as np
import soundfile

from benchmarks.rips import COPIES, rips


def test_every_copy_is_compared(cached_weights, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for number in range(2):
        soundfile.write(tmp_path / f"{number}.wav", 0.1 * rng.standard_normal(60_000), 22_050)
    rips(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split("|")[1].strip(): float(line.split("|")[2]) for line in lines[2:-1]}
    assert rows.keys() == COPIES.keys()
    assert rows["12 dB softer"] > 0.999
    assert rows["1.2 s of silence before"] > 0.999
    assert lines[-1].startswith("two different recordings: median")
