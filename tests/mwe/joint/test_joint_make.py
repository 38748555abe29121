"""What make plans for Tables VI to IX and XI and Figure 5, given the data at hand."""

import subprocess
from pathlib import Path

import pytest

from mwe.core.runs import RunMetrics

ROOT = Path(__file__).parents[3]
AUDIO = ["msd/audio/1/1.mp3", "msd/track_paths.tsv"]
TOP50, ZEROSHOT = ["msd/MSD_split/train.csv"], ["msd_zeroshot/tag_split.json"]
WORDS = [
    "lastfm/lastfm_tags.db",
    "allmusic/AMG_Multilabel_tagsets/msd_amglabels_all.h5",
    "wikipedia/enwiki-pages-articles.xml.bz2",
    "mumu/amazon_reviews_MuMu.json",
]
GLOVE = ["glove/glove.42B.300d.txt.gz"]


@pytest.fixture
def plan(tmp_path):
    """Commands that a target would run with some files at hand."""

    def of(target, *present, give=()):
        for file in present:
            (tmp_path / "data" / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "data" / file).touch()
        ready = tmp_path / "ready"
        ready.touch()
        own = ["VENV=none", "PY=python", f"READY={ready}", f"OUT={tmp_path}/out", f"MWE_DATA={tmp_path}/data"]
        done = subprocess.run(["make", "-n", target, *own, *give], cwd=ROOT, capture_output=True, text=True, check=True)
        lines = done.stdout.replace("\\\n", " ").splitlines()
        return [" ".join(line.split()) for line in lines if " -m mwe" in line]

    return of


def of_stage(commands, stage):
    return [command for command in commands if f"mwe {stage} " in command]


def test_without_audio_a_table_is_only_printed(plan):
    for number in (6, 7, 8, 9):
        [command] = plan(f"table{number}", *TOP50, *ZEROSHOT, *WORDS, *GLOVE)
        assert command.split("mwe ")[1].startswith(f"table lightning_configs/tables/table{number}.yaml --runs")


def test_rows_are_run_whose_words_can_be_had_and_two_tables_share_them(plan, tmp_path):
    assert len(of_stage(plan("table6", *AUDIO, *TOP50, *GLOVE), "fit")) == 3  # two encoders and the classifier
    commands = plan("table6", *WORDS)
    fits, tests = of_stage(commands, "fit"), of_stage(commands, "test")
    assert len(fits) == len(tests) == 19
    assert len(of_stage(commands, "mel")) == 1
    assert len(of_stage(commands, "words ")) + len(of_stage(commands, "words")) >= 2
    [fit] = [one for one in fits if "rows/top50/transformer_mwe_tag_artist.yaml" in one]
    out = f"{tmp_path}/out"
    assert f"--data.words {out}/words/msd/wiki_review_tag_id/seed0/words " in f"{fit} "
    assert "--trainer.logger.name joint/top50/transformer_mwe_tag_artist --trainer.logger.version seed0" in fit
    panels = [one for one in tests if "-c lightning_configs/mwe/panels.yaml" in one]
    assert len(panels) == 18  # the classifier has no space of words to be mapped
    for row in ("transformer_mwe_tag_artist", "proxies"):
        RunMetrics({}, "", 0).write(tmp_path / f"out/joint/top50/{row}/seed0")
    for name in ("pretrained/glove", "msd/wiki_review_tag_id", "msd/wiki_review_tag_id_aug"):
        (tmp_path / f"out/words/{name}/seed0/words").mkdir(parents=True)
        (tmp_path / f"out/words/{name}/seed0/words/vocabulary.json").touch()
    (tmp_path / "out/msd/mel").mkdir(parents=True)
    (tmp_path / "out/msd/mel/top50.ready").touch()
    for row in ("transformer_mwe_tag_artist", "proxies"):
        (tmp_path / f"out/joint/top50/{row}/seed0/metrics.json").touch()
    commands = plan("table7")
    assert len(of_stage(commands, "fit")) == 19 - 2  # of 18 rows and the proxies
    assert not of_stage(commands, "mel")


