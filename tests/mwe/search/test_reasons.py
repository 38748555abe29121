"""Why tracks answer: the parts of terms add up to the score, and tags are near both."""

import json

import numpy as np
import pytest

from mwe.cli import main
from mwe.search import Filters
from mwe.search.asked import ask
from mwe.search.reasons import SHARED, reasons

WORDS = {"calm": [1, 0, 0, 0], "piano": [0, 1, 0, 0], "drums": [0, 0, 1, 0], "live": [0, 0, 0, 1]}


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture
def library(library_of, rng):
    tags = [[tag for tag in WORDS if rng.random() < 0.5] for _ in range(30)]
    return library_of(unit(np.array([2, 2, 1, 1]) + rng.standard_normal((30, 4))), tags=tags, words=WORDS)


@pytest.mark.parametrize(
    "query", ["calm", "calm + 2*piano - drums", "track:t3 + calm - 0.5*drums", "track:t1 - track:t2"]
)
def test_parts_add_up_to_the_score(query, library):
    asked = ask(library.store, query, Filters())
    hits = library.answer(asked, k=30).hits
    assert hits == library.search(query, k=30).hits
    for hit, reason in zip(hits, reasons(library, asked, hits), strict=True):
        assert sum(term.gave for term in reason.terms) == pytest.approx(hit.score, abs=1e-5)
        signs = [np.sign(term.gave * term.cosine) for term in reason.terms]
        assert signs == [np.sign(weight) for weight, _ in asked.understood]


def test_heard_tags_are_the_largest_products(library):
    asked = ask(library.store, "calm + 0.5*piano", Filters())
    hits = library.answer(asked, k=30).hits
    for hit, reason in zip(hits, reasons(library, asked, hits), strict=True):
        track = library.vectors([library.row_of(hit.track_id)])[0]
        products = {}
        for name, vector in WORDS.items():
            near_track, near_query = float(np.dot(vector, track)), float(np.dot(vector, asked.vector_D))
            if near_track > 0 and near_query > 0:
                products[name] = near_track * near_query
        assert [tag.tag for tag in reason.heard] == sorted(products, key=lambda name: -products[name])[:SHARED]


def test_the_command_tells_why(library, capsys):
    main(["search", "calm - drums", "--k", "2", "--why", "true", "--library", str(library.root)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 2 * 3
    assert lines[4].startswith("  calm +0.")
    assert ", not drums " in lines[4]
    assert "; heard calm 0." in lines[4]
    main(["search", "calm - drums", "--k", "2", "--why", "true", "--format", "json", "--library", str(library.root)])
    hit = json.loads(capsys.readouterr().out)["hits"][0]
    assert [term["understood"] for term in hit["why"]["terms"]] == ["calm", "drums"]
    assert sum(term["gave"] for term in hit["why"]["terms"]) == pytest.approx(hit["score"], abs=1e-5)
    assert hit["why"]["file"] == {}
