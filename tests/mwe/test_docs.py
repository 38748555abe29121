"""Everything that README and docs tell people to type is typed here, on a miniature in the place of their files."""

import os
import re
import shlex
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from mwe.audio.extract import extract_mels
from mwe.cli import main
from mwe.core.datasets import names
from mwe.corpora import CorpusSettings, write_corpus
from mwe.tracks import FolderTracks
from mwe.words import SkipGramSettings, train_skipgram

ROOT = Path(__file__).parent.parent.parent
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]
TUTORIALS = ["first-steps", "your-own-music", "train"]
WALKED = [*(f"docs/tutorials/{name}.md" for name in TUTORIALS), "README.md"]
# tags and words of the examples, in the place of the miniature's
RENAMED = {"low": "calm", "middle": "piano", "high": "drums", "bass drone": "sad slow strings"}
GROUPS = ("data", "words", "library", "reproduce")
SMALL = {
    "mel": ["--workers", "0", "--accelerator", "cpu"],
    "train": ["--settings.dim", "16", "--settings.epochs", "5"],
    "fit": ["--trainer.max_epochs", "1", "--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false"],
    "test": ["--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false"],
    "index": ["--workers", "0", "--accelerator", "cpu"],
}
# the page and the service are servers; tests/mwe/page and tests/mwe/service walk through them
NOT_WALKED = ("--help", "serve", "service")
# what a page may tell people to type that is no command of ours
OTHERS = ("beet", "make", "export", "curl", "pip", "python", "sbatch", "srun", "torchrun", "#")


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page, language):
    """Code blocks of a page; those without a language are for the shell."""
    parts = re.split(r"^```(\w*)\n", page.read_text(encoding="utf-8"), flags=re.M)
    # opening and closing fences take turns
    return [text for mark, text in zip(parts[1::4], parts[2::4], strict=True) if mark == language]


def lines(page):
    """Commands of a page, continued lines joined."""
    for block in blocks(page, ""):
        told = (line.split(" #")[0].strip() for line in block.replace("\\\n", " ").splitlines())
        yield from (line for line in told if line)


def renamed(text):
    for name, other in RENAMED.items():
        text = re.sub(rf"\b{name}\b", other, text)
    return text


@pytest.fixture(scope="module")
def prepared_home(miniature, tmp_path_factory):
    """A home with music, and a folder with the outputs of the demonstration, both the miniature's."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(miniature, home / "music")
    for table in (home / "music").glob("*.tsv"):
        table.write_text(renamed(table.read_text(encoding="utf-8")), encoding="utf-8")
    (home / "lightning_configs").symlink_to(ROOT / "lightning_configs")
    demo, tracks = home / "outputs/demo", FolderTracks(str(home / "music")).read()
    pairs = list(zip(tracks.track_ids, tracks.audio, strict=True))
    extract_mels(pairs, demo / "mel", workers=0, accelerator="cpu")
    write_corpus(tracks, demo / "words/seed0.txt", CorpusSettings(copies=10))
    words = train_skipgram(demo / "words/seed0.txt", SkipGramSettings(dim=16, epochs=20, negatives=5))
    words.save(demo / "words/seed0")
    words.save(home / "outputs/words/jamendo/tag_id/seed0/words")
    shutil.copy(home / "music/audio/t00.flac", home / "some.ogg")
    before = Path.cwd()
    os.chdir(home)
    try:
        collection = ["--data.collection", "FolderTracks", "--data.collection.root", str(home / "music")]
        row = "lightning_configs/mwe/demo/joint.yaml"
        main(["fit", "-c", row, *collection, *SMALL["fit"], "--data.batch_size", "16", "--data.repeats", "2"])
        main(["index", "music", "--model", "outputs/demo/joint/seed0", *SMALL["index"]])
        main(["export", "outputs/demo/joint/seed0", "my-model"])
    finally:
        os.chdir(before)
    return home


@pytest.fixture
def home(prepared_home, monkeypatch):
    """The current folder, and what ``~`` means."""
    monkeypatch.chdir(prepared_home)
    monkeypatch.setenv("HOME", str(prepared_home))
    return prepared_home


@pytest.mark.parametrize("name", WALKED)
def test_the_commands_of_a_page_do_what_it_says(name, prepared_home, cached_weights, tmp_path, monkeypatch, capsys):
    home = shutil.copytree(prepared_home, tmp_path / "home", symlinks=True)
    shutil.rmtree(home / "my-model")
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    for line in lines(ROOT / name):
        program, *given = [os.path.expanduser(one) for one in shlex.split(line)]
        if program == "mwe" and given[0] not in NOT_WALKED and given[1:] != ["--help"]:
            command = given[1] if given[0] in GROUPS else given[0]
            main([*given, *SMALL.get(command, [])])
    assert "mwe" in (ROOT / name).read_text()
    capsys.readouterr()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_of_every_page_exists(page):
    makefiles = [ROOT / "Makefile", *(ROOT / "make").glob("*.mk")]
    told = "\n".join(path.read_text(encoding="utf-8") for path in makefiles)
    targets = {name for found in re.findall(r"^([A-Za-z0-9 -]+):", told, re.M) for name in found.split()}
    for line in lines(page):
        program, *given = line.split()
        if program == "make":
            assert {one for one in given if re.fullmatch(r"[a-z][\w-]*", one)} <= targets, line
        elif program in ("mwe", "siamese-tags") and given[0] != "--help":
            source = ROOT / program.replace("-", "_") / "cli.py"
            assert f'"{given[0]}"' in source.read_text(encoding="utf-8"), line
        else:
            assert program in ("mwe", "siamese-tags", *OTHERS), f"{page.name} has {line!r} in a block for the shell"


# what needs a run of the other package, or weights of another model, is run there:
# tests/siamese_tags/test_contextual.py, tests/mwe/tower_pairs/test_mteb_encoder.py; and a server, in
# tests/mwe/page/test_space.py
RUN_ELSEWHERE = re.compile(r"siamese_tags|MtebEncoder|\"serve\"")
PYTHON = [(page, code) for page in PAGES for code in blocks(page, "python") if not RUN_ELSEWHERE.search(code)]


@pytest.mark.parametrize(("page", "code"), PYTHON, ids=[name_of(page) for page, _ in PYTHON])
def test_the_python_of_a_page_runs(page, code, home, capsys):
    if "client" in code:
        pytest.skip("needs a server of Qdrant; its local mode is tested in tests/mwe/search/test_export.py")
    exec(compile(renamed(code), str(page), "exec"), {})
    capsys.readouterr()


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_every_collection_has_its_line_in_the_data_cards():
    told = (ROOT / "docs/reference/data.md").read_text(encoding="utf-8")
    assert [name for name in names() if f"| `{name}` |" not in told] == []


@pytest.mark.filterwarnings("ignore")  # the kernel's own
def test_the_notebook_runs(home, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(ROOT / "docs/tutorials/tour.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are not committed"
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(home))
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert any("24 tracks" in output.get("text", "") for output in shown)
