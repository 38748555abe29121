"""Every figure of README and docs is that of the ledger, and a wrong one is noticed wherever it stands."""

import doctest
import json
import shutil
from pathlib import Path

import pytest

import scripts.figures.ledger
import scripts.figures.outputs
import scripts.figures.pages
from scripts.figures.__main__ import GUIDES, check, write
from scripts.figures.ledger import FOLDER, Source, ties_file
from scripts.figures.outputs import of_outputs
from scripts.figures.pages import Page

ROOT = Path(__file__).parent.parent
PAGE = """# Toy

It took 3 minutes in one run, and `0.5` is code. See [Table 2](page.md#1.5): .82 of the tags.

<!-- figures: toy -->

| row | seen | unseen |
|---|---|---|
| first | 0.818 ± 0.004 (0.9) | 0.70 |
| **second** | 1,234 | |
"""
TIES = "figure\tbefore\ttied to\n3\tIt took\tcost\n.82\tbefore\ttoy: first | seen\n"
TOY = {
    "command": "make toy", "made": "outputs/tables/toy.csv", "runs": 3, "over": "seeds",
    "spread": "outputs/tables/toy.md",
    "outputs": {"file": "toy.csv", "columns": {"seen": {"metric": "auc"}}},
    "columns": ["seen", "unseen"], "rows": {"first": ["0.8184 ± 0.0041 (0.9)", "0.70"], "second": ["1234", ""]},
}  # fmt: skip
COST = {"command": "make toy", "made": "by hand", "runs": 1, "over": "runs"}
MADE = "row,metric,published,reproduced,sd\nfirst,auc,0.9,{},0.004100\nsecond,auc,,1234.000000,\n"


@pytest.fixture
def toy(tmp_path):
    """A repository of one page with a table, and its ledger."""
    (tmp_path / "docs/experiments").mkdir(parents=True)
    (tmp_path / "docs/how-to").mkdir()
    for name in GUIDES:
        (tmp_path / name).write_text("# No figure\n", encoding="utf-8")
    (tmp_path / "README.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / FOLDER / "ties").mkdir(parents=True)
    (tmp_path / FOLDER / "not_covered.toml").write_text("page = []\n", encoding="utf-8")
    (tmp_path / ties_file("README.md")).write_text(TIES, encoding="utf-8")
    for name, content in (("toy", TOY), ("cost", COST)):
        (tmp_path / FOLDER / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def changed(path, before, after):
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_every_figure_is_that_of_the_ledger():
    assert check(ROOT) == []


def test_the_toy_is_right(toy):
    assert check(toy) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("0.818", "0.819", ["README.md, line 9: 0.819, in the ledger 0.8184 (toy: first | seen)"]),
        (": .82", ": .83", ["README.md, line 3: .83, in the ledger .82 (toy: first | seen)"]),
        ("1,234", "1,235", ["README.md, line 10: 1,235, in the ledger 1234 (toy: second | seen)"]),
        ("1,234 | |", "1,234 | 0.5 |", ["README.md, line 10: 0.5 is tied to nothing (toy: second | unseen)"]),
        ("the tags.", "the tags, .91 in all.", ["README.md, line 3: .91 is tied to nothing"]),
        ("It took 3 minutes in one run, and", "And", ["README.md, after 'It took': no figure, in the ledger 3 (cost)"]),
        (" in one run", "", ["README.md, line 3: 3 is one run and does not say so (cost)"]),
        ("± 0.004 (0.9)", "± 0.004", ["README.md, line 5: a figure less than the ledger has (toy: first | seen)"]),
        ("figures: toy", "figures: joy", ["README.md, line 5: the ledger has no joy"]),
    ],
)  # fmt: skip
def test_a_wrong_figure_of_a_page_is_told_with_file_line_and_both(toy, before, after, told):
    changed(toy / "README.md", before, after)
    assert check(toy) == told


