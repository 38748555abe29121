"""HTML of the panels beside the answers, which their scripts fill: the playlist, and the broken files."""

import hashlib
from pathlib import Path

from mwe.page.saved_playlist import MOST_TRACKS, TYPES


def playlist_html(library: Path) -> str:
    """Return the empty panel of the playlist.

    Args:
        library: Folder of the library; the browser keeps a playlist for each.
    """
    key = hashlib.sha256(str(library.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    forms = "".join(
        f'<button type="button" class="mwe-ask" data-form="{form}">{form.upper()}</button>' for form in TYPES
    )
    return (
        f'<section class="mwe-list" data-library="{key}" data-most="{MOST_TRACKS}" aria-label="Playlist">'
        '<div class="mwe-heading"><h2>Playlist</h2><span class="mwe-sum"></span></div>'
        '<p class="mwe-empty">Add tracks with their + button. The list stays in this browser.</p>'
        "<ol></ol>"
        f'<p class="mwe-save" hidden><span class="mwe-label">Save as</span>{forms}'
        '<button type="button" class="mwe-clear">Clear</button></p>'
        '<p class="mwe-said" role="status"></p>'
        '<a class="mwe-jump" href="#mwe-playlist" hidden></a></section>'
    )


def problems_html() -> str:
    """Return the empty list of broken files."""
    return (
        '<div class="mwe-problems"><input type="search" placeholder="Search in names and reasons" '
        'aria-label="Search the files with problems"><p class="mwe-counts" role="status"></p><ul></ul></div>'
    )
