"""Every picture is drawn from miniatures, through the front door, and to the same bytes each time."""

import hashlib
import json
import re
import xml.etree.ElementTree as ElementTree
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.image import imread
from torch.optim import Adam

from mwe.core.errors import MissingDataError, StaleArtefactError
from mwe.core.pictures import save
from mwe.core.runs import RunMetrics
from siamese_tags.baselines import build
from siamese_tags.cli import main
from siamese_tags.documents import Cal500, TagDocuments
from siamese_tags.evaluate import evaluate
from siamese_tags.metrics import CURVE, curve_area
from siamese_tags.reproduce.figures.curves import curves_of, draw_curves, draw_run_curves
from siamese_tags.reproduce.figures.frequencies import draw_frequencies
from siamese_tags.reproduce.figures.instances import draw_instances, typical_tags
from siamese_tags.reproduce.figures.projection import project, project_distances
from siamese_tags.reproduce.figures.spaces import average_precision, distances
from siamese_tags.reproduce.figures.style import pixels, short
from siamese_tags.reproduce.priming_rows import QUICK
from siamese_tags.stage1 import SingleNetwork

TAG = "Song-Recorded"


@pytest.fixture
def runs(mini_data, fit, tmp_path):
    """A short network, standing for both stages of every fold, with the metrics that its test logs."""
    for fold in range(3):
        model, data = SingleNetwork(n_tags=22, n_topics=4, optimizer=partial(Adam, lr=0.01)), mini_data(fold=fold)
        trainer = fit(model, data, epochs=2)
        figures = {name: value for part in trainer.test(model, data, verbose=False) for name, value in part.items()}
        for stage in ("single_ce", "siamese_ce"):
            trainer.save_checkpoint(tmp_path / "runs" / stage / f"fold{fold}" / "checkpoints" / "last.ckpt")
            RunMetrics(figures, "CAL500", 0).write(tmp_path / "runs" / stage / f"fold{fold}")
        for name in ("random", "popularity", "pca", "pca_chosen"):
            measured = evaluate(build(name.removesuffix("_chosen")), data.documents, data.rows)
            RunMetrics(measured, "CAL500", 0).write(tmp_path / "runs" / name / f"fold{fold}")
    return tmp_path / "runs"


@pytest.fixture
def own(miniature):
    return ["--collection=Cal500", f"--collection.root={miniature}"]


def digests(path):
    return [hashlib.sha256(path.with_suffix(ending).read_bytes()).hexdigest() for ending in (".png", ".svg")]


def test_every_picture_through_the_front_door_and_twice_the_same(runs, own, miniature, tmp_path, capsys):
    collections = json.dumps([{"class_path": "Cal500", "init_args": {"root": str(miniature)}}])
    commands = {
        "frequencies": [f"--collections={collections}"],
        "instances": [f"--tag={TAG}", f"--run={runs}/siamese_ce/fold0", *own],
        "curves": [f"--runs={runs}", "--target=siamese-quick"],
        "spaces": ["--document=4", f"--runs={runs}", *own],
    }
    for name, arguments in commands.items():
        path = tmp_path / f"{name}.png"
        main(["reproduce", "figures", name, *arguments, f"--out={path}"])
        assert str(path) in capsys.readouterr().out
        image = imread(path)[..., :3]
        assert min(image.shape[:2]) >= 500
        assert image.std() > 0.05, "an empty picture"
        root = ElementTree.parse(path.with_suffix(".svg")).getroot()
        assert root.tag.endswith("svg")
        assert len(list(root.iter("{http://www.w3.org/2000/svg}text"))) > 3
        if name != "spaces":  # the slowest, and drawn by the same means as the instances
            first = digests(path)
            main(["reproduce", "figures", name, *arguments, f"--out={path}"])
            assert digests(path) == first, f"{name}: other bytes from the same input"


def test_svg_has_neither_date_nor_version(tmp_path, miniature):
    save(draw_frequencies([Cal500(str(miniature))]), tmp_path / "a.png")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in text
    assert not re.search(r"20\d\d-\d\d-\d\d", text)


def test_curves_are_means_over_folds_in_the_order_of_their_areas(runs):
    read = {
        row.label: [RunMetrics.read(runs / row.folder / f"fold{fold}" / "metrics.json").metrics for fold in range(3)]
        for row in QUICK.rows
    }
    curves = curves_of([(row, read[row.label]) for row in QUICK.rows], "test")
    assert {curve.label for curve in curves} == set(read)
    assert [curve.area for curve in curves] == sorted((curve.area for curve in curves), reverse=True)
    for curve in curves:
        expected = [np.mean([one[f"test_{name}"] for one in read[curve.label]]) for name in CURVE]
        np.testing.assert_allclose(curve.precision_R, expected)
        assert curve.area == pytest.approx(np.mean([one["test_auc"] for one in read[curve.label]]), abs=1e-3)
        assert curve.area == pytest.approx(curve_area(torch.tensor(curve.precision_R)).item(), abs=1e-9)
    looks = {(curve.colour, curve.line, curve.marker) for curve in curves}
    assert len(looks) == len(curves)


