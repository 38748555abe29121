"""Both command lines: every command is where its table says, explains itself, and imports little to do so."""

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from mwe.cli import PROGRAM as MWE
from mwe.core.commands import Command, Program
from siamese_tags.cli import PROGRAM as SIAMESE_TAGS

PROGRAMS = {"mwe": MWE, "siamese-tags": SIAMESE_TAGS}
EVERY = {f"{prog} {name}": command for prog, program in PROGRAMS.items() for name, command in program.walk()}
PLAIN = {name: command for name, command in EVERY.items() if isinstance(command, Command)}
ROOT = Path(__file__).parent.parent
TOLD = ("README.md", "CONTRIBUTING.md", "Makefile", "make", "docs", "lightning_configs", "mwe", "siamese_tags")
SUFFIXES = {"", ".md", ".mk", ".py", ".yaml", ".json", ".ipynb"}
# a program and what follows it, where that is no import, option, file or value
TYPED = re.compile(r"(?<![\w/.-])(?<!from )(?<!import )(mwe|siamese-tags)((?: +[a-z][\w-]*\b(?![.=:/])){1,3})")
WIDTH = 100
# seconds to import; readers, whose classes are in signatures, need NumPy and SciPy's sparse matrices
HEAVY = {
    *("torch", "torchmetrics", "pytorch_lightning", "lightning", "gensim", "sklearn", "matplotlib", "librosa", "wandb"),
    *("gradio", "pandas", "soundfile", "safetensors", "h5py", "faiss", "onnx", "onnxruntime", "huggingface_hub"),
    *("qdrant_client", "umap", "scipy.stats", "scipy.optimize", "scipy.signal", "scipy.interpolate"),
    *("transformers", "tokenizers"),
}
VISIT_EVERY_PAGE = """
import contextlib, io, sys
from {package}.cli import PROGRAM
for name in ["", *(name for name, _ in PROGRAM.walk())]:
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as page:
        PROGRAM.run({prog!r}, [*name.split(), "--help"], from_process=False)
    assert page.getvalue().startswith("usage: "), name
    imported = sorted({heavy!r} & set(sys.modules))
    assert not imported, f"{prog} {{name}} --help imports {{imported}}"
"""


def programs(prog, program):
    yield prog, program
    for name, command in program.commands.items():
        if isinstance(command, Program):
            yield from programs(f"{prog} {name}", command)


EVERY_PROGRAM = dict(pair for prog, program in PROGRAMS.items() for pair in programs(prog, program))


def refers(prog, words):
    """Whether words begin with a command, whatever follows it."""
    command = PROGRAMS[prog]
    for word in words:
        if not isinstance(command, Program):
            return True
        if word not in command.commands:
            return False
        command = command.commands[word]
    return True


def page(capsys, monkeypatch, name):
    """The help page of a command, which ends the program unless the page is written by hand."""
    monkeypatch.setenv("COLUMNS", str(WIDTH + 2))  # argparse leaves two columns free
    prog, *words = name.split()
    with suppress(SystemExit):
        PROGRAMS[prog].run(prog, [*words, "--help"], from_process=False)
    return capsys.readouterr().out


@pytest.mark.parametrize("name", PLAIN)
def test_the_summary_of_a_command_is_the_first_line_of_its_docstring(name):
    assert PLAIN[name].load().__doc__.splitlines()[0] == PLAIN[name].summary


@pytest.mark.parametrize("name", [*EVERY_PROGRAM, *EVERY])
def test_every_help_page_says_what_is_done_and_fits_on_the_screen(name, capsys, monkeypatch):
    text = page(capsys, monkeypatch, name)
    assert text.startswith(f"usage: {name} ")
    assert " ".join((EVERY | EVERY_PROGRAM)[name].summary.split()) in " ".join(text.split())
    assert [line for line in text.splitlines() if len(line) > WIDTH] == []


@pytest.mark.parametrize("name", [*EVERY_PROGRAM])
def test_a_list_of_commands_has_all_of_them(name, capsys, monkeypatch):
    text = page(capsys, monkeypatch, name)
    assert all(f"\n  {command} " in text for command in EVERY_PROGRAM[name].commands)


@pytest.mark.parametrize("name", EVERY_PROGRAM)
def test_former_names_stand_for_commands_that_are_there(name):
    prog, *before = name.split()
    program = EVERY_PROGRAM[name]
    assert not set(program.former) & set(program.commands)
    now = [*program.former.values(), *([program.formerly] if program.formerly else [])]
    assert [one for one in now if not refers(prog, [*before, *one.split()])] == []


def test_every_command_that_is_named_anywhere_is_there():
    files = [file for name in TOLD for file in (ROOT / name, *(ROOT / name).rglob("*")) if file.suffix in SUFFIXES]
    texts = {file: file.read_text(encoding="utf-8") for file in files if file.is_file()}
    named = [(file, *found) for file, text in texts.items() for found in TYPED.findall(text)]
    assert len(named) > 100
    unknown = {(file.name, prog + words) for file, prog, words in named if not refers(prog, words.split())}
    assert unknown - {("index.md", "mwe teaches machines what")} == set()


@pytest.mark.parametrize("prog", PROGRAMS)
def test_no_help_page_imports_what_is_heavy(prog):
    """One process visits every page, for what may not be imported by any may not be there at the end of all."""
    code = VISIT_EVERY_PAGE.format(package=prog.replace("-", "_"), prog=prog, heavy=HEAVY)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
