"""The page on bringing one's own model: its class works, and its table lists what there is."""

import shutil
import sys
from pathlib import Path

from mwe.search import Library
from mwe.search.index import index_library
from mwe.tower_pairs.names import KINDS
from tests.mwe.search.test_index import HERE

DOCS = Path(__file__).parents[3] / "docs/how-to"


def test_the_class_of_the_page_takes_under_30_lines_and_hears_what_it_says(music, tmp_path, monkeypatch):
    code = (DOCS / "my_module.py").read_text("utf-8")
    assert len(code.splitlines()) < 30
    assert f"```python\n{code}```" in (DOCS / "own-model.md").read_text("utf-8")
    shutil.copy(DOCS / "my_module.py", tmp_path / "my_module.py")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("MWE_CLASSES", "my_module.MyPair")
    sys.modules.pop("my_module", None)
    report = index_library([music], "class:my_module.MyPair", tmp_path / "lib", hardware=HERE)
    library = Library(tmp_path / "lib")
    assert "Licence of the weights: cc0-1.0" in report.note
    assert {hit.track_id for hit in library.search("something bright", k=2).hits} == {"t5", "t6"}
    assert library.search("dark - bright", k=1).hits[0].track_id == "t0"
    sys.modules.pop("my_module", None)


def test_the_table_of_the_page_lists_every_kind_with_its_licences():
    page = (DOCS / "own-model.md").read_text("utf-8")
    for name, kind in KINDS.items():
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{name}:")]
        assert all(part in row for part in (kind.model, kind.code, kind.weights)), name