def test_curves_of_missing_and_old_runs(runs):
    (runs / "pca" / "fold1" / "metrics.json").unlink()
    with pytest.raises(MissingDataError, match=r"row 'PCA, as named'.*siamese-tags baseline --name pca"):
        draw_curves(runs, (0, 1, 2), "siamese-quick")
    RunMetrics({"train_map": 1.0, "test_map": 1.0}, "CAL500", 0).write(runs / "pca" / "fold1")
    with pytest.raises(StaleArtefactError, match=r"without a precision-recall curve.*Delete it and run"):
        draw_curves(runs, (0, 1, 2), "siamese-quick")


def test_a_row_of_training_documents_only_is_left_out_of_the_test_panel(runs):
    metrics = RunMetrics.read(runs / "pca" / "fold0" / "metrics.json").metrics
    train = {name: value for name, value in metrics.items() if name.startswith("train")}
    assert [len(curves_of([(QUICK.rows[2], [train])], split)) for split in ("train", "test")] == [1, 0]


def test_a_run_without_curves_has_no_picture_of_them(runs):
    assert draw_run_curves({"map": 50.0}) is None
    metrics = RunMetrics.read(runs / "single_ce" / "fold0" / "metrics.json").metrics
    drawn = draw_run_curves(metrics)
    labels = [text.get_text() for text in drawn.axes[0].get_legend().get_texts()]
    assert {label.split("  ")[1] for label in labels} == {"train", "test", "prediction, train", "prediction, test"}


def test_projection_keeps_clusters_apart_and_is_repeatable():
    random = np.random.default_rng(0)
    points_NE = np.concatenate([random.normal(size=(20, 5)), 50 + random.normal(size=(20, 5))])
    distance_NN = np.linalg.norm(points_NE[:, None] - points_NE[None], axis=2)
    for place_N2 in (project(points_NE), project_distances(distance_NN)):
        first, second = place_N2[:20], place_N2[20:]
        gap = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
        assert gap > 2 * max(first.std(), second.std())
    np.testing.assert_array_equal(project(points_NE, 3), project(points_NE, 3))
    assert project(points_NE[:2]).shape == (2, 2)


def test_typical_tags_set_a_cluster_apart():
    bags_NT = np.array([[1, 1, 0, 1], [1, 1, 0, 0], [0, 1, 1, 1], [0, 1, 1, 0]], dtype=bool)
    names = np.array(["left", "all", "right", "some"])
    assert typical_tags(bags_NT, np.array([0, 0, 1, 1]), names, n=1) == [["left"], ["right"]]
    assert typical_tags(bags_NT, np.zeros(4, dtype=np.int64), names, n=1) == [["all"]]


def test_a_run_of_other_tags_is_refused(runs, mini_data):
    documents = mini_data().documents
    other = TagDocuments("other", documents.ids, tuple(f"x{tag}" for tag in documents.tags), documents.matrix_DT)
    with pytest.raises(StaleArtefactError, match="other tags than those of other"):
        draw_instances(TAG, runs / "single_ce" / "fold0", other)


def test_spaces_rank_as_the_models_do(runs, mini_data):
    """The distances of a baseline give its own mean average precision on the document."""
    data = mini_data(fold=2)
    row = int(data.rows.test[0])
    training = data.documents.subset(data.rows.train)
    own_T = data.documents.matrix_DT[row]
    found = dict(distances(own_T, runs, 2, data.documents, training))
    assert list(found) == ["C-BOW", "SG", "LSA", "PCA", "InfoTh", "LDA in context", "Single CE", "Siamese CE"]
    for distance_TT in found.values():
        assert (distance_TT >= 0).all()
        np.testing.assert_allclose(np.diagonal(distance_TT), 0, atol=1e-9)
        np.testing.assert_allclose(distance_TT, distance_TT.T, atol=1e-9)
    ranker = build("pca")
    ranker.fit(training)
    similarity_TT = ranker.similarity_TT
    assert average_precision(found["PCA"], own_T) == pytest.approx(
        average_precision(1 - similarity_TT, own_T), abs=1e-6
    )


def test_pixels_are_the_picture(miniature):
    drawn = draw_frequencies([Cal500(str(miniature))])
    image = pixels(drawn)
    assert image.dtype == np.uint8
    assert image.shape[2] == 3
    assert image.shape[0] == round(drawn.get_figheight() * 150)
    assert image.std() > 10


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("Instrument_-_Acoustic_Guitar", "Acoustic Guitar"),
        ("NOT-Emotion-Angry_/_Aggressive", "NOT Angry/Aggressive"),
        ("Genre--_Alternative", "Alternative"),
        ("mood/theme---fast", "fast"),
        ("deep house", "deep house"),
    ],
)
def test_tags_for_readers(tag, shown):
    assert short(tag) == shown


def test_without_any_collection_the_command_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("MWE_DATA", str(tmp_path))
    with pytest.raises(SystemExit, match=r"siamese-tags reproduce figures frequencies: cal500: .*MWE_DATA"):
        main(["reproduce", "figures", "frequencies", f"--out={tmp_path}/a.png"])
    assert not Path(tmp_path, "a.png").exists()
