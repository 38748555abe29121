"""What `paper` plans for Tables VI to IX and XI and Figure 5, given the data at hand."""

import re
from pathlib import Path

import pytest

from mwe.core.runs import RunMetrics

AUDIO = ["msd/audio/1/1.mp3", "msd/track_paths.tsv"]
TOP50, ZEROSHOT = ["msd/MSD_split/train.csv"], ["msd_zeroshot/tag_split.json"]
WORDS = [
    "lastfm/lastfm_tags.db",
    "allmusic/AMG_Multilabel_tagsets/msd_amglabels_all.h5",
    "wikipedia/enwiki-pages-articles.xml.bz2",
    "mumu/amazon_reviews_MuMu.json",
]
GLOVE = ["glove/glove.42B.300d.txt.gz"]


def of_stage(commands, stage):
    return [command for command in commands if f"mwe {stage} " in command]


@pytest.mark.parametrize("number", [6, 7, 8, 9])
def test_without_audio_a_table_is_only_printed(number, planned):
    [command] = planned(f"table{number}", present=[*TOP50, *ZEROSHOT, *WORDS, *GLOVE])
    assert command.startswith("mwe reproduce table ")
    assert f"descriptions/table{number}.yaml --runs" in command


def test_rows_are_run_whose_words_can_be_had_and_two_tables_share_them(planned, tmp_path):
    assert len(of_stage(planned("table6", present=[*AUDIO, *TOP50, *GLOVE]), "fit")) == 3  # two encoders, classifier
    commands = planned("table6", present=WORDS)
    fits, tests = of_stage(commands, "fit"), of_stage(commands, "test")
    assert len(fits) == len(tests) == 19 + 4
    assert len(of_stage(commands, "data mel")) == 2  # towers hear with settings of their own
    assert len(of_stage(commands, "words train")) == 2
    [fit] = [one for one in fits if "/joint/" not in one and "joint/top50/transformer_mwe_tag_artist " in one]
    out = f"{tmp_path}/out"
    assert f"--data.words {out}/words/msd/wiki_review_tag_id/seed0/words" in fit
    assert "--model.tag 1 --model.artist 1 --model.track 0" in fit
    assert "--trainer.logger.name joint/top50/transformer_mwe_tag_artist --trainer.logger.version seed0" in fit
    panels = [one for one in tests if "-c lightning_configs/mwe/panels.yaml" in one]
    assert len(panels) == 18 + 4  # the classifier has no space of words to be mapped
    for row in ("transformer_mwe_tag_artist", "proxies"):
        RunMetrics({}, "", 0).write(tmp_path / f"out/joint/top50/{row}/seed0")
    for name in ("pretrained/glove", "msd/wiki_review_tag_id", "msd/wiki_review_tag_id_aug"):
        (tmp_path / f"out/words/{name}/seed0/words").mkdir(parents=True)
        (tmp_path / f"out/words/{name}/seed0/words/vocabulary.json").touch()
    (tmp_path / "out/msd/mel").mkdir(parents=True)
    (tmp_path / "out/msd/mel/top50.ready").touch()
    commands = planned("table7")
    assert len(of_stage(commands, "fit")) == 19 + 4 - 2  # of 22 rows and the proxies
    [mel] = of_stage(commands, "data mel")
    assert "--config lightning_configs/mwe/mel/towers.yaml" in mel
    assert not of_stage(commands, "words train")


def test_what_is_finished_needs_no_data(planned, tmp_path):
    (tmp_path / "out/msd/mel").mkdir(parents=True)
    (tmp_path / "out/msd/mel/top50.ready").touch()
    assert len(of_stage(planned("table6", present=[*TOP50, *GLOVE]), "fit")) == 3  # without audio


