"""A tune as a performer plays it: melody, chords, bass, drone and drums as a MIDI file."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mwe.tracks.demo.instruments import Instrument
from mwe.tracks.demo.performers import Performer
from mwe.tracks.demo.tunes import Part, Tune

CLIP_SECONDS = 12.0
# Beats a minute that a form is usually played at.
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
# Tonic, subdominant and dominant win a tie, as they do in practice.
CHORD_PRIOR = (0.3, 0.0, 0.0, 0.15, 0.2, 0.05, -0.5)
KICK, SNARE, RIM, CLAP, HAT, OPEN_HAT, RIDE, LOW_DRUM, HIGH_DRUM, SHAKER, BRUSH = (
    36,
    38,
    37,
    39,
    42,
    46,
    51,
    64,
    62,
    70,
    38,
)
DRUM_CHANNEL = 9
MIDI_TICKS_PER_SECOND = 960
COMMON_LEVEL_DB = -34
# Two soloists change places after about as long, at a bar line.
TURN_SECONDS = 2.2


@dataclass(frozen=True, eq=False)
class Voice:
    """Notes of one instrument: starts and lengths (seconds), MIDI pitches, velocities, each of shape (notes,)."""

    channel: int
    program: int
    volume: int
    start: NDArray[np.float64]
    length: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]


def second_per_tick(tune: Tune, performer: Performer) -> float:
    """Duration of a tick at the performer's tempo."""
    return 60.0 / (BEATS_PER_MINUTE[tune.form] * performer.tempo) / tune.beat


def notes_per_second(tune: Tune, performer: Performer) -> float:
    """Onsets of the melody a second."""
    melody = tune.parts[0]
    return len(melody.onset) / (tune.bars * tune.bar * second_per_tick(tune, performer))


def arrange(tune: Tune, performer: Performer, rng: np.random.Generator) -> list[Voice]:
    """Voices of 12 seconds: the tune is repeated until they are full."""
    scale = second_per_tick(tune, performer)
    end = CLIP_SECONDS / scale
    lines = [_swung(part, tune) for part in tune.parts] if tune.form == "hornpipe" else tune.parts
    parts = [_repeated(part, tune.bars * tune.bar, end) for part in lines]
    voices = _melodies(tune, parts, performer, scale)
    if len(parts) == 1:
        voices += _accompaniment(tune, parts[0], performer, end)
    if performer.drone is not None:
        tonic = performer.drone.centre - 12 + (tune.tonic - performer.drone.centre) % 12 - 12 * (tune.tonic > 6)
        steps = np.arange(0, end, 2 * tune.bar if performer.drone.sustained else tune.beat)
        held = np.full_like(steps, steps[1] - steps[0])
        voices.append(_voice(3, performer.drone, [(steps, held, tonic), (steps, held, tonic + 7)], 52))
    if performer.drums:
        voices.append(_drums(tune, performer.drums, end))
    return [_played(voice, tune, scale, rng) for voice in voices]


def _swung(part: Part, tune: Tune) -> Part:
    """Even quavers of a hornpipe are played long and short, two to one, as is the custom; dotted ones stay."""
    half = tune.beat // 4
    late = (part.onset - tune.pickup) % (2 * half) == half
    even = late & (part.length <= half)
    before = np.roll(even, -1) & ~even
    shift = half // 3
    return Part(part.onset + even * shift, part.length - even * shift + before * shift, part.pitch)


def _repeated(part: Part, period: int, end: float) -> Part:
    rounds = np.arange(int(np.ceil(end / period)))
    keep = part.onset < period
    onset = (part.onset[keep] + period * rounds[:, None]).ravel()
    length = np.tile(np.minimum(part.length[keep], period - part.onset[keep]), len(rounds))
    sounding = onset < end
    return Part(onset[sounding], length[sounding], np.tile(part.pitch[keep], len(rounds))[sounding])


def _melodies(tune: Tune, parts: list[Part], performer: Performer, scale: float) -> list[Voice]:
    """The lead plays the melody, taking turns with the second soloist; lower parts go to whoever is there."""
    harmony = performer.harmony or performer.lead
    seats = [(1, harmony), (1, harmony), (2, performer.bass or harmony)][: len(parts) - 1]
    voices = []
    turn = max(1, round(TURN_SECONDS / (tune.bar * scale))) * tune.bar
    turns_N = (parts[0].onset - tune.pickup) // turn % 2 == 1
    for channel, soloist in enumerate((performer.lead, performer.second)):
        if soloist is None:
            continue
        own = np.full(len(turns_N), True) if performer.second is None else turns_N == bool(channel)
        pitch = parts[0].pitch + _octaves(parts[0].pitch, soloist.centre)
        notes = [(parts[0].onset[own], parts[0].length[own], pitch[own])]
        voices.append(_voice(4 * channel, soloist, notes, 96))
    for part, (channel, player) in zip(parts[1:], seats, strict=True):
        voices.append(_voice(channel, player, [(part.onset, part.length, part.pitch)], 78))
    return voices


def _octaves(pitch: NDArray[np.int64], centre: int) -> int:
    return 12 * round((centre - float(np.median(pitch))) / 12)


def _accompaniment(tune: Tune, melody: Part, performer: Performer, end: float) -> list[Voice]:
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


