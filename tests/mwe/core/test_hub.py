"""Models on the Hugging Face Hub by name, with a client that notes what it is asked."""

import sys
from types import SimpleNamespace

import pytest

from mwe.core.errors import MissingDataError
from mwe.core.hub import model_folder


@pytest.mark.parametrize(("name", "revision"), [("owner/model", None), ("owner/model@v1.2", "v1.2")])
def test_the_revision_that_is_named_is_fetched_and_no_other_file(name, revision, tmp_path, monkeypatch):
    asked = []
    monkeypatch.chdir(tmp_path)
    client = SimpleNamespace(snapshot_download=lambda *given, **named: asked.append((given, named)) or str(tmp_path))
    monkeypatch.setitem(sys.modules, "huggingface_hub", client)
    assert model_folder(name, ["*.json"]) == tmp_path
    assert asked == [(("owner/model",), {"revision": revision, "allow_patterns": ["*.json"]})]


def test_what_the_hub_does_not_have_is_named(tmp_path, monkeypatch):
    def refuse(*given, **named):
        raise OSError("404 not found\nand more")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(snapshot_download=refuse))
    with pytest.raises(MissingDataError, match=r"owner/model is neither .* \(404 not found\)"):
        model_folder("owner/model", ["*.json"])
