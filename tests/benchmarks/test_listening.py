"""The benchmark of listening."""

import json

from benchmarks.listening import KINDS, listening


def test_the_open_model_is_timed_beside_the_extractor(cached_weights, tmp_path, capsys):
    listening(rounds=1, seconds=7, out=tmp_path / "listening.json")
    figures = json.loads((tmp_path / "listening.json").read_text())
    assert json.loads(capsys.readouterr().out) == figures
    assert set(figures) == set(KINDS)
    for kind in KINDS:
        seconds, ratio = figures[kind]["open_model_seconds"], figures[kind]["ratio_extractor_one_network"]
        assert seconds > 0
        assert abs(ratio - figures[kind]["extractor_one_network_seconds"] / seconds) < 1e-6
