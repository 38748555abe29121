"""The arrangement of a tune for a performer: melody, chords, bass, drone and drums as timed notes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mwe.tracks.demo.instruments import Instrument
from mwe.tracks.demo.midi import DRUM_CHANNEL, Voice
from mwe.tracks.demo.performers import Performer
from mwe.tracks.demo.tunes import Tune, TunePart

CLIP_SECONDS = 12.0
# Usual tempo of a form in beats per minute.
BEATS_PER_MINUTE = {
    "air": 58,
    "chorale": 70,
    "clog dance": 76,
    "hornpipe": 78,
    "jig": 116,
    "march": 104,
    "reel": 110,
    "slip jig": 116,
    "strathspey": 116,
}
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
# Tonic, subdominant and dominant win ties, as in practice.
CHORD_PRIOR = (0.3, 0.0, 0.0, 0.15, 0.2, 0.05, -0.5)
KICK, SNARE, RIM, CLAP, HAT, OPEN_HAT = 36, 38, 37, 39, 42, 46
RIDE, LOW_DRUM, HIGH_DRUM, SHAKER = 51, 64, 62, 70
# Common level of all instruments, so that no part drowns another.
COMMON_LEVEL_DB = -34


def second_per_tick(tune: Tune, performer: Performer) -> float:
    """Return the duration of a tick at the performer's tempo."""
    return 60.0 / (BEATS_PER_MINUTE[tune.form] * performer.tempo) / tune.beat


def notes_per_second(tune: Tune, performer: Performer) -> float:
    """Return the onsets of the melody per second."""
    melody = tune.parts[0]
    return len(melody.onset) / (tune.bars * tune.bar * second_per_tick(tune, performer))


def arrange(tune: Tune, performer: Performer, rng: np.random.Generator) -> list[Voice]:
    """Return voices of 12 seconds; the tune repeats until they are full."""
    scale = second_per_tick(tune, performer)
    end = CLIP_SECONDS / scale
    lines = [_swung(part, tune) for part in tune.parts] if tune.form == "hornpipe" else tune.parts
    parts = [_repeated(part, tune.bars * tune.bar, end) for part in lines]
    voices = _melodies(parts, performer)
    if len(parts) == 1:
        voices += _accompaniment(tune, parts[0], performer, end)
    if performer.drone is not None:
        tonic = performer.drone.centre - 12 + (tune.tonic - performer.drone.centre) % 12 - 12 * (tune.tonic > 6)
        steps = np.arange(0, end, 2 * tune.bar if performer.drone.sustained else tune.beat)
        lengths = np.full_like(steps, steps[1] - steps[0])
        voices.append(_voice(3, performer.drone, [(steps, lengths, tonic), (steps, lengths, tonic + 7)], 52))
    if performer.drums:
        voices.append(_drums(tune, performer.drums, end))
    return [_played(voice, tune, scale, rng) for voice in voices]


def _swung(part: TunePart, tune: Tune) -> TunePart:
    """Play even quavers of a hornpipe long and short, two to one, as is customary; keep dotted ones."""
    half = tune.beat // 4
    late = (part.onset - tune.pickup) % (2 * half) == half
    even = late & (part.length <= half)
    before = np.roll(even, -1) & ~even
    shift = half // 3
    return TunePart(part.onset + even * shift, part.length - even * shift + before * shift, part.pitch)


def _repeated(part: TunePart, period: int, end: float) -> TunePart:
    rounds = np.arange(int(np.ceil(end / period)))
    keep = part.onset < period
    onset = (part.onset[keep] + period * rounds[:, None]).ravel()
    length = np.tile(np.minimum(part.length[keep], period - part.onset[keep]), len(rounds))
    sounding = onset < end
    return TunePart(onset[sounding], length[sounding], np.tile(part.pitch[keep], len(rounds))[sounding])


def _melodies(parts: list[TunePart], performer: Performer) -> list[Voice]:
    """Give the melody to both soloists, and lower parts to harmony and bass if present, else to the lead."""
    harmony = performer.harmony or performer.lead
    seats = [(1, harmony), (1, harmony), (2, performer.bass or harmony)][: len(parts) - 1]
    melody = parts[0]
    voices = []
    for channel, soloist in ((0, performer.lead), (4, performer.second)):
        if soloist is not None:
            pitch = melody.pitch + _octaves(melody.pitch, soloist.centre)
            voices.append(_voice(channel, soloist, [(melody.onset, melody.length, pitch)], 96))
    for part, (channel, player) in zip(parts[1:], seats, strict=True):
        voices.append(_voice(channel, player, [(part.onset, part.length, part.pitch)], 78))
    return voices


def _octaves(pitch: NDArray[np.int64], centre: int) -> int:
    return 12 * round((centre - float(np.median(pitch))) / 12)


