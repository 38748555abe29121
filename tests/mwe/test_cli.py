"""Every door of the command line, every committed configuration, every make target that the README names."""

import os
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mwe.cli import PROGRAM, main

ROOT = Path(__file__).parent.parent.parent
CONFIGS = ROOT / "lightning_configs"
TRAINER = ["--trainer", str(CONFIGS / "mwe/trainer/test.yaml")]
ROWS = {
    "demo": ["-c", str(CONFIGS / "mwe/demo/joint.yaml")],
    "table3": [*TRAINER, "--model", "TagRankPrediction", "--data", str(CONFIGS / "mwe/words/jamendo_ranks.yaml")],
}


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_overview_names_every_command(capsys):
    main([])
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in PROGRAM.commands)
    assert len(PROGRAM.commands) < 28
    main(["--version"])
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize("name", ["search", "similar", "query"])
def test_what_asks_starts_without_lightning(name):
    """It alone takes seconds to import."""
    heavy = "{'torch', 'pytorch_lightning'}"
    code = f"import sys; from mwe.cli import PROGRAM; PROGRAM.commands[{name!r}].load(); "
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}print(sorted({heavy} & set(sys.modules)))"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize("program", ["mwe", "siamese_tags"])
def test_lists_of_commands_import_nothing_heavy(program):
    heavy = "{'torch', 'numpy', 'jsonargparse', 'pytorch_lightning'}"
    code = f"import sys; from {program}.cli import main; main(['--help']); "
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}print(sorted({heavy} & set(sys.modules)))"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["tets"], "mwe: unknown command 'tets'; nearest: `mwe test`.*. `mwe --help` lists all.$"),
        (["tabel"], "mwe: unknown command 'tabel'; nearest: `mwe reproduce table`"),
        (["wrods"], "mwe: unknown command 'wrods'; nearest: `mwe words`"),
        (["qqq"], "mwe: unknown command 'qqq'. `mwe --help` lists all.$"),
        (["library", "exprot"], "mwe library: unknown command 'exprot'; nearest: `mwe library export`. `mwe lib"),
        (["data", "cal500"], "unknown command 'cal500'.* What `mwe data` did is `mwe data show cal500` now.$"),
        (["words", "--out", "a b"], "What `mwe words` did is `mwe words train --out 'a b'` now.$"),
    ],
)
def test_an_unknown_command_is_refused_with_what_to_type(typed, told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(typed)
    assert ended.value.code == 2
    assert re.search(told, capsys.readouterr().err)


def test_a_former_name_answers_with_the_name_now(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["fetch", "cal500"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "`mwe fetch` is now `mwe data fetch`: type `mwe data fetch cal500`.\n"


def test_a_group_alone_lists_its_commands(capsys):
    main(["data"])
    alone = capsys.readouterr().out
    main(["data", "--help"])
    assert alone == capsys.readouterr().out
    assert "\n  mwe data fetch cal500\n" in alone


def test_errors_are_one_line_that_says_what_to_do(capsys):
    with pytest.raises(
        SystemExit, match=r"mwe words train: none\.txt not found\. Write it with `mwe words corpus --out none\.txt`"
    ):
        main(["words", "train", "--corpus", "none.txt", "--out", "words"])
    with pytest.raises(SystemExit, match="unknown collection 'cal50'"):
        main(["data", "show", "cal50"])


def test_from_a_folder_to_word_vectors_and_spectrograms(miniature, capsys):
    collection = ["--collection", "FolderTracks", "--collection.root", str(miniature)]
    main(["data", "mel", *collection, "--out", "mel", "--workers", "0", "--accelerator", "cpu"])
    assert "24 ok, 0 skipped" in "".join(capsys.readouterr())
    main(["words", "corpus", *collection, "--out", "corpus.txt", "--settings.copies", "2"])
    assert re.search(r"lines +48", capsys.readouterr().out)
    main(
        ["words", "train", "--corpus", "corpus.txt", "--out", "words", "--settings.dim", "8", "--settings.epochs", "1"]
    )
    assert "45 vectors of 8 dimensions in words" in capsys.readouterr().out
    main(["data", "documents", *collection, "--out", "documents.tsv"])
    assert Path("documents.tsv").read_text().splitlines()[:3] == ["t00\tlow", "t00\tpure", "t00\tbass drone"]


def test_spectrograms_of_tracks_without_audio_are_refused(monkeypatch, tmp_path):
    (tmp_path / "tracks.tsv").write_text("path\ttags\nnone.wav\trock\n")
    collection = ["--collection", "FolderTracks", "--collection.root", str(tmp_path)]
    with pytest.raises(SystemExit, match=r"mwe data mel: .*max_failed"):
        main(["data", "mel", *collection, "--out", "mel", "--workers", "0"])


def test_data_lists_describes_and_exits_with_1_when_incomplete(capsys, monkeypatch, tmp_path):
    main(["data", "list"])
    assert "cal500" in capsys.readouterr().out
    monkeypatch.setenv("MWE_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main(["data", "show", "mtg_jamendo"])
    assert ended.value.code == 1
    text = capsys.readouterr().out
    assert "CC BY-NC-SA" in text
    assert "21 missing" in text


def test_a_failed_fetch_ends_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("MWE_DATA", str(tmp_path))
    monkeypatch.setattr("mwe.core.datasets.pooch.retrieve", lambda url, *_, **__: (_ for _ in ()).throw(OSError(url)))
    with pytest.raises(
        SystemExit, match=r"mwe data fetch: fetching cal500 failed: https://.*copy the folder datasets/CAL500"
    ):
        main(["data", "fetch", "cal500"])


def test_a_table_is_built_and_printed(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    (tmp_path / "demo/joint/seed0").mkdir(parents=True)
    (tmp_path / "demo/joint/seed0/metrics.json").write_text('{"metrics": {"rocauc_clip": 0.5}}')
    main(["paper", "demo-seeds", "--show", "--out", str(tmp_path)])
    assert "| 1D-CNN, tag + artist | 0.500 |" in capfd.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["paper", "demo-losses", "--show", "--out", str(tmp_path)])
    assert ended.value.code == 1
    assert "Run: make demo-losses" in capfd.readouterr().err


def test_the_demonstration_is_built_where_it_is_told(capsys, monkeypatch):
    built = []
    monkeypatch.setattr("mwe.tracks.demo.build_demo", lambda root, **given: built.append((root, given)) or root)
    main(["demo", "--seed", "3"])
    assert built == [(Path(os.environ["MWE_CACHE"]) / "demo", {"seed": 3, "workers": None})]
    assert "DATA_CARD.md" in capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: str(path.relative_to(CONFIGS)))
def test_every_yaml_is_read_and_names_classes_that_exist(path):
    def class_paths(part):
        if isinstance(part, dict):
            yield from [part["class_path"]] if "class_path" in part else []
            part = list(part.values())
        if isinstance(part, list):
            for one in part:
                yield from class_paths(one)

    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content
    for name in class_paths(content):
        assert isinstance(pydoc.locate(name), type)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("more", [(), ("-c", str(CONFIGS / "logger/wandb.yaml"))], ids=["csv", "wandb"])
def test_every_row_parses_against_the_real_signatures(row, more):
    with pytest.raises(SystemExit) as ended:
        main(["test", *row, *more, "--print_config"])
    assert ended.value.code == 0


@pytest.mark.parametrize("model", sorted((CONFIGS / "mwe/model").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_model_goes_with_the_demonstration(model, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["fit", "-c", str(CONFIGS / "mwe/demo/joint.yaml"), "--model", str(model), "--print_config"])
    assert ended.value.code == 0
    assert "mwe.encoders" in capsys.readouterr().out


def test_the_module_runs_as_a_program():
    told = subprocess.run([sys.executable, "-m", "mwe", "--help"], check=True, capture_output=True, text=True)
    assert "`mwe COMMAND --help`" in told.stdout


def test_pages_and_help_name_only_make_targets_that_exist():
    makefiles = [ROOT / "Makefile", *(ROOT / "make").glob("*.mk")]
    targets = set(
        re.findall(r"^([A-Za-z0-9-]+(?: [A-Za-z0-9-]+)*):", "\n".join(path.read_text() for path in makefiles), re.M)
    )
    known = {name for names in targets for name in names.split()}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {name for page in pages for name in re.findall(r"`make ([a-z][A-Za-z0-9-]+)", page.read_text())}
    assert named - {"-n"} <= known
    helped = subprocess.run(["make", "-s", "help"], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert {"demo", "test", "siamese-quick", "demo-seeds", "jamendo-words"} <= set(helped.split())
