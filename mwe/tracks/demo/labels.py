"""Tags of each track: content from tune and instruments, moods from rules about the sound."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mwe.tracks.demo.performers import Performer
from mwe.tracks.demo.score import notes_per_second
from mwe.tracks.demo.tag_words import TAGS
from mwe.tracks.demo.tunes import Tune

# Share of true labels that are missing, as in every collection labelled by people.
CONTENT_DROPPED, MOOD_DROPPED = 0.04, 0.1
# Style -> broader styles that include it.
BROADER = {
    "celtic": ("folk",),
    "bluegrass": ("folk",),
    "baroque": ("classical",),
    "chamber": ("classical",),
    "sacred": ("classical",),
}
RHYTHM_BASSES = ("bass guitar", "double bass", "synth bass")
DANCES = ("clog dance", "hornpipe", "jig", "reel", "slip jig", "strathspey")
# Mood -> share of tracks, and weights of the standardised properties of a track.
MOODS: dict[str, tuple[float, dict[str, float]]] = {
    "bright": (0.28, {"brightness": 1.0}),
    "calm": (0.30, {"speed": -1.0, "drums": -0.5}),
    "dark": (0.25, {"brightness": -1.0, "minor": 0.4}),
    "dreamy": (0.25, {"reverberation": 1.0, "speed": -0.5}),
    "energetic": (0.30, {"speed": 0.6, "drums": 1.0, "brightness": 0.3}),
    "ethereal": (0.20, {"reverberation": 1.0, "speed": -0.6, "sustained": 0.4}),
    "festive": (0.25, {"drums": 0.8, "voices": 0.3, "minor": -0.6, "speed": 0.4}),
    "happy": (0.30, {"speed": 0.8, "minor": -0.6, "brightness": 0.5}),
    "intense": (0.20, {"drums": 0.8, "distortion": 0.8, "brightness": 0.4, "minor": 0.3}),
    "joyful": (0.25, {"speed": 1.0, "minor": -0.4, "brightness": 0.4, "drums": 0.2}),
    "lively": (0.30, {"speed": 1.0, "drums": 0.3}),
    "meditative": (0.20, {"drone": 0.8, "speed": -0.7, "sustained": 0.4}),
    "melancholy": (0.20, {"speed": -1.0, "minor": 0.5, "brightness": -0.6}),
    "peaceful": (0.25, {"speed": -1.0, "drums": -0.6, "minor": -0.2, "brightness": -0.2}),
    "playful": (0.22, {"speed": 0.6, "sustained": -1.0}),
    "relaxing": (0.28, {"speed": -0.7, "drums": -0.5, "brightness": -0.6}),
    "sad": (0.22, {"speed": -0.9, "minor": 0.7, "brightness": -0.4}),
    "solemn": (0.20, {"parts": 0.8, "speed": -0.8, "reverberation": 0.4}),
    "spacious": (0.25, {"reverberation": 1.0}),
    "warm": (0.25, {"brightness": -0.8, "minor": -0.4, "sustained": 0.4}),
}


def track_labels(tunes: Sequence[Tune], players: Sequence[Performer], seed: int) -> list[list[str]]:
    """Return the tags of every track in the order of the tag table.

    Args:
        tunes: Tune of each track.
        players: Performer of each track.
        seed: Seed of the missing labels.
    """
    rng = np.random.default_rng([seed, 3])
    names = list(TAGS)
    content = [content_tags(tune, player) for tune, player in zip(tunes, players, strict=True)]
    true_NT = np.array([[name in tags for name in names] for tags in content])
    moods = mood_tags(tunes, players)
    for name, chosen in moods.items():
        true_NT[:, names.index(name)] = chosen
    dropped = np.where([TAGS[name].kind == "context" for name in names], MOOD_DROPPED, CONTENT_DROPPED)
    labelled_NT = true_NT & (rng.random(true_NT.shape) >= dropped)
    return [[names[i] for i in np.flatnonzero(row)] for row in labelled_NT]


def content_tags(tune: Tune, player: Performer) -> set[str]:
    """Return the tags of genre, form, metre and instruments of a track."""
    # a clog is the stage form of the hornpipe
    form = "hornpipe" if tune.form == "clog dance" else tune.form
    tags = {form, player.style, *BROADER.get(player.style, ())}
    tags |= {tag for instrument in player.instruments for tag in instrument.tags}
    conditions = {
        "dance music": tune.form in DANCES,
        "hymn": tune.form == "chorale" and player.style in ("sacred", "baroque", "chamber", "brass band", "ambient"),
        "solo": player.alone and tune.form != "chorale",
        "drone": player.drone is not None,
        "hand drums": player.drums == "hand",
        "rhythm section": player.bass is not None and player.bass.name in RHYTHM_BASSES,
        "drums": player.drums not in ("", "hand"),
    }
    return (tags | {name for name, holds in conditions.items() if holds}) & TAGS.keys()


def mood_tags(tunes: Sequence[Tune], players: Sequence[Performer]) -> dict[str, NDArray[np.bool_]]:
    """Return the tracks of every mood, (tracks,): those with the highest weighted properties, as many as its share."""
    facts = [track_facts(tune, player) for tune, player in zip(tunes, players, strict=True)]
    table = {name: np.array([fact[name] for fact in facts]) for name in facts[0]}
    standard = {name: (values - values.mean()) / (values.std() + 1e-9) for name, values in table.items()}
    chosen = {}
    for mood, (share, weights) in MOODS.items():
        score = np.sum([weight * standard[fact] for fact, weight in weights.items()], axis=0)
        chosen[mood] = score >= np.quantile(score, 1.0 - share)
    return chosen


def track_facts(tune: Tune, player: Performer) -> dict[str, float]:
    """Return the properties of a track that the mood rules use, in natural units."""
    octaves = np.log2([instrument.centroid_hz for instrument in player.instruments])
    # the melody counts twice as much as each other part
    weights = np.array([2.0] + [1.0] * (len(octaves) - 1))
    cymbals = 0.25 if player.drums in ("rock", "swing", "brushes", "march") else 0.0
    return {
        "speed": float(np.log2(notes_per_second(tune, player))),
        "minor": float(tune.minor),
        "brightness": float(np.average(octaves, weights=weights)) + player.tilt_db / 4.0 + cymbals,
        "reverberation": player.wet * player.reverb_s**0.5,
        "drums": float(bool(player.drums)),
        "voices": float(len(player.instruments) + bool(player.drums)),
        "parts": float(len(tune.parts) > 1),
        "sustained": float(player.lead.sustained),
        "drone": float(player.drone is not None),
        "distortion": float(any("distortion" in instrument.tags for instrument in player.instruments)),
    }
