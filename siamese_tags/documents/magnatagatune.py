"""The songs of MagnaTagATune (Law et al., 2009) as a stand-in for MagTag5K, which was made from it in the same manner.

The rules are in ``magnatagatune.json``. Which tags are synonyms and which contradict each other was read off the 50 tag
names; MagTag5K's own lists are not printed in its paper.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.core.files import read_json
from mwe.core.matrix import read_matrix
from siamese_tags.documents.base import Collection, TagDocuments, from_tag_lists

FILES = tuple(f"MTAT_split/{part}.csv" for part in ("train", "valid", "test"))
REMEDY = "Copy the file anew; `mwe data magnatagatune` says from where."
NAME = "MagnaTagATune songs (stand-in for MagTag5K)"
CLIP = re.compile(r"(?P<song>(?:[^/]*/)*(?P<artist>[^/-]+)-.+)-\d+-\d+\.mp3")
Side = frozenset[str]


@dataclass(frozen=True)
class Rules:
    """How tags are merged.

    Args:
        merged: Tag to the name that it and its synonyms share.
        contradictions: Pairs of sets of merged tags, of which a song keeps one side at most.
    """

    merged: Mapping[str, str]
    contradictions: Sequence[tuple[Side, Side]]

    @classmethod
    def shipped(cls) -> "Rules":
        """The rules beside this module."""
        content = read_json(Path(str(files("siamese_tags.documents"))) / "magnatagatune.json")
        merged = {tag: name for name, tags in content["synonyms"].items() for tag in tags}
        return cls(merged, [(frozenset(one), frozenset(other)) for one, other in content["contradictions"]])

    def tags_of_song(self, clips: Sequence[Side], share: float) -> tuple[set[str], int]:
        """The merged tags of a song, and how many contradictions were removed.

        Args:
            clips: Tags of each clip, merged.
            share: Share of the clips that a tag of the song has at least.
        """
        heard = Counter(tag for clip in clips for tag in clip)
        tags = {tag for tag, count in heard.items() if count >= share * len(clips)}
        removed: set[str] = set()
        found = 0
        for sides in self.contradictions:
            if all(tags & side for side in sides):
                found += 1
                one, other = (sum(bool(clip & side) for clip in clips) for side in sides)
                removed |= (sides[0] if one <= other else frozenset()) | (sides[1] if other <= one else frozenset())
        return tags - removed, found


class MagnaSongs(Collection):
    """The songs of MagnaTagATune: about five of 36 tags a song, as in MagTag5K, which has 136 tags.

    The clips of a song become one document with the tags that a share of the clips has. Synonyms are merged first. A
    song that has two contradicting sides, such as ``no vocals`` and any vocal tag, keeps the one that more of its clips
    have, and neither where both have as many. Male and female vocals do not exclude each other.

    Args:
        root: Folder that holds ``MTAT_split``; by default ``magnatagatune`` under the data root (``MWE_DATA``).
        share: Share of a song's clips, above 0 up to 1, that a tag of the song has at least. A fifth gives the five
            tags a song of MagTag5K.
    """

    def __init__(self, root: str | None = None, share: float = 0.2) -> None:
        if not 0 < share <= 1:
            raise ValueError(f"share={share}: a share of clips is above 0 and up to 1")
        self.root = root
        self.share = share

    def read(self) -> TagDocuments:
        """Read the clips of all three files and make songs of them, sorted by name.

        Raises:
            MissingDataError: A file is not there.
            BadFileError: A line is not as expected, or a clip occurs twice.
        """
        root = declared("magnatagatune").require(*FILES, root=Path(self.root) if self.root else None)
        rules = Rules.shipped()
        clips_of: dict[str, list[Side]] = defaultdict(list)
        artist_of: dict[str, str] = {}
        seen: set[str] = set()
        for file in FILES:
            for number, clip, tags in read_matrix(root / file, REMEDY):
                if (named := CLIP.fullmatch(clip)) is None:
                    what = f"expected a path artist-album-number-title-start-end.mp3, found {clip!r}"
                    raise BadFileError(root / file, what, REMEDY, number)
                if clip in seen:
                    raise BadFileError(root / file, f"clip {clip!r} occurs twice", REMEDY, number)
                seen.add(clip)
                artist_of[named["song"]] = named["artist"]
                clips_of[named["song"]].append(frozenset(rules.merged.get(tag, tag) for tag in tags))
        merged = {song: rules.tags_of_song(clips_of[song], self.share) for song in sorted(clips_of)}
        documents = from_tag_lists(NAME, {song: tags for song, (tags, _) in merged.items()})
        contradictions = sum(found for _, found in merged.values())
        skipped = {**documents.skipped, **({"contradictions within a song": contradictions} if contradictions else {})}
        return replace(documents, skipped=skipped, artists=tuple(artist_of[song] for song in documents.ids))
