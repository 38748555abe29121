"""Through the front door, on the miniature and on a TSV of one's own."""

import csv
import json
from pathlib import Path

import pytest
import yaml

from siamese_tags.baselines import BASELINES, settings_of
from siamese_tags.cli import main
from siamese_tags.pretraining import Pretraining
from siamese_tags.reproduce import stage_settings

CONFIGS = Path(__file__).parents[2] / "lightning_configs" / "siamese_tags"
SMALL = [
    "--trainer.max_epochs=2",
    "--trainer.accelerator=cpu",
    "--trainer.enable_progress_bar=false",
    "--data.init_args.n_topics=4",
    "--data.init_args.batch_size=64",
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def small(miniature):
    return [*SMALL, f"--data.init_args.collection.init_args.root={miniature}"]


def figures(run):
    return json.loads(Path(run, "metrics.json").read_text(encoding="utf-8"))


def fit_both(small, fold=0):
    start = "--model.init_args.pretraining.steps=3"
    main(["fit", "-c", f"{CONFIGS}/stages/single_ce.yaml", *small, start, f"--data.init_args.fold={fold}"])
    main(["fit", "-c", f"{CONFIGS}/stages/siamese_ce.yaml", *small, f"--data.init_args.fold={fold}"])


def test_from_nothing_to_the_table(small, miniature, capsys):
    fit_both(small, fold=1)
    for name in ("random", "popularity", "pca", "pca_chosen"):
        main(["baseline", "--name", name, "--collection=Cal500", f"--collection.root={miniature}", "--folds=[1]"])
    main(["reproduce", "table", "--folds=[1]"])
    assert "| Siamese CE |" in capsys.readouterr().out
    with open("outputs/tables/siamese-quick.csv", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert {line["row"] for line in lines} >= {"Random", "PCA, as named", "PCA, chosen", "Single CE", "Siamese CE"}
    run = Path("outputs/siamese-quick/siamese_ce/fold1")
    [reproduced] = [line["reproduced"] for line in lines if (line["row"], line["metric"]) == ("Siamese CE", "test_map")]
    assert float(reproduced) == pytest.approx(figures(run)["metrics"]["test_map"], abs=1e-5)
    assert (run / "checkpoints" / "last.ckpt").is_file()
    config = yaml.safe_load((run / "fit.yaml").read_text(encoding="utf-8"))
    assert config["model"]["init_args"]["init_from"] == "outputs/siamese-quick/single_ce/fold1"


def test_test_repeats_what_fit_measured(small):
    fit_both(small)
    for row in ("single_ce", "siamese_ce"):
        run = Path("outputs/siamese-quick") / row / "fold0"
        measured = figures(run)
        assert measured["collection"] == "CAL500"
        (run / "metrics.json").unlink()
        checkpoint = run / "checkpoints" / "last.ckpt"
        main(["test", "-c", f"{CONFIGS}/stages/{row}.yaml", *small, "--ckpt_path", str(checkpoint)])
        assert figures(run) == measured
        assert (run / "test.yaml").is_file()


def test_random_weights_are_not_tested(small):
    with pytest.raises(ValueError, match="no --ckpt_path"):
        main(["test", "-c", f"{CONFIGS}/stages/single_ce.yaml", *small])


def test_folds_and_seeds_to_the_table(small, miniature, capsys):
    for seed in (0, 1):
        where = ["--trainer.logger.version=fold{fold}_seed{seed}"] if seed else []
        chain = [f"--seed_everything={seed}", "--data.init_args.fold=1", *where]
        first, second = f"{CONFIGS}/stages/single_ce.yaml", f"{CONFIGS}/stages/siamese_ce.yaml"
        main(["fit", "-c", first, *small, *chain, "--model.init_args.pretraining=null"])
        start = "outputs/siamese-quick/single_ce/fold{fold}" + ("_seed{seed}" if seed else "")
        main(["fit", "-c", second, *small, *chain, f"--model.init_args.init_from={start}"])
        for name in ("random", "popularity", "pca", "pca_chosen"):
            own = ["--collection=Cal500", f"--collection.root={miniature}", "--folds=[1]", f"--seed={seed}"]
            main(["baseline", "--name", name, *own])
    capsys.readouterr()
    main(["reproduce", "table", "--folds=[1]", "--seeds=[0,1]"])
    assert "mean over 1 folds x 2 seeds" in capsys.readouterr().out
    runs = [figures(f"outputs/siamese-quick/siamese_ce/{name}") for name in ("fold1", "fold1_seed1")]
    assert [run["seed"] for run in runs] == [0, 1]
    with open("outputs/tables/siamese-quick.csv", encoding="utf-8") as file:
        [line] = [one for one in csv.DictReader(file) if (one["row"], one["metric"]) == ("Siamese CE", "test_map")]
    mean = sum(run["metrics"]["test_map"] for run in runs) / 2
    assert float(line["reproduced"]) == pytest.approx(mean, abs=1e-5)
    assert (line["n"], line["seeds"]) == ("2", "fold1 fold1_seed1")


def test_choose_through_the_front_door(miniature, capsys, monkeypatch):
    monkeypatch.setattr(stage_settings, "Pretraining", lambda steps: Pretraining(steps=min(steps, 2)))
    where = ["--collection=Cal500", f"--collection.root={miniature}", "--folds=[0]"]
    main(["reproduce", "choose", *where, "--short=1", "--long=1", "--every=1", "--validation_seed=3"])
    with open("outputs/tables/siamese-choice.csv", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert {line["validation_seed"] for line in lines} == {"3"}
    assert [line["row"] for line in lines if line["chosen"]] == ["single", "siamese", "siamese"]
    assert capsys.readouterr().out.count("chosen: ") == 3


def test_own_tags(tmp_path):
    lines = [f"song{n}\t{kind} {place}" for n in range(12) for kind in ("ab"[n % 2],) for place in range(3 + n % 3)]
    Path("tags.tsv").write_text("\n".join(lines), encoding="utf-8")
    own = ["--collection=TsvDocuments", "--collection.path=tags.tsv", "--out=outputs/mine/pca"]
    main(["baseline", "--name=pca", *own])
    assert {path.parent.name for path in Path("outputs/mine/pca").glob("*/metrics.json")} == {"fold0", "fold1", "fold2"}
    arguments = [f"--data={CONFIGS}/data/tsv.yaml", *SMALL, "--model.init_args.pretraining=null"]
    main(["fit", "-c", f"{CONFIGS}/stages/single_ce.yaml", *arguments, "--trainer.logger.name=mine/{fold}"])
    assert figures("outputs/mine/0/fold0")["collection"] == "tags"


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_through_the_front_door(name, miniature, capsys):
    main(["baseline", f"--name={name}", "--collection=Cal500", f"--collection.root={miniature}", "--folds=[2]"])
    measured = figures(Path("outputs/siamese-quick") / name / "fold2")
    parts = {"train"} if name == "crbm" else {"train", "test"}
    assert {metric.split("_")[0] for metric in measured["metrics"]} == parts
    assert all(0 <= value <= 100 for value in measured["metrics"].values())
    expected = json.loads(json.dumps(settings_of(name)))
    assert measured["notes"] == {"baseline": name, "settings": expected}
    assert f"{name}, fold 2: MAP" in capsys.readouterr().out


def test_settings_of_one_s_own(miniature):
    where = ["--collection=Cal500", f"--collection.root={miniature}", "--folds=[0]"]
    for out, settings in (("a", []), ("b", ["--settings={rank: 2}"]), ("c", ["--settings.rank=2"])):
        main(["baseline", "--name=lsa", *settings, *where, f"--out={out}"])
    assert figures("a/fold0")["metrics"] != figures("b/fold0")["metrics"]
    assert figures("b/fold0") == figures("c/fold0")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--name=lsb"], "siamese-tags baseline: unknown baseline 'lsb'.*'lsa'"),
        (["--name=lsa", "--settings={rnk: 2}"], "siamese-tags baseline: unknown setting of lsa 'rnk'.*'rank'"),
        (["--name=lsa", "--settings={weighting: idf}"], "siamese-tags baseline: settings of lsa.*weighting"),
        (["--name=lsa", "--settings={rank: 0}"], "siamese-tags baseline: settings of lsa: rank=0.*at least 1"),
    ],
)
def test_a_bad_baseline_is_one_clear_message(arguments, message):
    with pytest.raises(SystemExit, match=rf"(?s){message}"):
        main(["baseline", *arguments])


def test_second_stage_before_the_first_is_one_clear_message(small):
    with pytest.raises(SystemExit, match=r"siamese-tags fit: init_from=.*Fit the first stage of this fold first"):
        main(["fit", "-c", f"{CONFIGS}/stages/siamese_ce.yaml", *small])


def test_missing_collection_is_one_clear_message():
    with pytest.raises(SystemExit, match=r"siamese-tags baseline: cal500: .*MWE_DATA"):
        main(["baseline", "--name=pca", "--collection=Cal500", "--collection.root=nowhere"])


def test_rerun_and_resume_keep_one_checkpoint(small):
    run = Path("outputs/siamese-quick/single_ce/fold0")
    row = ["fit", "-c", f"{CONFIGS}/stages/single_ce.yaml", *small, "--model.init_args.pretraining=null"]
    main(row)
    measured = figures(run)
    main(row)
    assert figures(run) == measured
    (run / "metrics.json").unlink()
    main([*row, f"--ckpt_path={run}/checkpoints/last.ckpt"])
    assert figures(run) == measured
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["last.ckpt"]


def test_runs_without_a_logger(small):
    row = ["fit", "-c", f"{CONFIGS}/stages/single_ce.yaml", *small, "--model.init_args.pretraining=null"]
    main([*row, "--trainer.logger=false", "--trainer.callbacks=null", "--trainer.enable_checkpointing=false"])
    assert not Path("outputs").exists()


def test_help_teaches(capsys):
    main([])
    text = capsys.readouterr().out
    for word in ("fit", "test", "baseline", "reproduce ...", "id<TAB>tag", "MWE_DATA", "{seed}"):
        assert word in text
    main(["fit", "--help"])
    for command in (["baseline"], ["reproduce", "table"], ["reproduce", "choose"]):
        with pytest.raises(SystemExit, match="0"):
            main([*command, "--help"])
    assert "--folds" in capsys.readouterr().out
