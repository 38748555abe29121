"""Collections of the same tracks, joined."""

import pytest

from mwe.tracks import ClsTracks, JoinedTracks


def test_tags_of_all_collections_are_joined_by_track(tmp_path):
    (tmp_path / "a.cls").write_text("TRA\tRock\nTRB\tJazz\n")
    (tmp_path / "b.cls").write_text("TRC\tGrunge\nTRA\tGrunge\tRock\n")
    (tmp_path / "unique_tracks.txt").write_text("TRA<SEP>S<SEP>Mudhoney<SEP>T\n")
    genres, styles = (ClsTracks([f"{name}.cls"], str(tmp_path), [group]) for name, group in (("a", "g"), ("b", "s")))
    tracks = JoinedTracks([genres, styles]).read()
    assert tracks.track_ids == ("TRA", "TRB", "TRC")
    assert [sorted(tracks.of_track(row)) for row in range(3)] == [["Grunge", "Rock"], ["Jazz"], ["Grunge"]]
    assert tracks.matrix.nnz == 4
    assert dict(zip(tracks.tags, tracks.groups, strict=True)) == {"Grunge": "s", "Jazz": "g", "Rock": "g"}
    assert tracks.artist_ids == ("Mudhoney", "", "")
    assert {name: rows.tolist() for name, rows in tracks.splits.items()} == {
        "train": [0, 1, 2],
        "valid": [],
        "test": [],
    }
    with pytest.raises(ValueError, match="no collection"):
        JoinedTracks([])
