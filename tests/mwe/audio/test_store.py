import pickle

import numpy as np
import pyarrow.parquet as pq
import pytest

from mwe.audio.mel_settings import MelSettings
from mwe.audio.shards import FileStamp, MelRow, MelShardWriter, remove_leftovers, shard_names
from mwe.audio.store import MelStore
from mwe.audio.store_settings import declare_settings, read_settings
from mwe.core.errors import StaleArtefactError, UnknownNameError

DECODING = {"max_seconds": 600.0, "min_seconds": 0.5}


def row(track_id, **other):
    return MelRow(track_id, f"{track_id}.mp3", FileStamp(10, 20), **other)


def fill(root, lengths, first=0, seed=0, **sizes):
    rng = np.random.default_rng(seed)
    mels = {name: rng.uniform(0, 8, (n, 128)).astype(np.float16) for name, n in lengths.items()}
    writer = MelShardWriter(root, first=first, **sizes)
    for name, mel in mels.items():
        writer.append(row(name, loudness_db=-len(mel)), mel)
    writer.flush()
    return mels


@pytest.fixture
def root(tmp_path):
    declare_settings(tmp_path, MelSettings(), DECODING)
    return tmp_path


@pytest.fixture
def mels(root):
    return fill(root, {f"t{i}": 20 + 7 * i for i in range(9)}, shard_tracks=4)


def test_what_is_written_is_read(root, mels):
    store = MelStore.open(root, MelSettings())
    assert store.track_ids == list(mels)
    assert len(shard_names(root)) == 3
    assert store.settings == MelSettings()
    for name, mel in mels.items():
        np.testing.assert_array_equal(store.mel(name), mel)
    np.testing.assert_array_equal(store.frames(), [len(mel) for mel in mels.values()])
    np.testing.assert_array_equal(store.frames(["t3", "t0"]), [41, 20])
    np.testing.assert_array_equal(store.loudness_db, [-len(mel) for mel in mels.values()])
    assert store.outcome("t1") == (FileStamp(10, 20), "ok")
    assert store.outcome("t99") is None


def test_shards_close_at_either_bound(root):
    fill(root, {f"t{i}": 30 for i in range(10)}, shard_frames=60)
    assert len(shard_names(root)) == 5
    assert len(MelStore(root)) == 10


def test_a_shard_without_spectrograms_is_one_like_any_other(root, mels):
    index = root / "shard-r0-00001.parquet"
    pq.write_table(pq.read_table(index, partitioning=None).slice(0, 0), index)
    assert MelStore(root).track_ids == ["t0", "t1", "t2", "t3", "t8"]


def test_files_are_plain_float16_arrays(root, mels):
    shard = np.load(root / "shard-r0-00000.npy", allow_pickle=False)
    assert shard.dtype == np.float16
    assert shard.flags.c_contiguous
    np.testing.assert_array_equal(shard, np.concatenate(list(mels.values())[:4]))


def test_crops_of_a_batch_over_several_shards(root, mels):
    store = MelStore(root)
    names, starts = ["t8", "t1", "t4", "t8", "t2", "t5"], [5, 0, 28, 56, 13, 1]
    crops = store.crops(store.rows_of(names), starts, 20)
    assert crops.shape == (6, 20, 128)
    assert crops.dtype == np.float16
    for crop, name, start in zip(crops, names, starts, strict=True):
        np.testing.assert_array_equal(crop, mels[name][start : start + 20])


def test_short_tracks_are_repeated(root, mels):
    store = MelStore(root)
    crops = store.crops(store.rows_of(["t0", "t8", "t1"]), [0, 10, 0], 50)
    np.testing.assert_array_equal(crops[0], np.concatenate([mels["t0"], mels["t0"], mels["t0"][:10]]))
    np.testing.assert_array_equal(crops[1], mels["t8"][10:60])
    np.testing.assert_array_equal(crops[2], np.tile(mels["t1"], (2, 1))[:50])


@pytest.mark.parametrize(("name", "start"), [("t0", -1), ("t0", 11), ("t8", 67), ("t0", 20)])
def test_a_crop_outside_its_track_is_an_error(root, mels, name, start):
    store = MelStore(root)
    with pytest.raises(ValueError, match=f"{start} in track '{name}'"):
        store.crops(store.rows_of(["t5", name]), [0, start], 10)


def test_an_empty_batch_and_an_empty_store(root):
    store = MelStore(root)
    assert len(store) == 0
    assert store.skipped == {}
    assert store.crops([], [], 5).shape == (0, 5, 128)


def test_missing_tracks(root, mels):
    MelShardWriter(root, first=7).append(row("lost", status="truncated"))
    writer = MelShardWriter(root, first=8)
    writer.append(row("bad", status="truncated", detail="1 s of 2 s"))
    writer.flush()
    store = MelStore(root)
    np.testing.assert_array_equal(store.has(["t1", "bad", "x", "t0"]), [True, False, False, True])
    with pytest.raises(UnknownNameError, match=r"'t11'.*'t1'"):
        store.rows_of(["t1", "t11"])
    with pytest.raises(UnknownNameError, match="skipped as truncated"):
        store.rows_of(["bad"])
    assert store.skipped == {"truncated": 1}
    assert store.skipped_tracks[0] == ("bad", "bad.mp3", "truncated", "1 s of 2 s")
    assert "bad" not in store.track_ids


