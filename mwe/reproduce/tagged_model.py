"""Input of Table XI: songs, a model, and the kinds of its tags, content or context."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["content", "context"]


@dataclass(frozen=True)
class TaggedModel:
    """Songs to tag with one model.

    Args:
        run: Run folder of the model, below that of the runs.
        songs: Audio files below the data root, by name in the table.
        test_tracks: Number of additional test tracks of the run's collection, evenly spaced.
        context_groups: Groups of tags that are context (mood, theme, use); other tags are content.
        context_words: Words of context tags, for tags without groups.
        published: The paper's tags of each song, ``content`` and ``context``.
    """

    run: str
    songs: dict[str, str] = field(default_factory=dict)
    test_tracks: int = 0
    context_groups: list[str] = field(default_factory=list)
    context_words: list[str] = field(default_factory=list)
    published: dict[str, dict[Kind, list[str]]] = field(default_factory=dict)

    def kind(self, tag: str, group: str) -> Kind:
        """Return whether a tag is of content or of context."""
        is_context = group in self.context_groups or any(word in self.context_words for word in tag.lower().split())
        return "context" if is_context else "content"
