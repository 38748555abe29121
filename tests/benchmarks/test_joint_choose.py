"""Folds of artists, without the test tracks; settings compared by validation alone."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmarks import joint_choose
from benchmarks.joint_choose import HeldOutArtists, choose
from mwe.core.files import read_json
from mwe.tracks import FolderTracks

ROOT = Path(__file__).parents[2]


def test_each_artist_is_held_out_once_and_test_tracks_never_seen(miniature):
    reader = FolderTracks(str(miniature))
    whole = reader.read()
    held_out = []
    for fold in range(2):
        tracks = HeldOutArtists(reader, fold, 2).read()
        train, valid = ({whole.artist_ids[row] for row in tracks.splits[name]} for name in ("train", "valid"))
        assert not train & valid
        assert not len(tracks.splits["test"])
        assert not set(np.concatenate(list(tracks.splits.values()))) & set(whole.splits["test"])
        held_out += tracks.splits["valid"].tolist()
    assert sorted(held_out) == sorted([*whole.splits["train"], *whole.splits["valid"]])


def test_settings_are_fitted_fold_by_fold_and_not_twice(tmp_path, monkeypatch, capsys):
    asked = []

    def pretended(arguments, words, fold, folds, epochs):
        asked.append((tuple(arguments), Path(words).name, fold, epochs))
        value = 0.6 + 0.1 * epochs + 0.01 * fold
        return dict.fromkeys(joint_choose.FIGURES, value)

    monkeypatch.setattr(joint_choose, "figures_of", pretended)
    settings = tmp_path / "choice.yaml"
    settings.write_text(
        yaml.safe_dump({"one": {"epochs": 1, "options": ["-c", "x"]}, "two": {"epochs": 2, "options": []}})
    )
    choose(settings, tmp_path, folds=2)
    choose(settings, tmp_path, folds=2)
    assert [own[1:] for own in asked] == [("seed0", 0, 1), ("seed1", 1, 1), ("seed0", 0, 2), ("seed1", 1, 2)]
    found = read_json(tmp_path / "benchmarks/joint_choose.json")
    assert found["two"]["score"] == pytest.approx(0.805)
    assert capsys.readouterr().out.index('"two"') < 10  # the best comes first


@pytest.mark.parametrize("name", yaml.safe_load((ROOT / "benchmarks/joint_choose.yaml").read_text()))
def test_committed_settings_are_options_of_the_command_line(name, monkeypatch, tmp_path):
    from mwe.cli import main

    monkeypatch.chdir(ROOT)
    own = yaml.safe_load((ROOT / "benchmarks/joint_choose.yaml").read_text())[name]
    with pytest.raises(SystemExit) as ended:
        main(["fit", *own["options"], "--print_config"])
    assert ended.value.code == 0
