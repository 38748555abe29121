"""The divisions of MSD in every form they are published in, and where their audio lies."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks import EcalsTracks, MsdTop50Tracks, MsdZeroShotTracks, msd_splits

TAGS = [f"tag{number}" for number in range(48)] + ["rock", "Mellow"]
TRACKS = ["TRA", "TRB", "TRC", "TRD"]
ROWS = np.zeros((4, 50))
ROWS[[0, 0, 1, 2, 3], [48, 49, 48, 0, 1]] = 1


@pytest.fixture(autouse=True)
def _no_collections(tmp_path, monkeypatch):
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(msd_splits, "TRAIN", 2)  # the public list's first 201,680


def tags(tracks):
    return {track: tracks.of_track(row) for row, track in enumerate(tracks.track_ids)}


def splits(tracks):
    return {part: [tracks.track_ids[row] for row in rows] for part, rows in tracks.splits.items()}


def dump(path, content, protocol=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol=protocol))


def write_tables(folder):
    for part, own in (("train", [0, 1]), ("valid", [2]), ("test", [3])):
        lines = [",".join(["", *TAGS]), *(",".join([TRACKS[row], *map(str, ROWS[row].astype(int))]) for row in own)]
        (folder / f"{part}.csv").write_text("\n".join(lines) + "\n")


def write_pickles(folder):
    dump(folder / "filtered_list_train.cP", TRACKS[:3], protocol=0)
    dump(folder / "filtered_list_test.cP", TRACKS[3:], protocol=0)
    dump(folder / "msd_id_to_tag_vector.cP", {track: row[:, None] for track, row in zip(TRACKS, ROWS, strict=True)})


def write_lists(folder):
    for part, own in (("train", [0, 1]), ("valid", [2]), ("test", [3])):
        (folder / f"{part}_x_msd_id.txt").write_text("".join(f"{TRACKS[row]}\n" for row in own))
        np.save(folder / f"{part}_y.npy", ROWS[own].astype(bool))


FORMS = {"tables": write_tables, "pickles": write_pickles, "lists": write_lists}


@pytest.fixture(params=FORMS)
def top50(request, tmp_path):
    folder = tmp_path / "msd/MSD_split"
    folder.mkdir(parents=True)
    (folder / "50tagList.txt").write_text("\n".join(TAGS) + "\n")
    FORMS[request.param](folder)
    return tmp_path / "msd", request.param


def test_the_top_50_are_the_same_in_every_form(top50):
    root, form = top50
    for given in ("auto", form):
        tracks = MsdTop50Tracks(str(root), form=given).read()
        assert tags(tracks) == {"TRA": ["Mellow", "rock"], "TRB": ["rock"], "TRC": ["tag0"], "TRD": ["tag1"]}
        assert splits(tracks) == {"train": ["TRA", "TRB"], "valid": ["TRC"], "test": ["TRD"]}
        assert dict(zip(tracks.tags, tracks.groups, strict=True)) == {
            "Mellow": "mood", "rock": "genre", "tag0": "", "tag1": "",
        }  # fmt: skip


@pytest.mark.data
def test_the_groups_of_the_top_50_are_those_of_the_literature(data_root):
    tracks = MsdTop50Tracks(str(data_root / "msd"), parts=("valid", "test")).read()
    counts = {group: tracks.groups.count(group) for group in set(tracks.groups)}
    assert counts == {"genre": 28, "mood": 12, "instrument": 5, "era": 5}


@pytest.mark.parametrize(
    ("form", "name", "content", "message"),
    [
        ("pickles", "filtered_list_test.cP", ["TRX"], "no tags for a listed track .*TRX"),
        ("pickles", "msd_id_to_tag_vector.cP", {track: np.ones(3) for track in TRACKS}, "expected 50 zeros and ones"),
        ("lists", "test_y.npy", np.zeros((2, 50)), r"shape \(2, 50\) does not fit 1 tracks and 50 tags"),
        ("lists", "test_y.npy", np.full((1, 50), 0.5), "expected 50 zeros and ones"),
    ],
)
def test_files_that_do_not_fit_each_other_are_named(tmp_path, form, name, content, message):
    folder = tmp_path / "MSD_split"
    folder.mkdir()
    (folder / "50tagList.txt").write_text("\n".join(TAGS))
    FORMS[form](folder)
    if name.endswith(".npy"):
        np.save(folder / name, content)
    else:
        dump(folder / name, content)
    with pytest.raises(BadFileError, match=message):
        MsdTop50Tracks(str(tmp_path)).read()


def test_a_form_that_is_not_there_is_said_to_be_missing(tmp_path):
    for form, name in (("tables", "train.csv"), ("pickles", "50tagList"), ("lists", "50tagList")):
        with pytest.raises(MissingDataError, match=name):
            MsdTop50Tracks(str(tmp_path), form=form).read()


def test_audio_is_found_through_the_public_maps(top50):
    root, _ = top50
    assert MsdTop50Tracks(str(root)).read().audio == ()
    dump(root / "MSD_split/MSD_id_to_7D_id.pkl", {"TRA": "11", "TRB": "22", "TRC": "33"}, protocol=0)
    dump(root / "MSD_split/7D_id_to_path.pkl", {"11": "1/1/11.clip.mp3", "33": "3/3/33.clip.mp3"}, protocol=0)
    tracks = MsdTop50Tracks(str(root), audio="/songs").read()
    assert tracks.audio == (
        Path("/songs/1/1/11.clip.mp3"),
        Path("/songs/TRB.unmapped"),
        Path("/songs/3/3/33.clip.mp3"),
        Path("/songs/TRD.unmapped"),
    )
    (root / "track_paths.tsv").write_text("TRB\tmine/b.flac\n")
    assert MsdTop50Tracks(str(root)).read().audio[1] == root / "audio/mine/b.flac"
    (root / "track_paths.tsv").unlink()
    dump(root / "MSD_split/7D_id_to_path.pkl", ["1/1/11.clip.mp3"])
    with pytest.raises(BadFileError, match=r"7D_id_to_path\.pkl: expected a dictionary"):
        MsdTop50Tracks(str(root)).read()


def test_ecals_finds_its_audio_with_the_maps_of_msd(tmp_path):
    root = tmp_path / "ecals"
    root.mkdir()
    (root / "annotation.json").write_text(json.dumps({"TRA": {"tag": ["punk"], "artist_name": "Youth Brigade"}}))
    (root / "ecals_track_split.json").write_text(json.dumps({"train_track": ["TRA"]}))
    dump(tmp_path / "data/msd/MSD_id_to_7D_id.pkl", {"TRA": "11"})
    dump(tmp_path / "data/msd/7D_id_to_path.pkl", {"11": "1/1/11.clip.mp3"})
    assert EcalsTracks(str(root), audio="/songs").read().audio == (Path("/songs/1/1/11.clip.mp3"),)


ZERO_TAGS = ["jazz", "punk", "sad", "lute"]  # the last two unseen
ZERO = np.array([[1, 0, 0, 0], [1, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 1]])
ZERO_TRACKS = ["TRA", "TRB", "TRC", "TRD", "TRE"]
ZERO_SPLITS = {"train": ["TRB", "TRA"], "valid": ["TRC"], "test": ["TRD", "TRE"]}


def write_last(root):
    root.mkdir(parents=True, exist_ok=True)
    (root / "tag_split.json").write_text(json.dumps({"seen_tag": ZERO_TAGS[:2], "unseen_tag": ZERO_TAGS[2:]}))
    split = {f"{part}_track": own for part, own in ZERO_SPLITS.items()}
    (root / "track_split.json").write_text(json.dumps(split))
    (root / "artist_dict.json").write_text(json.dumps({track: f"AR{track}" for track in ZERO_TRACKS[:4]}))
    order = [3, 0, 2, 1]  # the table's columns need not stand in the order of the split
    lines = [",".join(["", *(ZERO_TAGS[tag] for tag in order)])]
    lines += [",".join([track, *map(str, row[order])]) for track, row in zip(ZERO_TRACKS, ZERO, strict=True)]
    (root / "tag_binary.csv").write_text("\n".join(lines) + "\n")


def write_older(root):
    order = [2, 0, 3, 1]
    dump(root / "track_ids_in_key_order.p", ZERO_TRACKS)
    dump(root / "tag_ids_in_key_order.p", [ZERO_TAGS[tag] for tag in order])
    dump(root / "all_track_to_tag_bin_matrix.p", ZERO[:, order].astype(float))
    dump(root / "tag_key_split_TGS01.p", [[order.index(0), order.index(1)], [order.index(2), order.index(3)]])
    keys = {part: [ZERO_TRACKS.index(track) for track in own] for part, own in ZERO_SPLITS.items()}
    dump(root / "track_keys_AB_TRS01_TGS01.p", [keys["train"], keys["valid"]])
    dump(root / "track_keys_C_TRS01_TGS01.p", keys["test"])
    (root / "data").mkdir()
    lines = "".join(f"{track}<SEP>SO<SEP>AR{track}<SEP>T\n" for track in ZERO_TRACKS[:4])
    folder = root.parent / "data/msd"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "unique_tracks.txt").write_text(lines)


@pytest.mark.parametrize("write", [write_last, write_older])
def test_the_zero_shot_split_is_the_same_from_its_last_files_and_the_older_pickles(tmp_path, write, monkeypatch):
    monkeypatch.setattr("mwe.tracks.zeroshot.BLOCK", 2)
    write(tmp_path / "zs")
    tracks = MsdZeroShotTracks(str(tmp_path / "zs")).read()
    assert tracks.tags == tuple(ZERO_TAGS)
    assert tracks.unseen.tolist() == [False, False, True, True]
    assert splits(tracks) == ZERO_SPLITS
    np.testing.assert_array_equal(tracks.matrix.toarray(), ZERO.astype(bool))
    assert tracks.artist_ids == ("ARTRA", "ARTRB", "ARTRC", "ARTRD", "")


def test_parts_of_the_zero_shot_split_that_do_not_fit_are_named(tmp_path):
    root = tmp_path / "zs"
    with pytest.raises(MissingDataError, match=r"tag_split\.json.*mwe data show msd_zeroshot"):
        MsdZeroShotTracks(str(root)).read()
    write_last(root)
    (root / "track_split.json").write_text(json.dumps({"train_track": ["TRX"], "valid_track": [], "test_track": []}))
    with pytest.raises(BadFileError, match="track 'TRX' of the split has no tags"):
        MsdZeroShotTracks(str(root)).read()
    (root / "track_split.json").write_text("{}")
    with pytest.raises(BadFileError, match=r"the splits are not as published .*'train_track'"):
        MsdZeroShotTracks(str(root)).read()
    (root / "tag_split.json").write_text(json.dumps({"seen_tag": ["jazz"], "unseen_tag": []}))
    write_older(root)
    dump(root / "all_track_to_tag_bin_matrix.p", ZERO[:, :3])
    with pytest.raises(BadFileError, match="expected a table of 5 tracks and 4 tags"):
        MsdZeroShotTracks(str(root)).read()
    dump(root / "track_keys_C_TRS01_TGS01.p", [99])
    with pytest.raises(BadFileError, match="the keys do not fit the lists"):
        MsdZeroShotTracks(str(root)).read()
