"""Table XI: the tags that a trained model gives to songs, those of content and those of context apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from rich.console import Console
from rich.table import Table

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import write_csv
from mwe.core.paths import data_root
from mwe.search.embed import embed_files
from mwe.search.model import TrainedModel
from mwe.search.tags import unit_rows
from mwe.tracks import TrackTags

Kind = Literal["content", "context"]
KINDS: tuple[Kind, ...] = ("content", "context")
COLUMNS = ("song", "kind", "rank", "tag", "in training", "score", "has the tag", "published", "command")


@dataclass(frozen=True)
class Tagged:
    """Songs that one model tags.

    Args:
        run: Run folder of the model, below that of the runs.
        songs: Audio files below the data root, by what the table calls them.
        test_tracks: So many test tracks of the run's own collection beside them, evenly spaced.
        context_groups: Groups of tags that are context (mood, theme, use); other tags are content.
        context_words: Words that make a tag one of context, where tags have no groups.
        published: The paper's tags of a song, ``content`` and ``context``.
    """

    run: str
    songs: dict[str, str] = field(default_factory=dict)
    test_tracks: int = 0
    context_groups: list[str] = field(default_factory=list)
    context_words: list[str] = field(default_factory=list)
    published: dict[str, dict[Kind, list[str]]] = field(default_factory=dict)

    def kind(self, tag: str, group: str) -> Kind:
        """Whether a tag is of content or of context."""
        told = group in self.context_groups or any(word in self.context_words for word in tag.lower().split())
        return "context" if told else "content"


def tag_table(
    tagged: list[Tagged],
    k: int = 5,
    runs: Path = Path("outputs"),
    out: Path = Path("outputs/tables"),
    command: str = "make table11",
) -> None:
    """Print Table XI: the tags of content and of context that fit songs best, unseen tags included.

    Args:
        tagged: Models and songs (``--config lightning_configs/mwe/table11/songs.yaml``); what is not there is named.
        k: Tags of each kind.
        runs: Folder of the runs.
        out: Folder of the CSV file.
        command: What the table names as the command that makes it.
    """
    shown = Table(*COLUMNS[:-1], title="Table XI: tags of songs by content and context")
    rows: list[list[str]] = []
    for one in tagged:
        try:
            rows += _tagged(one, k, runs)
        except MissingDataError as missing:
            rows += _cited(one)
            print(f"waits: {', '.join(one.songs) or one.run}: {missing}")
    for row in rows:
        shown.add_row(*row)
    write_csv(out / "table11.csv", [COLUMNS, *([*row, command] for row in rows)])
    Console(width=160, markup=False).print(shown)
    print(f"table written to {out / 'table11.csv'}")


def _tagged(tagged: Tagged, k: int, runs: Path) -> list[list[str]]:
    trained = TrainedModel(runs / tagged.run)
    tracks = trained.data.tracks
    songs = {name: data_root() / file for name, file in tagged.songs.items()}
    missing = next((path for path in songs.values() if not path.is_file()), None)
    if missing is not None:
        raise MissingDataError(f"{missing} not found. Put the recording there.")
    own = _test_tracks(tracks, tagged.test_tracks)
    paths = [*songs.values(), *(tracks.audio[row] for row in own)]
    found = embed_files(trained, paths)
    for path, outcome in zip(paths, found, strict=True):
        if outcome.embedding_D is None:
            raise BadFileError(path, f"{outcome.row.status} {outcome.row.detail}", "Give another recording.")
    words = trained.words.of_tags(tracks.tags)
    prototype_TD = unit_rows(trained.encode_words(words.vectors))
    names = [*songs, *(f"{tracks.name}: {tracks.track_ids[row]}" for row in own)]
    places = [*(None for _ in songs), *own]
    rows: list[list[str]] = []
    for name, place, outcome in zip(names, places, found, strict=True):
        score_T = np.where(words.known, prototype_TD @ outcome.embedding_D, -np.inf)
        rows += _rows(name, score_T, tracks, tagged, k, None if place is None else set(tracks.of_track(place)))
    return rows


def _rows(
    name: str, score_T: np.ndarray, tracks: TrackTags, tagged: Tagged, k: int, has: set[str] | None
) -> Iterator[list[str]]:
    """The k best tags of each kind, their scores, and whether the song has them where that is known."""
    kinds = np.array([tagged.kind(tag, group) for tag, group in zip(tracks.tags, tracks.groups, strict=True)])
    for kind in KINDS:
        own = np.flatnonzero((kinds == kind) & np.isfinite(score_T))
        best = own[np.argsort(-score_T[own], kind="stable")[:k]]
        told = [*tagged.published.get(name, {}).get(kind, ()), *[""] * k]
        for rank, (place, cited) in enumerate(zip(best, told, strict=False), 1):
            tag = tracks.tags[place]
            right = "" if has is None else str(int(tag in has))
            seen = str(int(not tracks.unseen[place]))
            yield [name, kind, str(rank), tag, seen, f"{score_T[place]:.3f}", right, cited]


def _cited(tagged: Tagged) -> list[list[str]]:
    """The paper's tags of songs that cannot be tagged yet."""
    return [
        [name, kind, str(rank), "", "", "", "", tag]
        for name, own in tagged.published.items()
        for kind in KINDS
        for rank, tag in enumerate(own.get(kind, ()), 1)
    ]


def _test_tracks(tracks: TrackTags, count: int) -> Sequence[int]:
    test = tracks.splits["test"]
    if not count or not len(test) or not tracks.audio:
        return []
    chosen: list[int] = test[np.linspace(0, len(test) - 1, min(count, len(test))).round().astype(int)].tolist()
    return chosen
