"""Dataset declarations: complete, verified by checksum, fetched from a server on this machine."""

import hashlib

import pytest

from mwe.core.datasets import Dataset, declared, describe, names
from mwe.core.errors import MissingDataError, UnknownNameError


def small(base_url="", **content):
    checksums = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in content.items()}
    return Dataset("small", "Small", "home", "free", "nobody", "Ask around.", "a, b", base_url, "", checksums)


@pytest.mark.parametrize("name", names())
def test_every_declaration_is_complete(name):
    dataset = declared(name)
    assert all([dataset.title, dataset.licence, dataset.citation, dataset.how_to_get, dataset.layout, dataset.homepage])
    assert all(len(checksum) in (1, 64) for checksum in dataset.checksums.values())


@pytest.mark.data
@pytest.mark.parametrize("name", names())
def test_the_real_files_are_as_declared(name, data_root):
    if not (data_root / name).is_dir():
        pytest.skip(f"{name} is not among the real collections here")
    found = declared(name).verify(data_root / name)
    assert found.complete
    assert len(found.intact) + len(found.unpinned) == len(declared(name).checksums)


def test_an_unknown_collection_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="nearest: 'cal500'"):
        declared("cal50")


def test_verify_tells_missing_and_altered(tmp_path):
    dataset = small(a="one", b="two", c="three")
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("changed")
    found = dataset.verify(tmp_path)
    assert (found.intact, found.altered, found.missing) == (("a",), ("b",), ("c",))
    text = describe(dataset, found)
    assert "missing: c" in text
    assert "altered: b" in text
    assert "Ask around." in text


def test_require_names_folder_variable_and_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("MWE_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match=r"small: a not found in .*MWE_DATA.*Ask around\. `mwe data show small`"):
        small(a="one").require("a")


def test_fetch_gets_what_is_missing_and_mends_what_is_altered(server, tmp_path):
    folder, url = server
    (folder / "a").write_text("one")
    (folder / "b").write_text("two")
    target = tmp_path / "target"
    target.mkdir()
    (target / "b").write_text("changed")
    assert small(url, a="one", b="two").fetch(target).complete
    assert (target / "b").read_text() == "two"


@pytest.mark.parametrize("served", [{}, {"a": "tampered"}])
def test_a_failed_fetch_says_what_to_do_and_leaves_no_wrong_file(server, tmp_path, served):
    folder, url = server
    for name, text in served.items():
        (folder / name).write_text(text)
    with pytest.raises(MissingDataError, match=r"fetching small failed: .*Ask around\."):
        small(url, a="one", **{"below/b": "two"}).fetch(tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_what_cannot_be_fetched_says_so(tmp_path):
    with pytest.raises(MissingDataError, match="cannot be fetched by program"):
        small(a="one").fetch(tmp_path)