def test_the_later_row_of_a_track_counts(root, mels):
    again = fill(root, {"t1": 33, "new": 5}, first=3, seed=1)
    writer = MelShardWriter(root, rank=1, first=3)
    writer.append(row("t2", status="missing"))
    writer.flush()
    store = MelStore(root)
    np.testing.assert_array_equal(store.mel("t1"), again["t1"])
    assert len(store) == 9
    assert store.skipped == {"missing": 1}
    np.testing.assert_array_equal(store.crops(store.rows_of(["new"]), [0], 5)[0], again["new"])


def test_a_store_travels_to_workers_without_its_maps(root, mels):
    store = MelStore(root)
    store.crops([0], [0], 5)
    content = pickle.dumps(store)
    assert len(content) < 20_000
    np.testing.assert_array_equal(pickle.loads(content).mel("t5"), mels["t5"])


def test_the_writer_refuses_what_does_not_fit(root):
    writer = MelShardWriter(root)
    for bad_row, mel in (
        (row("a"), None),
        (row("a"), np.ones((5, 96))),
        (row("a", status="silent"), np.ones((5, 128))),
    ):
        with pytest.raises(ValueError, match="'a'"):
            writer.append(bad_row, mel)


def test_other_settings_are_refused_by_reader_and_writer(root, mels):
    other = MelSettings(n_mels=96)
    with pytest.raises(StaleArtefactError, match=r"mel\.json: n_mels is 128, expected 96\. .*another folder"):
        MelStore.open(root, other)
    with pytest.raises(StaleArtefactError, match="n_mels is 128, expected 96"):
        declare_settings(root, other, DECODING)
    with pytest.raises(StaleArtefactError, match=r"max_seconds is 600\.0, expected 60"):
        declare_settings(root, MelSettings(), {**DECODING, "max_seconds": 60})
    declare_settings(root, MelSettings(), DECODING)


def test_a_folder_that_is_no_store(tmp_path, root, mels):
    with pytest.raises(StaleArtefactError, match="not a mel store"):
        MelStore.open(tmp_path / "elsewhere")
    (root / "mel.json").write_text('{"format": 0, "mel": {}}')
    with pytest.raises(StaleArtefactError, match="new folder"):
        read_settings(root)
    (root / "mel.json").unlink()
    with pytest.raises(StaleArtefactError, match="missing, though the folder holds shards"):
        declare_settings(root, MelSettings(), DECODING)


def test_an_interrupted_shard_does_not_count_and_is_removed(root, mels):
    orphan = root / "shard-r0-00003.npy"
    orphan.write_bytes(b"half")
    (root / ".shard-r0-00004.123.npy").write_bytes(b"half")
    assert len(MelStore(root)) == 9
    remove_leftovers(root)
    assert sorted(path.name for path in root.iterdir()) == [
        "mel.json",
        *(f"shard-r0-0000{i}.{ending}" for i in range(3) for ending in ("npy", "parquet")),
    ]


@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_a_cut_shard_is_named(root, mels, share):
    npy = root / "shard-r0-00001.npy"
    npy.write_bytes(npy.read_bytes()[: int(npy.stat().st_size * share)])
    with pytest.raises(StaleArtefactError, match=r"shard-r0-00001\.npy: .* bytes, its index states .*Delete"):
        MelStore.open(root)


def test_a_missing_or_replaced_shard_is_named(root, mels):
    first, second = root / "shard-r0-00000.npy", root / "shard-r0-00001.npy"
    second.write_bytes(first.read_bytes())
    with pytest.raises(StaleArtefactError, match=r"shard-r0-00001\.npy"):
        MelStore.open(root)
    second.unlink()
    with pytest.raises(StaleArtefactError, match=r"shard-r0-00001\.npy: missing"):
        MelStore.open(root)


def test_a_damaged_index_is_named(root, mels):
    index = root / "shard-r0-00002.parquet"
    index.write_bytes(index.read_bytes()[:-20])
    with pytest.raises(StaleArtefactError, match=r"shard-r0-00002\.parquet: not a readable index"):
        MelStore.open(root)


def test_an_index_that_points_beyond_its_shard_is_named(root, mels):
    import pyarrow as pa
    import pyarrow.parquet as pq

    index = root / "shard-r0-00002.parquet"
    table = pq.read_table(index)
    moved = pa.array(np.asarray(table["offset"]) + 10)
    pq.write_table(table.set_column(table.column_names.index("offset"), "offset", moved), index)
    with pytest.raises(StaleArtefactError, match="is beyond"):
        MelStore.open(root)


def test_an_array_of_objects_is_never_unpickled(root, mels):
    npy = root / "shard-r0-00000.npy"
    size = npy.stat().st_size
    np.save(npy, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    npy.write_bytes(npy.read_bytes().ljust(size, b"\0"))
    store = MelStore.open(root)
    with pytest.raises(StaleArtefactError, match=r"shard-r0-00000\.npy: not a readable array"):
        store.mel("t0")
