"""The documentation site builds without a warning, fetches nothing from elsewhere, and reads well."""

import re
import runpy
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import mwe
import siamese_tags

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
readability = runpy.run_path(str(ROOT / "scripts/readability.py"))
ROOMS = [f"mwe.{room}" for room in ("metrics", "tracks", "encoders", "corpora", "words", "joint", "search")]
MEDIAN, NINE_TENTHS = 15, 28  # words a sentence
LONGEST = 30  # of a sentence of the README
FETCHING = re.compile(r"""<(?:script|img|iframe|source|link(?=[^>]*stylesheet))[^>]*(?:src|href)=["']?(https?:)?//""")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site as `make docs` builds it, in some seconds."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={"NO_MKDOCS_2_WARNING": "1"})
    assert built.returncode == 0, built.stdout + built.stderr
    assert (built.stdout + built.stderr).strip() == ""
    return folder


def test_nothing_is_fetched_from_another_host(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        found = FETCHING.search(page.read_text(encoding="utf-8"))
        assert found is None, f"{page.relative_to(site)}: {found}"
        assert 'class="mermaid"' not in page.read_text(encoding="utf-8"), "its program would be fetched"


def test_the_reference_shows_what_the_packages_offer_with_examples(site):
    shown = "".join(page.read_text(encoding="utf-8") for page in (site / "reference/api").glob("*.html"))
    for package in (mwe, siamese_tags, *map(import_module, ROOMS)):
        for name in package.__all__:
            if callable(getattr(package, name)) and (package is mwe or name not in mwe.__all__):
                assert f'id="{package.__name__}.{name}"' in shown, f"{package.__name__}.{name}"
    assert shown.count("&gt;&gt;&gt;") > 100


def counts(page):
    return [(readability["words"](one), one) for one in readability["sentences"](page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", readability["PAGES"], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_sentences_of_what_people_read_first_are_short(page):
    median, high = np.percentile([count for count, _ in counts(page)], [50, 90])
    assert (median <= MEDIAN, high <= NINE_TENTHS) == (True, True), f"{median} and {high} words"


def test_no_sentence_of_the_readme_is_long():
    assert [one for count, one in counts(ROOT / "README.md") if count > LONGEST] == []


def test_sentences_are_told_apart():
    text = (
        "# A heading is none\n\nOne two. Three `code. And` four!\nFive six\n\n- seven\n- [eight nine](x.md). Ten\n\n"
        "```\nno prose here\n```\n\n| a | table |\n\n![a picture](x.png)\n\nAs et al. found, e.g. here.\n"
    )
    assert [readability["words"](one) for one in readability["sentences"](text)] == [2, 3, 2, 1, 2, 1, 6]


def test_lines_of_prose_fit_the_screen():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]:
        fenced = False
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            fenced ^= line.startswith("```")
            short = len(line) <= 120 or fenced or line.startswith("|")
            assert short, f"{page.relative_to(ROOT)}, line {number}: {len(line)} characters"
