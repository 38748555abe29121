"""Collections of tracks with tags and artists, one reader each."""

from mwe.tracks.allmusic import AllMusicLabelTracks
from mwe.tracks.artist_folds import ArtistFolds
from mwe.tracks.cal10k import Cal10kTracks
from mwe.tracks.cal500 import Cal500JamsTracks
from mwe.tracks.cal500_features import Cal500Tracks, FeatureReader
from mwe.tracks.folder import DemoTracks, FolderTracks
from mwe.tracks.gtzan import GtzanTracks
from mwe.tracks.jamendo import JamendoTracks
from mwe.tracks.joined import JoinedTracks
from mwe.tracks.magnatagatune import MagnaTagATuneSongs, MagnaTagATuneTracks
from mwe.tracks.magtag5k import MagTag5kTracks
from mwe.tracks.msd import (
    AllMusicTracks,
    ClsTracks,
    LastfmTracks,
    Msd500Tracks,
    TagtraumTracks,
)
from mwe.tracks.msd_splits import EcalsTracks, MsdTop50Tracks
from mwe.tracks.openmic import OpenMicTracks
from mwe.tracks.tag_pairs import TagPairTracks
from mwe.tracks.track_tags import SPLITS, TrackReader, TrackTags, tag_matrix, tracks_of
from mwe.tracks.zeroshot import MsdZeroShotTracks

__all__ = [
    "SPLITS",
    "AllMusicLabelTracks",
    "AllMusicTracks",
    "ArtistFolds",
    "Cal10kTracks",
    "Cal500JamsTracks",
    "Cal500Tracks",
    "ClsTracks",
    "DemoTracks",
    "EcalsTracks",
    "FeatureReader",
    "FolderTracks",
    "GtzanTracks",
    "JamendoTracks",
    "JoinedTracks",
    "LastfmTracks",
    "MagTag5kTracks",
    "MagnaTagATuneSongs",
    "MagnaTagATuneTracks",
    "Msd500Tracks",
    "MsdTop50Tracks",
    "MsdZeroShotTracks",
    "OpenMicTracks",
    "TagPairTracks",
    "TagtraumTracks",
    "TrackReader",
    "TrackTags",
    "tag_matrix",
    "tracks_of",
]
