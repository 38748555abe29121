"""The tag collections of the zero-shot table, by name."""

from dataclasses import replace

from mwe.core.datasets import declared
from mwe.core.paths import data_root
from mwe.reproduce.zeroshot.judged import TagQuestion
from mwe.tracks import (
    Cal500JamsTracks,
    DemoTracks,
    GtzanTracks,
    JamendoTracks,
    MagnaTagATuneTracks,
    MsdTop50Tracks,
    MsdZeroShotTracks,
    OpenMicTracks,
    TrackTags,
)
from mwe.tracks.cal500_features import LEFT_OUT, spoken_tag
from mwe.tracks.jamendo import Subset

LOW_QUALITY = ".low.mp3"  # ending of the smaller copy of MTG-Jamendo's audio


def _jamendo(subset: Subset) -> TrackTags:
    tracks = JamendoTracks(subset=subset).read()
    smaller = JamendoTracks(subset=subset, ending=LOW_QUALITY)
    test = tracks.splits["test"].tolist()
    if any(tracks.audio[row].is_file() for row in test):
        return tracks
    return smaller.read() if any(tracks.audio[row].with_suffix(LOW_QUALITY).is_file() for row in test) else tracks


def _cal500() -> TrackTags:
    """Return CAL500 in plain words, without negations and repetitions; audio of song 12 may be ``audio/12.mp3``."""
    tracks = Cal500JamsTracks(drop_tags=LEFT_OUT).read()
    spoken = [spoken_tag(tag) for tag in tracks.tags]
    audio = tuple(declared("cal500").root / "audio" / f"{song}.mp3" for song in tracks.track_ids)
    return replace(
        tracks, tags=tuple(tag for _, tag in spoken), groups=tuple(group for group, _ in spoken), audio=audio
    )


QUESTIONS = {
    "demo": TagQuestion("the demonstration, test", lambda: DemoTracks().read(), least=2),
    "demo_unseen": TagQuestion(
        "the demonstration, test, unseen tags", lambda: DemoTracks().read(), tags="unseen", least=2
    ),
    "audio_clips": TagQuestion(
        "audio_clips",
        lambda: JamendoTracks(root=str(data_root() / "audio_clips"), file="autotagging.tsv").read(),
        least=2,
    ),
    "jamendo_genre": TagQuestion("MTG-Jamendo, split 0, genre, test", lambda: _jamendo("genre")),
    "jamendo_instrument": TagQuestion("MTG-Jamendo, split 0, instrument, test", lambda: _jamendo("instrument")),
    "jamendo_moodtheme": TagQuestion("MTG-Jamendo, split 0, mood/theme, test", lambda: _jamendo("moodtheme")),
    "jamendo_top50": TagQuestion("MTG-Jamendo, split 0, top 50, test", lambda: _jamendo("top50tags")),
    "magnatagatune": TagQuestion("MagnaTagATune, top 50, test", lambda: MagnaTagATuneTracks(parts=("test",)).read()),
    "msd_top50": TagQuestion("MSD, top 50, test", lambda: MsdTop50Tracks(parts=("test",)).read()),
    "msd_zeroshot": TagQuestion(
        "MSD, zero-shot split, unseen tags, test", lambda: MsdZeroShotTracks().read(), tags="unseen"
    ),
    "gtzan": TagQuestion("GTZAN", lambda: GtzanTracks().read(), part="all"),
    "cal500": TagQuestion("CAL500", _cal500, part="all"),
    "openmic": TagQuestion(
        "OpenMIC-2018, test", lambda: OpenMicTracks().read(), labelled=lambda: OpenMicTracks().labelled()
    ),
}
"""Tag collections by name."""
