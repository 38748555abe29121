"""Table II: counts of splits, what is published beside them, and collections that are not there."""

import csv
from pathlib import Path

import pytest

from mwe.cli import main
from mwe.reproduce.collection_statistics import Divided, split_counts
from mwe.tracks import JamendoTracks

CONFIG = Path(__file__).parents[3] / "lightning_configs/experiments/table2.yaml"
HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
LINES = {
    "train": "track_1\ta1\tb\t1.mp3\t9\tgenre---rock\ntrack_2\ta1\tb\t2.mp3\t9\tgenre---pop\n",
    "validation": "track_3\ta2\tb\t3.mp3\t9\tgenre---pop\n",
    "test": "track_4\ta3\tb\t4.mp3\t9\tgenre---rock\n",
}


@pytest.fixture
def jamendo(tmp_path):
    folder = tmp_path / "jamendo/data/splits/split-0"
    folder.mkdir(parents=True)
    for part, lines in LINES.items():
        (folder / f"autotagging-{part}.tsv").write_text(HEADER + lines, encoding="utf-8")
    return tmp_path / "jamendo"


def test_counts_stand_beside_the_published_ones_and_what_is_missing_is_said(jamendo, tmp_path, capsys):
    (tmp_path / "c.yaml").write_text(
        f"""
        collections:
          - name: Here
            collection: {{class_path: mwe.tracks.JamendoTracks, init_args: {{root: {jamendo}}}}}
            published: {{train tracks: 32859, seen tags: 2}}
          - name: Elsewhere
            collection: {{class_path: mwe.tracks.MsdZeroShotTracks, init_args: {{root: {tmp_path}/none}}}}
            published: {{train tracks: 349516, unseen tags: 226}}
        """
    )
    main(["reproduce", "collection-statistics", "--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path)])
    told = capsys.readouterr().out
    assert "waits: Elsewhere: msd_zeroshot: tag_split.json" in told
    with open(tmp_path / "table2.csv", encoding="utf-8") as file:
        rows = {(row["row"], row["metric"]): (row["reproduced"], row["published"]) for row in csv.DictReader(file)}
    assert {key: float(value[0]) for key, value in rows.items() if key[0] == "Here"} == {
        ("Here", "train tracks"): 2,
        ("Here", "valid tracks"): 1,
        ("Here", "test tracks"): 1,
        ("Here", "seen tags"): 2,
        ("Here", "train artists"): 1,
        ("Here", "valid artists"): 1,
        ("Here", "test artists"): 1,
    }
    assert rows["Elsewhere", "unseen tags"] == ("", "226")
    shown = (tmp_path / "table2.md").read_text(encoding="utf-8")
    assert "| Here | 2 (32,859) |" in shown
    assert "| Elsewhere | (349,516) |" in shown


def test_a_count_that_does_not_exist_is_refused(jamendo):
    with pytest.raises(ValueError, match="Here: unknown count 'songs'; give one of train tracks"):
        Divided("Here", JamendoTracks(root=str(jamendo)), {"songs": 3})


@pytest.mark.data
def test_the_real_splits_have_the_published_counts(data_root, monkeypatch, tmp_path):
    monkeypatch.setenv("MWE_DATA", str(data_root))
    main(["reproduce", "collection-statistics", "--config", str(CONFIG), "--out", str(tmp_path)])
    with open(tmp_path / "table2.csv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["reproduced"] and row["published"]]
    assert len(rows) >= 14
    assert all(float(row["reproduced"]) == float(row["published"]) for row in rows)


@pytest.mark.data
def test_artists_are_counted_where_they_are_known(data_root):
    found = split_counts(JamendoTracks(root=str(data_root / "mtg_jamendo")).read())
    assert sum(found[f"{part} artists"] for part in ("train", "valid", "test")) == 3565


def test_without_any_data_the_published_counts_stand_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "none"))
    main(["reproduce", "collection-statistics", "--config", str(CONFIG), "--out", str(tmp_path)])
    assert capsys.readouterr().out.count("waits: ") == 8
    with open(tmp_path / "table2.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["reproduced"] for row in rows} == {""}
    assert [row["published"] for row in rows if row["row"] == "MSD, zero-shot"] == [
        *("349516", "38836", "18057", "900", "226"),
    ]
