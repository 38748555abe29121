"""Every committed experiment: its rows and artefacts parse against the real signatures, and are the paper's."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from mwe.cli import main
from mwe.core.arguments import parser_of
from mwe.core.errors import BadFileError, UnknownNameError
from mwe.reproduce.commands.figures import figure4
from mwe.reproduce.experiments.experiment import load, names
from mwe.reproduce.experiments.recipes import RunSettings

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "lightning_configs/experiments"
NAMES = names(FOLDER)
TABLES = [name for name in NAMES if load(FOLDER / f"{name}.yaml", RunSettings()).tabled and name not in ("table2",)]
WEIGHTS = {"tag": "tag", "artist": "artist", "track": "track"}
ENCODERS = {
    "1D-CNN": "CNN1D",
    "Transformer": "MusicTaggingTransformer",
    "Musicnn, frozen": "Musicnn",
    "Musicnn, fine-tuned": "Musicnn",
}
FOLDERS = {"glove": "pretrained/glove", "mwe": "msd/wiki_review_tag_id", "mwe_aug": "msd/wiki_review_tag_id_aug"}


def all_tasks(experiment):
    """Tasks of an experiment and all that they need."""
    found = {}

    def add(task):
        for need in task.needs:
            add(need)
        found[task.key] = task

    for task in experiment.tasks:
        add(task)
    return list(found.values())


@pytest.fixture
def composed(monkeypatch, capsys):
    """The configuration that a command of a run makes of its parts."""
    monkeypatch.chdir(ROOT)

    def of(command):
        assert command[0] == "mwe"
        with pytest.raises(SystemExit) as ended:
            main([*command[1:], "--print_config"])
        assert ended.value.code == 0, command
        return yaml.safe_load(capsys.readouterr().out)

    return of


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_names_files_that_there_are_and_each_run_once(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    experiment = load(FOLDER / f"{name}.yaml", RunSettings())
    commands = [command for task in all_tasks(experiment) for command in task.commands()]
    told = [shlex.join(command) for command in commands]
    assert len(set(told)) == len(told)
    for word in [word for command in [*commands, *map(list, experiment.results)] for word in command]:
        assert not word.startswith("lightning_configs/") or Path(word).is_file(), word
        assert not re.search(r"\{\w+(\.\w+)?\}", word), word
    labels = [row.label for row in experiment.rows]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_has_its_line_in_make(name):
    lines = (ROOT / "make/paper.mk").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith(f"{name}: ## ") for line in lines) == 1


@pytest.mark.parametrize("name", TABLES)
def test_findings_and_comparisons_are_of_rows_and_metrics_of_the_table(name):
    described = load(FOLDER / f"{name}.yaml", RunSettings()).described
    rows = {row["row"] for row in described["rows"]}
    metrics = {metric for row in described["rows"] for metric in row.get("metrics", row.get("published", ()))}
    for finding in described.get("findings", ()):
        assert set(finding["rising"]) <= rows
        assert finding["metric"] in metrics
    assert all(set(row.get("published", ())) <= metrics for row in described["rows"])


@pytest.mark.parametrize("table", [6, 7, 8, 9])
def test_rows_of_the_joint_tables_are_composed_as_the_table_says(table, composed):
    """Class, words, weights of eq. 4, margin and collection of every row."""
    experiment = load(FOLDER / f"table{table}.yaml", RunSettings())
    rows = [row for row in experiment.rows if row.tasks]
    assert len(rows) == (19 if table < 8 else 18) + 4
    for row in rows:
        fit = row.tasks[0] if table < 9 else next(need for need in row.tasks[0].needs if "joint" in need.name)
        config = composed(fit.commands()[0])
        model, data = config["model"], config["data"]["init_args"]
        split = "MsdTop50Tracks" if table < 8 else "MsdZeroShotTracks"
        assert data["collection"]["class_path"] == f"mwe.tracks.{split}"
        assert config["trainer"]["max_epochs"] == 200
        [logger] = config["trainer"]["logger"]
        assert fit.name == f"{logger['init_args']['name']}/{logger['init_args']['version']}"
        named = re.fullmatch(rf"({'|'.join(ENCODERS)}), (GloVe|MWE|MWE \(Aug\)): (.*)", row.label)
        if named is None:
            classes = {"Classification Transformer": "TagClassifier", "Disentangled proxies": "DisentangledProxies"}
            assert model["class_path"] == f"mwe.joint.{classes[row.label]}"
            continue
        encoder, words, supervision = named.groups()
        assert model["class_path"] == "mwe.joint.JointEmbedding"
        assert model["init_args"]["encoder"]["class_path"] == f"mwe.encoders.{ENCODERS[encoder]}"
        if "Musicnn" in encoder:
            assert model["init_args"]["encoder"]["init_args"]["frozen"] == encoder.endswith("frozen")
            assert data["mel"] == "outputs/msd/tower_mel"
            assert model["init_args"]["loss"]["init_args"]["negatives"] == 1
        folder = FOLDERS[{"GloVe": "glove", "MWE": "mwe", "MWE (Aug)": "mwe_aug"}[words]]
        assert data["words"] == f"outputs/words/{folder}/seed0/words"
        weights = {name: float(name.title() in supervision.split(" + ")) for name in WEIGHTS}
        assert {name: model["init_args"][name] for name in WEIGHTS} == weights
        assert model["init_args"]["loss"]["init_args"]["margin"] == 0.4
        schedule = model["init_args"]["scheduler"]["init_args"]
        assert schedule.get("T_max", 200) == config["trainer"]["max_epochs"]
    supervisions = {row.label.split(": ")[1] for row in rows if ": " in row.label}
    assert len(supervisions) == 7


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("table7", "table9")])
def test_a_command_of_each_kind_parses(name, composed, monkeypatch, capsys):
    """One row for each recipe of ours, as LightningCLI and the plain commands read it."""
    experiment = load(FOLDER / f"{name}.yaml", RunSettings(data=Path("data")))
    kinds = {}
    for task in all_tasks(experiment):
        for command in task.commands():
            if command[:2] in (["mwe", "fit"], ["mwe", "test"]):
                kinds.setdefault((command[1], task.says.split(":")[0]), command)
    for command in kinds.values():
        config = composed(command)
        assert config["model"]["class_path"].startswith("mwe.")


def test_a_section_of_an_experiment_gives_options_in_their_order(tmp_path):
    (tmp_path / "e.yaml").write_text("about: x\nconfig:\n  words: {b: two, a: one}\n  pairs: [[x, y]]\n")
    (tmp_path / "options.yaml").write_text("words: {b: two}\npairs: [[x, y]]\n")
    parser = parser_of(figure4, "mwe figure4")
    given = parser.parse_args(["-c", str(tmp_path / "e.yaml")])
    assert (list(given["words"]), given["pairs"]) == (["b", "a"], [("x", "y")])
    assert parser.parse_args(["-c", str(tmp_path / "options.yaml")])["words"] == {"b": Path("two")}
    (tmp_path / "e.yaml").write_text("config: {wordss: {b: two}}\n")
    with pytest.raises(SystemExit):
        parser.parse_args(["-c", str(tmp_path / "e.yaml")])


def test_mistakes_are_named_with_the_file(tmp_path):
    (tmp_path / "artefacts").mkdir()
    wrong = {
        "title: x\nrowss: []": "keys ['rowss'] are not known",
        "recipes: {a: {makez: x}}": "keys ['makez'] are not known",
        "recipe: a\nrecipes: {a: {axes: [seed], run: []}}\nrows: [{row: x}]": "was given no seed",
        "also: [a]\nrecipes: {a: {makes: '{out}/{nothing}'}}": "{nothing} in '{out}/{nothing}' is not declared",
        "recipe: a\naxes: {e: {x: {}}}\nrecipes: {a: {axes: [e], makes: '{out}/{e.part}'}}\nrows: [{row: x, e: x}]": (
            "{e.part} of 'x' in '{out}/{e.part}' is not declared"
        ),
        "[]": "not a mapping",
    }
    for text, what in wrong.items():
        (tmp_path / "e.yaml").write_text(text)
        with pytest.raises(BadFileError, match=re.escape(what)) as raised:
            load(tmp_path / "e.yaml", RunSettings())
        assert str(tmp_path / "e.yaml") in str(raised.value)
    for text, what in {
        "also: [{b: {}}]\nrecipes: {a: {}}": "unknown recipe 'b'",
        "recipe: a\naxes: {e: [x]}\nrecipes: {a: {axes: [e]}}\nrows: [{row: x, e: y}]": "axis 'e' 'y'",
    }.items():
        (tmp_path / "e.yaml").write_text(text)
        with pytest.raises(UnknownNameError, match=re.escape(what)):
            load(tmp_path / "e.yaml", RunSettings())