@pytest.mark.parametrize(
    ("name", "before", "after", "told"),
    [
        ("toy.json", "0.8184", "0.8284", "README.md, line 9: 0.818, in the ledger 0.8284 (toy: first | seen)"),
        ("toy.json", '"spread": "outputs/tables/toy.md", ', "",
         "README.md, line 9: 0.70 is a mean over 3 seeds without a spread (toy)"),
        ("ties/README.tsv", "first | seen", "third | seen",
         "README.md, line 3: .82 is tied to 'toy: third | seen', which is not there"),
        ("ties/README.tsv", "\tcost", "\t?", "README.md, line 3: 3 is tied to nothing"),
    ],
)  # fmt: skip
def test_a_changed_ledger_is_told(toy, name, before, after, told):
    changed(toy / FOLDER / name, before, after)
    assert told in check(toy)


def test_a_page_that_is_not_listed_and_a_source_that_nobody_quotes_are_told(toy):
    (toy / "docs/more.md").write_text("# More\n", encoding="utf-8")
    shutil.copy(toy / FOLDER / "cost.json", toy / FOLDER / "other.json")
    assert check(toy) == [
        "docs/figures/other.json: no page quotes it",
        "docs/more.md: not held, and not listed in not_covered.toml",
    ]


def test_outputs_that_differ_are_told_and_written_into_ledger_and_page(toy):
    tables = toy / "outputs/tables"
    tables.mkdir(parents=True)
    (tables / "toy.csv").write_text(MADE.format("0.818402"), encoding="utf-8")
    assert check(toy, tables) == []
    (tables / "toy.csv").write_text(MADE.format("0.831234"), encoding="utf-8")
    assert check(toy) == []
    told = check(toy, tables)
    assert len(told) == 1
    assert "0.831234 ± 0.004100 (0.9), in the ledger 0.8184 ± 0.0041 (0.9) (toy: first | seen)" in told[0]
    assert write(toy, tables) == ["toy has changed: read what is said from it"]
    assert (toy / "README.md").read_text(encoding="utf-8") == PAGE.replace(".818", ".831").replace(": .82", ": .83")
    assert Source.read(toy / FOLDER / "toy.json").made.startswith("outputs/tables/toy.csv, ")
    assert check(toy, tables) == []
    assert write(toy, tables) == []


INTERVALS = """collection,row,method,figure,value,low,high,spread
here,first,,auc,0.818402,0.8,0.84,
here: a to b,first,linear,auc,0.5,0.41,0.6,0.012
"""


def test_intervals_of_a_collection_are_read_with_parts_and_methods(tmp_path):
    (tmp_path / "toy.csv").write_text(INTERVALS, encoding="utf-8")
    rows = {"first": [".82 (.80 to .84)"], "first / a to b / linear": [".6 (.4 to .6) ± .01"]}
    outputs = {"file": "toy.csv", "collection": "here", "columns": {"seen": {"metric": "auc"}}}
    source = Source("make toy", "", 1, "models", outputs=outputs, columns=["seen"], rows=rows)
    assert of_outputs(source, tmp_path) == {
        ("first", "seen"): "0.818402 (0.8 to 0.84)",
        ("first / a to b / linear", "seen"): "0.5 (0.41 to 0.6) ± 0.012",
    }
    source.outputs["collection"] = "not at hand"
    assert of_outputs(source, tmp_path) == {}
    source.outputs["collection"], source.rows["third"] = "here", [".5"]
    with pytest.raises(SystemExit, match="no figure 'auc' of 'third'"):
        of_outputs(source, tmp_path)


def test_new_tables_and_figures_wait_for_their_source(toy):
    changed(toy / "README.md", "the tags.", "the tags, .91 in all.\n\n<!-- figures: new -->\n\n|a|b|\n|-|-|\n|c|0.5|")
    assert write(toy) == ["docs/figures/ties/README.tsv: .91 after '.82 of the tags,' waits for its source"]
    told = check(toy)
    assert "README.md, line 3: .91 is tied to nothing" in told
    assert "README.md, line 5: docs/figures/new.json does not say what command made it" in told


def test_figures_of_a_page():
    page = Page(
        "A 1D-CNN, CAL500, R@1, Table 3 and v0.1.2: \u221214.5 LUFS, 1,024 songs, 7 %, 5 songs, <!-- 0.3 --> 1e-3.\n"
    )
    assert [figure.text for figure in page.loose] == ["\u221214.5", "1,024", "7"]


def test_examples():
    assert doctest.testmod(scripts.figures.pages).failed == 0
    assert doctest.testmod(scripts.figures.ledger).failed == 0
    assert doctest.testmod(scripts.figures.outputs).failed == 0
