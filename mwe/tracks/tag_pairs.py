"""Tracks of any tab-separated file with one ``id<TAB>tag`` per line."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.lines import numbered_lines
from mwe.tracks.track_tags import SPLITS, TrackReader, TrackTags, tracks_of

HEADERS = {("id", "tag"), ("document", "tag"), ("track", "tag"), ("song", "tag")}
PARTS = {"train": "train", "valid": "valid", "validation": "valid", "test": "test"}


class TagPairTracks(TrackReader):
    r"""Tracks of a file with one ``id<TAB>tag`` per line; the first line may be a header ``id<TAB>tag``.

    Args:
        path: The file, UTF-8.
        name: Name of the collection in results; by default the file's name.
        drop_tags: Leave out tags with one of these prefixes.
        splits: File with one ``id<TAB>part`` per line, where a part is ``train``, ``validation`` (or ``valid``) or
            ``test``. Other tracks are left out and counted. By default all tracks are train.

    Examples:
        >>> _ = Path("tags.tsv").write_text("a\trock\na\tcalm\nb\trock\n")
        >>> TagPairTracks("tags.tsv").read().summary()
        'tags: 2 tracks, 0 artists, 2 tags (0 unseen), 1.50 tags a track; train 2, valid 0, test 0'
    """

    def __init__(
        self, path: str, name: str | None = None, drop_tags: tuple[str, ...] = (), splits: str | None = None
    ) -> None:
        self.path, self.name, self.drop_tags = Path(path), name or Path(path).stem, tuple(drop_tags)
        self.splits = Path(splits) if splits else None

    def read(self) -> TrackTags:
        """Read the file; tracks keep their order of first appearance.

        Raises:
            MissingDataError: There is no such file.
            BadFileError: A line does not have two non-empty fields, a track is in two parts, all tracks are in train,
                or the file is not UTF-8 or holds no track.
        """
        tags_of: dict[str, dict[str, None]] = {}
        for _, track, tag in _pairs(self.path):
            tags = tags_of.setdefault(track, {})
            if not tag.startswith(self.drop_tags):
                tags[tag] = None
        if not tags_of:
            raise BadFileError(self.path, "no track in this file", "Write one `id<TAB>tag` per line.")
        if self.splits is None:
            return tracks_of(self.name, tags_of)
        part_of = _part_of(self.splits)
        listed = {track: tags for track, tags in tags_of.items() if track in part_of}
        ordered = [*listed, *(track for track in part_of if track not in listed)]  # in the order of the tags
        tracks = tracks_of(
            self.name, listed, splits={part: [track for track in ordered if part_of[track] == part] for part in SPLITS}
        )
        left_out = len(tags_of) - len(listed)
        return replace(tracks, skipped={**tracks.skipped, "tracks in no part": left_out}) if left_out else tracks


def _part_of(path: Path) -> dict[str, str]:
    part_of: dict[str, str] = {}
    remedy = f"Give each track one of {', '.join(PARTS)}."
    for number, track, part in _pairs(path):
        if part not in PARTS or track in part_of:
            message = f"{part!r} is not a part" if part not in PARTS else f"track {track!r} is listed twice"
            raise BadFileError(path, message, remedy, number)
        part_of[track] = PARTS[part]
    if set(part_of.values()) <= {"train"}:
        raise BadFileError(path, "no track to validate or test on", remedy)
    return part_of


def _pairs(path: Path) -> Iterator[tuple[int, str, str]]:
    if not path.is_file():
        raise MissingDataError(f"{path} not found. Give a file with one `id<TAB>tag` per line.")
    for number, line in numbered_lines(path, "Convert it to UTF-8 text."):
        fields = [field.strip() for field in line.split("\t")]
        if not line.strip() or (number == 1 and tuple(field.lower() for field in fields) in HEADERS):
            continue
        if len(fields) != 2 or not all(fields):
            raise BadFileError(path, f"expected `id<TAB>tag`, found {line!r}", "Correct the line.", line=number)
        yield number, fields[0], fields[1]
