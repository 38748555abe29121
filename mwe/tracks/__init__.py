"""Collections of tracks with tags and artists, one reader each."""

from mwe.tracks.folder import DemoTracks, FolderTracks
from mwe.tracks.jamendo import JamendoTracks
from mwe.tracks.tags import SPLITS, TrackReader, TrackTags

__all__ = ["SPLITS", "DemoTracks", "FolderTracks", "JamendoTracks", "TrackReader", "TrackTags"]
