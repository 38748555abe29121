"""The page of benchmarks is what the history says."""

import json
from pathlib import Path

from benchmarks import history

ROOT = Path(__file__).parents[2]


def line(benchmark, commit, figures):
    return json.dumps({"benchmark": benchmark, "commit": commit, "at": "2026-01-01", "figures": figures})


def test_the_page_has_the_newest_figures_of_the_history():
    assert history.table(history.read_history()) in history.PAGE.read_text(encoding="utf-8")
    assert history.PICTURE.is_file()


def test_the_newest_figures_stand_beside_those_before_and_are_drawn(tmp_path):
    kept = tmp_path / "history.jsonl"
    earlier = line("search", "a1", {"ratio": [2.0, 1.5, 2.5], "share": [0.5, 0.5, 0.5]})
    newest = line("search", "b2", {"ratio": [4.0, 3.0, 5.0]})
    kept.write_text("\n".join([earlier, newest, line("words", "b2", {"ratio": [7.0, 7.0, 7.0]})]) + "\n")
    page, picture = tmp_path / "page.md", tmp_path / "picture.svg"
    page.write_text(f"Before\n\n{history.BEGIN}\nold\n{history.END}\nafter\n")
    history.main(kept, page, picture)
    told = page.read_text()
    assert "| search | ratio | 4 (3 to 5) | 2 | b2 |" in told
    assert "| words | ratio | 7, one run |  | b2 |" in told
    assert told.startswith("Before\n")
    assert told.endswith(f"{history.END}\nafter\n")
    assert "old" not in told
    first = picture.read_bytes()
    history.main(kept, page, picture)
    assert (picture.read_bytes(), page.read_text()) == (first, told)
