"""Answers of the Subsonic API as XML or JSON, and the identifiers in them."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from starlette.responses import Response

import mwe
from mwe.audio.cover import picture_beside
from mwe.search.playlist_track import PlaylistTrack

VERSION = "1.16.1"  # of the API
NAMESPACE = "http://subsonic.org/restapi"
GENERIC, MISSING, WRONG_LOGIN, NOT_FOUND = 0, 10, 40, 70

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SubsonicError(Exception):
    """A request that has no answer.

    Args:
        code: Code of the Subsonic API.
        message: One line for people.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def song_id(track_id: str) -> str:
    """Return the identifier of a track.

    Examples:
        >>> song_id("Ana Lee/rain.mp3"), track_of(song_id("Ana Lee/rain.mp3"))
        ('tr-QW5hIExlZS9yYWluLm1wMw', 'Ana Lee/rain.mp3')
    """
    return f"tr-{_encoded(track_id)}"


def artist_id(artist: str) -> str:
    """Return the identifier of an artist."""
    return f"ar-{_encoded(artist)}"


def track_of(identifier: str) -> str | None:
    """Return the track of an identifier; None if it is not one of a track."""
    return _decoded(identifier, "tr-")


def artist_of(identifier: str) -> str | None:
    """Return the artist of an identifier; None if it is not one of an artist."""
    return _decoded(identifier, "ar-")


def song(track: PlaylistTrack) -> dict[str, Any]:
    """Return a track as a song; what is not known is left out.

    Args:
        track: The track.
    """
    hit, tags = track.hit, track.hit.file_tags
    known = {
        "id": song_id(hit.track_id),
        "title": hit.title,
        "artist": hit.artist,
        "artistId": artist_id(hit.artist_id) if hit.artist_id else "",
        "album": tags.album,
        "track": tags.track,
        "discNumber": tags.disc,
        "year": tags.year,
        "genre": tags.genre,
        "duration": round(track.seconds),
        "suffix": hit.path.rpartition(".")[2].lower() if "." in hit.path.rpartition("/")[2] else "",
        "path": hit.path,
        "coverArt": song_id(hit.track_id) if tags.cover_bytes or picture_beside(track.path) else "",
    }
    kind = {"isDir": False, "isVideo": False, "type": "music"}
    return {name: value for name, value in known.items() if value not in ("", None)} | kind


def subsonic_response(content: Mapping[str, Any], form: str, error: SubsonicError | None = None) -> Response:
    """Return an answer, or an error, which has the status 200 of HTTP too.

    Args:
        content: What is answered.
        form: ``json``, or anything else for XML.
        error: The error.
    """
    status = "ok" if error is None else "failed"
    head = {"status": status, "version": VERSION, "type": "mwe", "serverVersion": mwe.__version__, "openSubsonic": True}
    body = {**head, **content} if error is None else {**head, "error": {"code": error.code, "message": str(error)}}
    if form == "json":
        return Response(json.dumps({"subsonic-response": body}), media_type="application/json")
    element = _element("subsonic-response", {"xmlns": NAMESPACE, **body})
    text = ElementTree.tostring(element, encoding="unicode")
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', media_type="application/xml")


def _element(name: str, value: Any) -> ElementTree.Element:
    """Return an element: of a mapping, plain values are attributes, others are elements in it."""
    element = ElementTree.Element(name)
    if not isinstance(value, Mapping):
        element.text = _text(value)
        return element
    for key, part in value.items():
        if isinstance(part, list):
            element.extend(_element(key, item) for item in part)
        elif isinstance(part, Mapping):
            element.append(_element(key, part))
        else:
            element.set(key, _text(part))
    return element


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else _NOT_IN_XML.sub(" ", str(value))


def _encoded(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _decoded(identifier: str, prefix: str) -> str | None:
    if not identifier.startswith(prefix):
        return None
    text = identifier.removeprefix(prefix)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
