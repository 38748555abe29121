"""The ridge baseline through the front door, against a pipeline of scikit-learn."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mwe.cli import main
from mwe.core.files import read_json
from mwe.joint import AudioWordDataModule
from mwe.joint.scores import TrackScores
from mwe.tracks import FolderTracks

CONFIGS = Path(__file__).parents[3] / "lightning_configs/mwe"
ROW = [
    *("--trainer", f"{CONFIGS}/trainer/test.yaml", "--data", f"{CONFIGS}/data/demo.yaml"),
    *("--model", "mwe.joint.ridge.RidgeRegression", "--trainer.callbacks+=mwe.joint.scores.KeepScores"),
    *("--trainer.logger.version", "seed0"),
]


def arguments(prepared, *more):
    return [
        *ROW, "--data.collection", "FolderTracks", "--data.collection.root", str(prepared.collection),
        "--data.mel", str(prepared.mel), "--data.words", str(prepared.words), "--trainer.accelerator", "cpu",
        "--trainer.enable_progress_bar", "false", "--trainer.logger.name", "ridge", *more,
    ]  # fmt: skip


def by_hand(prepared, target):
    """Scores of the test tracks by scikit-learn, with the penalty that does best on the validation tracks."""
    data = AudioWordDataModule(FolderTracks(str(prepared.collection)), str(prepared.mel), str(prepared.words))
    data.setup("test")
    matrix, seen = data.tracks.matrix.toarray(), ~data.tracks.unseen
    unit_TW = data.words.tag / np.linalg.norm(data.words.tag, axis=1, keepdims=True)

    def features(split):
        mel = np.stack([data.split(split, 8).__getitems__([item]).mel[0].numpy() for item in range(len(rows[split]))])
        mel = mel.astype(np.float32)
        return np.concatenate([mel.mean(axis=2), mel.std(axis=2, ddof=1)], axis=-1).mean(axis=1)

    def scored(given):
        if target == "labels":
            return given
        return given / np.linalg.norm(given, axis=1, keepdims=True) @ unit_TW.T

    rows = {split: data.positions(split) for split in ("train", "valid", "test")}
    labels = matrix[rows["train"]][:, seen].astype(float)
    targets = labels if target == "labels" else labels @ unit_TW[seen] / labels.sum(axis=1, keepdims=True)
    best = (-1.0, None)
    for penalty in (0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0):
        fitted = make_pipeline(StandardScaler(), Ridge(penalty)).fit(features("train"), targets)
        found = scored(fitted.predict(features("valid")))
        found = found if target == "labels" else found[:, seen]
        valid = matrix[rows["valid"]][:, seen]
        kept = np.flatnonzero(valid.any(axis=0) & ~valid.all(axis=0))
        value = np.mean([roc_auc_score(valid[:, tag], found[:, tag]) for tag in kept])
        if value > best[0] + 1e-9:
            best = (value, fitted)
    return scored(best[1].predict(features("test")))


@pytest.mark.parametrize("target", ["labels", "words"])
def test_it_is_scikit_learn_s(prepared, target, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["test", *arguments(prepared, "--model.target", target)])
    found = read_json("outputs/ridge/seed0/metrics.json")
    assert found["metrics"]["rocauc_tag_seen"] > 0.9
    assert ("rocauc_tag_unseen" in found["metrics"]) == (target == "words")
    assert found["notes"]["penalty"] in (0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0)
    kept = TrackScores.read(tmp_path / "outputs/ridge/seed0")
    given = kept.score if target == "words" else kept.score[:, ~kept.unseen]
    np.testing.assert_allclose(given, by_hand(prepared, target), atol=2e-4)


def test_it_is_not_trained_step_by_step(prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="use `mwe test`, not `mwe fit`"):
        main(["fit", *arguments(prepared, "--trainer.max_epochs", "1")])