def test_a_stopped_fit_goes_on_and_all_are_started_as_asked(plan, tmp_path):
    checkpoint = tmp_path / "out/joint/zeroshot/cnn1d_glove_tag/seed0/checkpoints/last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    give = ["JOINT=torchrun --nproc_per_node 4 -m mwe", "JOINT_FLAGS=--trainer.devices 4", "JOINT_SEEDS=0 1"]
    logger = "LOGGER=lightning_configs/logger/wandb.yaml"
    commands = plan("table8", *AUDIO, *ZEROSHOT, *GLOVE, give=[*give, logger])
    fits = of_stage(commands, "fit")
    assert len(fits) == 4
    assert all(one.startswith("torchrun --nproc_per_node 4 -m mwe fit") for one in fits)
    [resumed] = [one for one in fits if "--ckpt_path" in one]
    assert resumed.endswith(f"--ckpt_path {checkpoint}")
    assert "--trainer.devices 4 -c lightning_configs/logger/wandb.yaml" in resumed
    named = "--trainer.logger.name cnn1d_glove_tag-seed0 --trainer.logger.group zeroshot"
    assert f"{named} --trainer.logger.id zeroshot-cnn1d_glove_tag-seed0" in resumed
    assert commands[-1].startswith("python -m mwe table")


def test_table_nine_tests_the_runs_of_table_eight_by_category(plan, tmp_path):
    assert len(of_stage(plan("table9", *AUDIO, *ZEROSHOT, *GLOVE), "test")) == 0  # no audio of MTG-Jamendo
    commands = plan("table9", "mtg_jamendo/audio/00/1.mp3")
    fits, tests = of_stage(commands, "fit"), of_stage(commands, "test")
    assert (len(fits), len(tests)) == (2, 2 + 2 * 3)
    [one] = [
        command for command in tests if "cnn1d_glove_tag.yaml -c lightning_configs/mwe/table9/genre.yaml" in command
    ]
    assert "--trainer.logger.name table9/cnn1d_glove_tag --trainer.logger.version seed0-genre" in one
    assert one.endswith(f"--ckpt_path {tmp_path}/out/joint/zeroshot/cnn1d_glove_tag/seed0/checkpoints/last.ckpt")
    assert len([command for command in of_stage(commands, "mel") if "JamendoTracks" in command]) == 1


def test_runs_are_listed_for_arrays_of_jobs(plan, tmp_path):
    given = ["make", "-s", "joint-runs", "VENV=none", f"READY={tmp_path}/ready", f"OUT={tmp_path}/out"]
    plan("table6", *AUDIO, *TOP50, *GLOVE)
    for data, count in (("none", 0), ("data", 4)):
        told = subprocess.run(
            [*given, f"MWE_DATA={tmp_path}/{data}"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        lines = told.stdout.splitlines()
        assert len(lines) == count
        assert all(line.startswith(f"{tmp_path}/out/joint/top50/") for line in lines)


def test_figure_five_and_table_eleven_fall_back_on_the_demonstration(plan):
    commands = plan("figure5")
    assert [command.split("mwe ")[1].split()[0] for command in commands[:2]] == ["demo", "mel"]
    assert "figures/figure5_demo.yaml" in commands[-1]
    commands = plan("figure5", *AUDIO, *ZEROSHOT, *WORDS)
    assert "--config lightning_configs/mwe/figures/figure5.yaml" in commands[-1]
    assert len(of_stage(commands, "fit")) == 4  # GloVe is not there
    commands = plan("table11")
    assert "rows/zeroshot/transformer_mwe_aug_tag_artist_track.yaml" in " ".join(of_stage(commands, "fit"))
    assert commands[-1].split("mwe ")[1].startswith("tag-table --config lightning_configs/mwe/table11/songs.yaml")