def chords(tune: Tune, melody: Part, starts: NDArray[np.float64], window: int) -> NDArray[np.int64]:
    """Diatonic triad that shares most with the melody, for each window.

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
    overlap = np.minimum(melody.onset + melody.length, starts[:, None] + window) - np.maximum(
        melody.onset, starts[:, None]
    )
    weight_WN = np.clip(overlap, 0, None) / window
    profile_WP = weight_WN @ np.eye(12)[melody.pitch % 12]
    return triads[np.argmax(profile_WP @ members.T + np.array(CHORD_PRIOR), axis=1)]


Notes = tuple[NDArray[np.float64], NDArray[np.float64] | NDArray[np.int64], NDArray[np.int64] | int]


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
        # the strings sound one after the other, a tick apart
        return [(starts + t + i, full * part, pitches[:, i]) for t, i in times]
    steps = range(window // part)
    return [(starts + s * part, full * part * 2, np.sort(pitches, axis=1)[:, (0, 1, 2, 1)[s % 4]]) for s in steps]


def _drums(tune: Tune, style: str, end: float) -> Voice:
    beat, third = tune.beat, tune.beat * 2 / 3
    half = third if tune.compound else beat / 2
    patterns: dict[str, list[tuple[int, float]]] = {
        "rock": [(KICK, 0), (SNARE, beat), (HAT, 0), (HAT, half), (HAT, beat), (HAT, beat + half), (KICK, beat + half)],
        "club": [
            (KICK, 0),
            (KICK, beat),
            (OPEN_HAT, half),
            (OPEN_HAT, beat + half),
            (CLAP, beat),
            (HAT, 0),
            (HAT, beat),
        ],
        "swing": [(RIDE, 0), (RIDE, beat), (RIDE, beat + third), (HAT, beat), (KICK, 0)],
        "brushes": [(BRUSH, half), (BRUSH, beat + half), (KICK, 0), (RIM, beat)],
        "march": [(KICK, 0), *((SNARE, o) for o in (half, beat, beat + half / 2, beat + half)), (SNARE, 0)],
        "hand": [
            (LOW_DRUM, 0),
            (HIGH_DRUM, half),
            (LOW_DRUM, beat),
            (HIGH_DRUM, beat + half),
            (SHAKER, half),
            (SHAKER, beat),
        ],
    }
    bars = np.arange(tune.pickup % (2 * beat), end, 2 * beat)
    hits = [(bars + offset, np.full(len(bars), beat / 4), pitch) for pitch, offset in patterns[style]]
    return _voice(DRUM_CHANNEL, None, hits, 58 if style == "brushes" else 80)


def _voice(channel: int, player: Instrument | None, notes: list[Notes], velocity: int) -> Voice:
    start, length, pitch = (
        np.concatenate([np.broadcast_to(group[i], len(group[0])) for group in notes]) for i in range(3)
    )
    keep = start >= 0
    program, volume = (player.program, _volume(player)) if player is not None else (0, 100)
    loudness = np.full(int(keep.sum()), velocity)
    return Voice(channel, program, volume, start[keep].astype(float), length[keep].astype(float), pitch[keep], loudness)


def _volume(player: Instrument) -> int:
    """MIDI volume that brings an instrument to the common level (40 dB a decade of volume)."""
    return int(np.clip(round(90.0 * 10.0 ** ((COMMON_LEVEL_DB - player.level_db) / 40.0)), 30, 127))


def _played(voice: Voice, tune: Tune, scale: float, rng: np.random.Generator) -> Voice:
    """Ticks become seconds, with an accent on the beat and the unevenness of hands."""
    count = len(voice.start)
    accent = np.where((voice.start - tune.pickup) % tune.beat == 0, 8, 0)
    velocity = np.clip(voice.velocity + accent + rng.integers(-7, 8, count), 20, 127)
    start = np.maximum(0.0, voice.start * scale + rng.normal(0.0, 0.006, count))
    length = np.clip(voice.length * scale * 0.94, 0.04, np.maximum(CLIP_SECONDS - start, 0.04))
    keep = start < CLIP_SECONDS
    return Voice(
        voice.channel, voice.program, voice.volume, start[keep], length[keep], voice.pitch[keep], velocity[keep]
    )


def midi_bytes(voices: list[Voice], tuning_cents: int) -> bytes:
    """Standard MIDI file of the voices, without the synthesiser's own reverberation and chorus."""
    import mido

    track = mido.MidiTrack()
    for voice in voices:
        bend = 0 if voice.channel == DRUM_CHANNEL else round(tuning_cents / 200 * 8192)
        track.append(mido.Message("program_change", channel=voice.channel, program=voice.program))
        track.append(mido.Message("pitchwheel", channel=voice.channel, pitch=bend))
        for controller, value in ((7, voice.volume), (91, 0), (93, 0)):
            track.append(mido.Message("control_change", channel=voice.channel, control=controller, value=value))
    events = []
    for voice in voices:
        on = np.round(voice.start * MIDI_TICKS_PER_SECOND).astype(int)
        off = np.round((voice.start + voice.length) * MIDI_TICKS_PER_SECOND).astype(int)
        for a, b, pitch, velocity in zip(
            on.tolist(), off.tolist(), voice.pitch.tolist(), voice.velocity.tolist(), strict=True
        ):
            events += [(a, 1, voice.channel, pitch, velocity), (max(b, a + 1), 0, voice.channel, pitch, 0)]
    now = 0
    for tick, on_off, channel, pitch, velocity in sorted(events):
        kind = "note_on" if on_off else "note_off"
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    file = mido.MidiFile(type=0, ticks_per_beat=MIDI_TICKS_PER_SECOND // 2)
    file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    return content.getvalue()
