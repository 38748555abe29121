"""The command that learns a tag from example tracks of a library."""

import sys
from collections.abc import Sequence
from pathlib import Path

from mwe.commands import LIBRARY
from mwe.core.errors import BadRequestError


def learn_tag(
    name: str = "",
    tracks: Sequence[str] = (),
    /,
    examples: Path | None = None,
    unlike: Path | None = None,
    library: Path = LIBRARY,
    word: bool = True,
    list: bool = False,
    remove: bool = False,
    refresh: bool = False,
) -> None:
    """Learn a tag of a library from a few example tracks.

    From then on, queries, `mwe tag`, the page and the service of this library know the tag. It stands for a word or a
    tag of the same name, and answers say that it was learnt. All other tracks serve as background without labels.
    Where the words of the name are known, they count as much as some examples do.

    Args:
        name: Name of the tag, in quotes if it has several words.
        tracks: Example tracks: IDs, unique file names or paths of tracks in the library.
        examples: A list of more examples: a playlist (M3U8, M3U, XSPF), or a text file with a track a line.
        unlike: A list of tracks that do not have the tag, though they may seem to.
        library: Folder of the library.
        word: Whether the words of the name count.
        list: List the learnt tags.
        remove: Remove this tag.
        refresh: Learn all tags again from their examples, such as after the library has another model.

    Examples:
        mwe learn-tag "rainy evening" rain.mp3 nocturne.flac
        mwe learn-tag "my kind of jazz" --examples jazz.m3u8 --unlike smooth.txt --library outputs/music
        mwe learn-tag --list true
        mwe learn-tag "rainy evening" --remove true
    """
    from mwe.search import Library
    from mwe.search import learn_tag as learning

    if not name and not (list or refresh):
        raise BadRequestError("no tag to learn: give its name and example tracks")
    opened = Library(library)
    notes: Sequence[str] = ()
    if list:
        tags = opened.store.learnt.tags.values()
        print("\n".join(tag.understood for tag in tags) or f"no learnt tags in {library}")
    elif refresh:
        notes = learning.refresh(opened)
        print(f"{len(Library(library).store.learnt.tags)} learnt tags in {library}")
    elif remove:
        learning.remove(opened, name)
        print(f"{name}: removed from {library}")
    else:
        named = learning.named_tracks(opened.store, tracks, examples)
        others = learning.named_tracks(opened.store, (), unlike)
        learnt, rank = learning.learnt_tag(opened, name, named.rows, others.rows, word)
        learning.keep(opened, learnt)
        notes = (*named.notes, *others.notes)
        print(f"{learnt.understood}, kept in {library}")
        if rank is not None:
            print(f"an example that is left out of the learning is among the nearest {max(rank, 0.001):.1%} of tracks")
    for note in notes:
        print(note, file=sys.stderr)
