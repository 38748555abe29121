"""Collections of tracks with tags and artists, one reader each."""

from mwe.tracks.allmusic import AllMusicLabelTracks
from mwe.tracks.cal500 import Cal500Tracks, FeatureReader
from mwe.tracks.folder import DemoTracks, FolderTracks
from mwe.tracks.jamendo import JamendoTracks
from mwe.tracks.joined import JoinedTracks
from mwe.tracks.labelled import Cal10kTracks, MagnaTagATuneTracks
from mwe.tracks.msd import (
    AllMusicTracks,
    ClsTracks,
    LastfmTracks,
    Msd500Tracks,
    TagtraumTracks,
)
from mwe.tracks.msd_splits import EcalsTracks, MsdTop50Tracks
from mwe.tracks.tags import SPLITS, TrackReader, TrackTags
from mwe.tracks.zeroshot import MsdZeroShotTracks

__all__ = [
    "SPLITS",
    "AllMusicLabelTracks",
    "AllMusicTracks",
    "Cal10kTracks",
    "Cal500Tracks",
    "ClsTracks",
    "DemoTracks",
    "EcalsTracks",
    "FeatureReader",
    "FolderTracks",
    "JamendoTracks",
    "JoinedTracks",
    "LastfmTracks",
    "MagnaTagATuneTracks",
    "Msd500Tracks",
    "MsdTop50Tracks",
    "MsdZeroShotTracks",
    "TagtraumTracks",
    "TrackReader",
    "TrackTags",
]
