"""Every door of the command line, every committed configuration, every make target that the README names."""

import os
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mwe.cli import COMMANDS, STAGES, command, main

ROOT = Path(__file__).parent.parent.parent
CONFIGS = ROOT / "lightning_configs"
ROWS = sorted(path for folder in ("demo", "table3", "table4") for path in (CONFIGS / "mwe" / folder).glob("*.yaml"))


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_overview_names_every_command(capsys):
    main([])
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in (*COMMANDS, *STAGES))
    main(["--version"])
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: mwe {name}" in text
    assert (command(name).__doc__ or "").split(".")[0].split()[0] in text


@pytest.mark.parametrize("name", ["search", "similar", "query"])
def test_what_asks_starts_without_lightning(name):
    """It alone takes seconds to import."""
    heavy = "{'torch', 'pytorch_lightning'}"
    told = f"import sys; from mwe.cli import command; command({name!r}); print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"


def test_an_unknown_command_is_refused_with_the_nearest():
    with pytest.raises(SystemExit, match=r"unknown command 'tets' .*nearest: 'test'"):
        main(["tets"])


def test_errors_are_one_line_that_says_what_to_do(capsys):
    with pytest.raises(
        SystemExit, match=r"mwe words: none\.txt not found\. Write it with `mwe corpus --out none\.txt`"
    ):
        main(["words", "--corpus", "none.txt", "--out", "words"])
    with pytest.raises(SystemExit, match="unknown collection 'cal50'"):
        main(["data", "cal50"])


def test_from_a_folder_to_word_vectors_and_spectrograms(miniature, capsys):
    collection = ["--collection", "FolderTracks", "--collection.root", str(miniature)]
    main(["mel", *collection, "--out", "mel", "--workers", "0", "--accelerator", "cpu"])
    assert "24 ok, 0 skipped" in "".join(capsys.readouterr())
    main(["corpus", *collection, "--out", "corpus.txt", "--settings.copies", "2"])
    assert re.search(r"lines +48", capsys.readouterr().out)
    main(["words", "--corpus", "corpus.txt", "--out", "words", "--settings.dim", "8", "--settings.epochs", "1"])
    assert "45 vectors of 8 dimensions in words" in capsys.readouterr().out
    main(["documents", *collection, "--out", "documents.tsv"])
    assert Path("documents.tsv").read_text().splitlines()[:3] == ["t00\tlow", "t00\tpure", "t00\tbass drone"]


def test_spectrograms_of_tracks_without_audio_are_refused(monkeypatch, tmp_path):
    (tmp_path / "tracks.tsv").write_text("path\ttags\nnone.wav\trock\n")
    with pytest.raises(SystemExit, match=r"mwe mel: .*max_failed"):
        main(
            [
                "mel",
                "--collection",
                "FolderTracks",
                "--collection.root",
                str(tmp_path),
                "--out",
                "mel",
                "--workers",
                "0",
            ]
        )


def test_data_lists_describes_and_exits_with_1_when_incomplete(capsys, monkeypatch, tmp_path):
    main(["data", "list"])
    assert "cal500" in capsys.readouterr().out
    monkeypatch.setenv("MWE_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main(["data", "mtg_jamendo"])
    assert ended.value.code == 1
    text = capsys.readouterr().out
    assert "CC BY-NC-SA" in text
    assert "21 missing" in text


def test_a_failed_fetch_ends_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("MWE_DATA", str(tmp_path))
    monkeypatch.setattr("mwe.core.datasets.pooch.retrieve", lambda url, *_, **__: (_ for _ in ()).throw(OSError(url)))
    with pytest.raises(
        SystemExit, match=r"mwe fetch: fetching cal500 failed: https://.*copy the folder datasets/CAL500"
    ):
        main(["fetch", "cal500"])


def test_a_table_is_built_and_printed(capsys, tmp_path):
    (tmp_path / "outputs/demo/joint/seed0").mkdir(parents=True)
    (tmp_path / "outputs/demo/joint/seed0/metrics.json").write_text('{"metrics": {"rocauc_clip": 0.5}}')
    main(["table", str(CONFIGS / "tables/demo.yaml")])
    assert "| 1D-CNN, tag + artist | 0.500 |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="Run: make jamendo-words"):
        main(["table", str(CONFIGS / "tables/jamendo-words.yaml")])


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


@pytest.mark.parametrize("row", ROWS, ids=lambda path: path.stem)
@pytest.mark.parametrize("more", [(), ("-c", str(CONFIGS / "logger/wandb.yaml"))], ids=["csv", "wandb"])
def test_every_row_parses_against_the_real_signatures(row, more):
    with pytest.raises(SystemExit) as ended:
        main(["test", "-c", str(row), *more, "--print_config"])
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


def test_the_readme_and_help_name_only_make_targets_that_exist():
    makefiles = [ROOT / "Makefile", *(ROOT / "make").glob("*.mk")]
    targets = set(
        re.findall(r"^([A-Za-z0-9-]+(?: [A-Za-z0-9-]+)*):", "\n".join(path.read_text() for path in makefiles), re.M)
    )
    known = {name for names in targets for name in names.split()}
    named = set(re.findall(r"`?make ([a-z][A-Za-z0-9-]+)", (ROOT / "README.md").read_text()))
    assert named - {"-n"} <= known
    helped = subprocess.run(["make", "-s", "help"], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert {"demo", "test", "siamese-quick", "demo-seeds", "jamendo-words"} <= set(helped.split())