def test_a_stopped_fit_goes_on_and_all_are_started_as_asked(planned, tmp_path):
    checkpoint = tmp_path / "out/joint/zeroshot/cnn1d_glove_tag/seed0/checkpoints/last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    given = ["--launcher", "torchrun --nproc_per_node 4 -m mwe", "--flags=--trainer.devices 4", "--seeds", "0,1"]
    logger = ["--logger", "lightning_configs/logger/wandb.yaml"]
    commands = planned("table8", *given, *logger, present=[*AUDIO, *ZEROSHOT, *GLOVE])
    fits = of_stage(commands, "fit")
    assert len(fits) == 4
    assert all(one.startswith("torchrun --nproc_per_node 4 -m mwe fit") for one in fits)
    [resumed] = [one for one in fits if "--ckpt_path" in one]
    assert resumed.endswith(f"--ckpt_path {checkpoint}")
    assert "--trainer.devices 4 -c lightning_configs/logger/wandb.yaml" in resumed
    named = "--trainer.logger.name cnn1d_glove_tag-seed0 --trainer.logger.group zeroshot"
    assert f"{named} --trainer.logger.id zeroshot-cnn1d_glove_tag-seed0" in resumed
    assert commands[-1].startswith("mwe reproduce table")


def test_table_nine_tests_the_runs_of_table_eight_by_category(planned, tmp_path):
    present = [*AUDIO, *ZEROSHOT, *GLOVE]
    assert len(of_stage(planned("table9", present=present), "test")) == 0  # no audio of MTG-Jamendo
    commands = planned("table9", present=["mtg_jamendo/audio/00/1.mp3"])
    fits, tests = of_stage(commands, "fit"), of_stage(commands, "test")
    assert (len(fits), len(tests)) == (2, 2 + 2 * 3)
    [one] = [command for command in tests if "table9/cnn1d_glove_tag --trainer.logger.version seed0-genre" in command]
    assert "--data.collection JamendoTracks --data.collection.subset genre" in one
    assert one.endswith(f"--ckpt_path {tmp_path}/out/joint/zeroshot/cnn1d_glove_tag/seed0/checkpoints/last.ckpt")
    assert len([command for command in of_stage(commands, "data mel") if "JamendoTracks" in command]) == 1


def test_runs_are_listed_for_arrays_of_jobs_and_each_can_be_made_alone(planned):
    tables = ["table6", "table7", "table8", "table9"]
    assert planned(*tables, kind="--runs") == [""]
    runs = planned(*tables, present=[*AUDIO, *TOP50, *GLOVE], kind="--runs")
    assert len(runs) == 4
    assert all(run.startswith("joint/top50/") for run in runs)
    commands = planned(*tables, "--only", runs[1])
    assert len(of_stage(commands, "fit")) == 1
    assert not of_stage(commands, "reproduce table")
    shared = planned(*tables, "--prepare")
    assert [re.search(r"mwe (\w+ \w+)", command).group(1) for command in shared] == ["data mel", "words import"]


def test_figure_five_and_table_eleven_fall_back_on_the_demonstration(planned):
    commands = planned("figure5")
    assert [command.split(" --")[0] for command in commands[:2]] == ["mwe demo", "mwe data mel"]
    assert "demo/joint/seed0" in commands[-1].split("--maps ")[1]
    commands = planned("figure5", present=[*AUDIO, *ZEROSHOT, *WORDS])
    assert "--config lightning_configs/experiments/figure5.yaml" in commands[-1]
    assert len(of_stage(commands, "fit")) == 4  # GloVe is not there
    commands = planned("table11")
    assert "joint/zeroshot/transformer_mwe_aug_tag_artist_track" in " ".join(of_stage(commands, "fit"))
    assert commands[-1].startswith("mwe reproduce tag-table --config lightning_configs/experiments/table11.yaml")


@pytest.mark.parametrize("name", ["demo-joint", "demo-losses"])
def test_the_demonstration_s_rows_have_three_seeds_and_are_compared(name, planned):
    commands = planned(name)
    assert len(of_stage(commands, "fit")) == {"demo-joint": 39, "demo-losses": 9}[name]
    assert [command.split()[2] for command in commands[-2:]] == ["table", "compare"]
    assert all(Path(command.split()[3]).stem == name for command in commands[-2:])
