"""Durations to read, figures of runs that are read back, options in files."""

import json

import pytest

from mwe.core.arguments import parser_of
from mwe.core.errors import BadFileError
from mwe.core.progress import _duration
from mwe.core.runs import RunMetrics


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (119.4, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2.0 h"), (9000, "2.5 h")],
)
def test_durations(seconds, told):
    assert _duration(seconds) == told


def test_every_metric_of_a_run_must_be_a_number(tmp_path):
    path = RunMetrics({"map": 1.5, "count": 2}).write(tmp_path)
    assert RunMetrics.read(path).metrics == {"map": 1.5, "count": 2}
    path.write_text(json.dumps({"metrics": {"map": 1.5, "count": "two"}}), encoding="utf-8")
    with pytest.raises(BadFileError, match=r"metrics\.json: not a metrics\.json"):
        RunMetrics.read(path)


def test_options_of_a_command_come_from_a_file_or_from_its_section(tmp_path):
    def repeat(word: str = "no", times: int = 1) -> None:
        """Repeat a word.

        Args:
            word: The word.
            times: How often.
        """

    parser = parser_of(repeat, "toy repeat")
    (tmp_path / "whole.yaml").write_text("word: yes please\ntimes: 3\n", encoding="utf-8")
    (tmp_path / "section.yaml").write_text("rows: []\nconfig: {times: 4}\n", encoding="utf-8")
    whole = parser.parse_args(["-c", str(tmp_path / "whole.yaml")])
    assert (whole.word, whole.times) == ("yes please", 3)
    section = parser.parse_args(["-c", str(tmp_path / "section.yaml"), "--word", "so"])
    assert (section.word, section.times) == ("so", 4)