def _accompaniment(tune: Tune, melody: TunePart, performer: Performer, end: float) -> list[Voice]:
    window = tune.bar if tune.bar in (2 * tune.beat, 3 * tune.beat) else 2 * tune.beat
    starts = np.arange(tune.pickup - window if tune.pickup else 0, end, window)
    triads = chords(tune, melody, starts, window)
    voices = []
    if performer.harmony is not None:
        low = performer.harmony.centre - 7
        pitches = low + (triads - low) % 12
        voices.append(_voice(1, performer.harmony, _pattern(performer.pattern, starts, pitches, window, tune), 72))
    if performer.bass is not None:
        low = performer.bass.centre - 6
        root, fifth = (low + (triads[:, i] - low) % 12 for i in (0, 2))
        half = np.full(len(starts), window // 2)
        voices.append(_voice(2, performer.bass, [(starts, half, root), (starts + window // 2, half, fifth)], 84))
    return voices


def chords(tune: Tune, melody: TunePart, starts: NDArray[np.float64], window: int) -> NDArray[np.int64]:
    """Return, for each window, the diatonic triad that shares most with the melody.

    Args:
        tune: Gives the key.
        melody: Notes to harmonise.
        starts: First tick of every window, shape (windows,).
        window: Ticks of a window.

    Returns:
        Pitch classes root, third, fifth, shape (windows, 3).
    """
    scale = (np.array(MINOR if tune.minor else MAJOR) + tune.tonic) % 12
    triads = scale[(np.arange(7)[:, None] + np.array([0, 2, 4])) % 7]
    members = np.zeros((7, 12))
    np.put_along_axis(members, triads, 1.0, axis=1)
    last_WN = np.minimum(melody.onset + melody.length, starts[:, None] + window)
    weight_WN = np.clip(last_WN - np.maximum(melody.onset, starts[:, None]), 0, None) / window
    profile_WP = weight_WN @ np.eye(12)[melody.pitch % 12]
    best: NDArray[np.int64] = triads[np.argmax(profile_WP @ members.T + np.array(CHORD_PRIOR), axis=1)]
    return best


# Starts and lengths in ticks, pitches: arrays of one shape, or one pitch for all.
Notes = tuple[NDArray[Any], NDArray[Any], NDArray[np.int64] | int]


def _pattern(
    pattern: str, starts: NDArray[np.float64], pitches: NDArray[np.int64], window: int, tune: Tune
) -> list[Notes]:
    beats = window // tune.beat
    part = tune.beat // (3 if tune.compound else 2)
    full = np.full(len(starts), 1)
    if pattern == "block":
        return [(starts, full * window, pitches[:, i]) for i in range(3)]
    if pattern == "offbeat":
        return [
            (starts + (b + 1) * tune.beat - part, full * part // 2 + 1, pitches[:, i])
            for b in range(beats)
            for i in range(3)
        ]
    if pattern == "strum":
        times = [(b * tune.beat + o, i) for b in range(beats) for o in (0, tune.beat - part) for i in range(3)]
        # the strings sound one after another, a tick apart
        return [(starts + t + i, full * part, pitches[:, i]) for t, i in times]
    steps = range(window // part)
    return [(starts + s * part, full * part * 2, np.sort(pitches, axis=1)[:, (0, 1, 2, 1)[s % 4]]) for s in steps]


def _drums(tune: Tune, style: str, end: float) -> Voice:
    beat, third = tune.beat, tune.beat * 2 / 3
    half = third if tune.compound else beat / 2
    later = beat + half
    patterns: dict[str, list[tuple[int, float]]] = {
        "rock": [(KICK, 0), (SNARE, beat), (HAT, 0), (HAT, half), (HAT, beat), (HAT, later), (KICK, later)],
        "club": [(KICK, 0), (KICK, beat), (OPEN_HAT, half), (OPEN_HAT, later), (CLAP, beat), (HAT, 0), (HAT, beat)],
        "swing": [(RIDE, 0), (RIDE, beat), (RIDE, beat + third), (HAT, beat), (KICK, 0)],
        "brushes": [(SNARE, half), (SNARE, later), (KICK, 0), (RIM, beat)],
        "march": [(KICK, 0), *((SNARE, tick) for tick in (half, beat, beat + half / 2, later, 0))],
        "hand": [
            (LOW_DRUM, 0),
            (HIGH_DRUM, half),
            (LOW_DRUM, beat),
            (HIGH_DRUM, later),
            (SHAKER, half),
            (SHAKER, beat),
        ],
    }
    bars = np.arange(tune.pickup % (2 * beat), end, 2 * beat)
    hits = [(bars + offset, np.full(len(bars), beat / 4), pitch) for pitch, offset in patterns[style]]
    return _voice(DRUM_CHANNEL, None, hits, 58 if style == "brushes" else 80)


def _voice(channel: int, player: Instrument | None, notes: Sequence[Notes], velocity: int) -> Voice:
    start, length, pitch = (
        np.concatenate([np.broadcast_to(group[i], len(group[0])) for group in notes]) for i in range(3)
    )
    keep = start >= 0
    program, volume = (player.program, _volume(player)) if player is not None else (0, 100)
    loudness = np.full(int(keep.sum()), velocity)
    return Voice(channel, program, volume, start[keep].astype(float), length[keep].astype(float), pitch[keep], loudness)


def _volume(player: Instrument) -> int:
    """Return the MIDI volume that brings an instrument to the common level (40 dB per decade of volume)."""
    return int(np.clip(round(90.0 * 10.0 ** ((COMMON_LEVEL_DB - player.level_db) / 40.0)), 30, 127))


def _played(voice: Voice, tune: Tune, scale: float, rng: np.random.Generator) -> Voice:
    """Convert ticks to seconds, with an accent on the beat and human unevenness."""
    count = len(voice.start)
    accent = np.where((voice.start - tune.pickup) % tune.beat == 0, 8, 0)
    velocity = np.clip(voice.velocity + accent + rng.integers(-7, 8, count), 20, 127)
    start = np.maximum(0.0, voice.start * scale + rng.normal(0.0, 0.006, count))
    length = np.clip(voice.length * scale * 0.94, 0.04, np.maximum(CLIP_SECONDS - start, 0.04))
    keep = start < CLIP_SECONDS
    return Voice(
        voice.channel, voice.program, voice.volume, start[keep], length[keep], voice.pitch[keep], velocity[keep]
    )
