"""Rules to merge the tags of a song's clips: which tags are synonyms, and which contradict each other.

The rules in ``merge_clips.json`` were made from the 50 tag names of MagnaTagATune; the paper of MagTag5K does not
print its own.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from mwe.core.files import read_json

Side = frozenset[str]


@dataclass(frozen=True)
class MergeRules:
    """Rules to merge tags.

    Args:
        merged: From each tag to the name of its synonyms.
        contradictions: Pairs of sets of merged tags; a song keeps at most one set of a pair.

    Examples:
        Two of three clips have a voice, so the song is not without vocals:

        >>> rules = MergeRules({"singing": "vocals"}, [(frozenset({"no vocals"}), frozenset({"vocals"}))])
        >>> clips = [["singing"], ["vocals", "rock"], ["no vocals", "rock"]]
        >>> tags, contradictions = rules.tags_of_song(clips, share=0.3)
        >>> sorted(tags), contradictions
        (['rock', 'vocals'], 1)
    """

    merged: Mapping[str, str]
    contradictions: Sequence[tuple[Side, Side]]

    @classmethod
    def shipped(cls) -> "MergeRules":
        """Return the rules in the file beside this module."""
        content = read_json(Path(str(files("mwe.tracks"))) / "merge_clips.json")
        merged = {tag: name for name, tags in content["synonyms"].items() for tag in tags}
        return cls(merged, [(frozenset(first), frozenset(second)) for first, second in content["contradictions"]])

    def tags_of_song(self, clips: Sequence[Collection[str]], share: float) -> tuple[set[str], int]:
        """Return the merged tags of a song, and the number of contradictions removed.

        Args:
            clips: Tags of each clip.
            share: Share of the clips that must have a tag.
        """
        merged = [frozenset(self.merged.get(tag, tag) for tag in clip) for clip in clips]
        counts = Counter(tag for clip in merged for tag in clip)
        tags = {tag for tag, count in counts.items() if count >= share * len(clips)}
        removed: set[str] = set()
        contradictions = 0
        for first, second in self.contradictions:
            if tags & first and tags & second:
                contradictions += 1
                n_first, n_second = (sum(bool(clip & side) for clip in merged) for side in (first, second))
                removed |= (first if n_first <= n_second else Side()) | (second if n_second <= n_first else Side())
        return tags - removed, contradictions
