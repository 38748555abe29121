"""CAL500 with its published features: the file, the words of its tags, folds of songs and tags, rows put right."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from mwe.cli import main
from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks import Cal500Tracks
from mwe.tracks.cal500_features import read_feature_table, spoken_tag

LABELS = ("Emotion-Sad", "NOT-Emotion-Sad", "Genre--_Brit_Pop", "Genre-Best-Pop", "Instrument_-_Piano", "Usage-Reading")
SOLO = "Instrument_-_Piano-Solo"


def arff(root, rows=40, labels=(*LABELS, SOLO), replaced=("", "")):
    draw = np.random.default_rng(0)
    lines = ["@relation CAL500", *(f"@attribute Mean_{n} numeric" for n in range(3))]
    lines += [*(f"@attribute {label} {{0,1}}" for label in labels), "@data"]
    for row in range(rows):
        values = [f"{value:.6f}" for value in draw.normal(row, 1, 3)]
        lines.append(",".join([*values, *map(str, draw.integers(0, 2, len(labels)))]))
    (root / "mulan").mkdir(exist_ok=True)
    (root / "mulan/cal500.arff").write_text("\n".join(lines).replace(*replaced) if replaced[0] else "\n".join(lines))
    return root


def test_features_and_labels_are_read(tmp_path):
    found = read_feature_table(arff(tmp_path) / "mulan/cal500.arff")
    assert found.feature_NF.shape == (40, 3)
    assert found.feature_NF.dtype == np.float32
    assert found.labels == (*LABELS, SOLO)
    last = (tmp_path / "mulan/cal500.arff").read_text().splitlines()[-1].split(",")
    np.testing.assert_allclose(found.feature_NF[-1], [float(value) for value in last[:3]], rtol=1e-6)
    assert found.label_NL[-1].tolist() == [value == "1" for value in last[3:]]


@pytest.mark.parametrize(
    ("replaced", "what"),
    [
        (("Emotion-Sad {0,1}", "Emotion-Sad {yes,no}"), "not an ARFF table|is not one of 0 and 1"),
        (("@data", "@dtaa"), "not an ARFF table"),
        (("@attribute Mean_0 numeric", "@attribute Mean_0 date"), "not an ARFF table"),
        (("\n0.125730,", "\n?,"), "row 1: Mean_0 is not a finite number"),
        (("\n0.125730,", "\n1e300,"), "row 1: Mean_0 is not a finite number"),
        (("Usage-Reading", "Weather-Rain"), "label 'Weather-Rain' has no known group"),
    ],
)
def test_damaged_files_are_named(replaced, what, tmp_path):
    with pytest.raises(BadFileError, match=what):
        Cal500Tracks(root=str(arff(tmp_path, replaced=replaced)), rows="published").read()


def test_missing_and_foreign_files_are_named(tmp_path):
    with pytest.raises(MissingDataError, match=r"mulan/cal500\.arff not found.*tsoumakas/mulan"):
        Cal500Tracks(root=str(tmp_path)).read()
    with pytest.raises(BadFileError, match="40 songs; `rows: mended` expects the 502"):
        Cal500Tracks(root=str(arff(tmp_path))).read()
    with pytest.raises(ValueError, match="fold is 5; give one of 0 to 4"):
        Cal500Tracks(5)


@pytest.mark.parametrize(
    ("label", "spoken"),
    [
        ("Angry-Agressive", ("emotion", "angry aggressive")),
        ("Genre--_Contemporary_RandB", ("genre", "contemporary r&b")),
        ("Instrument_-_Electric_Guitar_(clean)-Solo", ("instrument", "electric guitar clean solo")),
        ("Vocals-Strong", ("vocals", "strong vocals")),
        ("Vocals-Vocal_Harmonies", ("vocals", "vocal harmonies")),
    ],
)
def test_tags_are_spoken(label, spoken):
    assert spoken_tag(label) == spoken


def test_over_the_folds_every_song_is_tested_and_every_tag_unseen_once(tmp_path):
    root = str(arff(tmp_path))
    folds = [Cal500Tracks(fold, n_folds=3, root=root, rows="published").read() for fold in range(3)]
    assert folds[0].tags == ("sad", "brit pop", "piano", "reading", "piano solo")
    assert sorted(row for one in folds for row in one.splits["test"]) == list(range(40))
    assert np.sum([one.unseen for one in folds], axis=0).tolist() == [1] * 5
    for one in folds:
        assert sorted(np.concatenate(list(one.splits.values()))) == list(range(40))
        assert one.unseen[one.tags.index("piano")] == one.unseen[one.tags.index("piano solo")]
    assert not Cal500Tracks(hold_out=False, root=root, rows="published").read().unseen.any()


def test_settings_are_chosen_without_the_test_songs_and_the_unseen_tags(tmp_path):
    root = str(arff(tmp_path))
    for fold in range(3):
        given = {"fold": fold, "n_folds": 3, "root": root, "rows": "published"}
        outer, inner = Cal500Tracks(**given).read(), Cal500Tracks(**given, inner=True).read()
        used = np.concatenate(list(inner.splits.values()))
        assert not set(used) & set(outer.splits["test"])
        assert len(set(used)) == len(used) == 40 - len(outer.splits["test"])
        assert set(inner.tags) == {tag for tag, gone in zip(outer.tags, outer.unseen, strict=True) if not gone}
        assert inner.unseen.any()


def test_documents_are_written_with_their_splits(tmp_path, capsys):
    given = ["--collection", "Cal500Tracks", "--collection.root", str(arff(tmp_path)), "--collection.rows", "published"]
    main(["data", "documents", *given, "--out", str(tmp_path / "tags.tsv"), "--splits", str(tmp_path / "splits.tsv")])
    assert "40 documents of CAL500, rows as published" in capsys.readouterr().out
    tracks = Cal500Tracks(root=str(tmp_path), rows="published").read()
    told = dict(line.split("\t") for line in (tmp_path / "splits.tsv").read_text().splitlines())
    assert told == {tracks.track_ids[row]: part for part, rows in tracks.splits.items() for row in rows}


@pytest.mark.data
def test_the_real_file_has_468_songs_whose_features_are_known(data_root):
    tracks = Cal500Tracks(root=str(data_root / "cal500")).read()
    assert len(tracks.track_ids) == 468
    assert len(set(tracks.tags)) == 128
    assert set(tracks.groups) == {"emotion", "genre", "instrument", "song", "usage", "vocals"}
    published = Cal500Tracks(root=str(data_root / "cal500"), rows="published")
    assert published.features().shape == (502, 68)
    assert published.read().matrix.sum() > tracks.matrix.sum()


@pytest.mark.data
def test_features_of_the_second_half_stand_one_row_above_their_labels(data_root):
    """A regression learnt from the first 200 rows, which no one disputes, tells which row the later features are of."""
    reader = Cal500Tracks(root=str(data_root / "cal500"), rows="published", hold_out=False)
    label_NT = reader.read().matrix.toarray().astype(float)
    feature_NF = StandardScaler().fit_transform(reader.features()).clip(-4, 4)
    standard_NT = (label_NT - label_NT.mean(axis=0)) / label_NT.std(axis=0)
    score_NT = Ridge(alpha=300).fit(feature_NF[:200], standard_NT[:200]).predict(feature_NF)
    score_NT = (score_NT - score_NT.mean(axis=0)) / score_NT.std(axis=0)
    likeness = {
        shift: float((score_NT[235:481] * standard_NT[235 + shift : 481 + shift]).mean()) for shift in range(-5, 6)
    }
    best = max(likeness, key=lambda shift: likeness[shift])
    assert best == 1
    assert likeness[1] > 3 * max(value for shift, value in likeness.items() if shift != 1)
