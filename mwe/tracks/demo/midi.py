"""Timed notes of several instruments, and their MIDI file."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRUM_CHANNEL = 9
MIDI_TICKS_PER_SECOND = 960


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


def midi_bytes(voices: list[Voice], tuning_cents: int) -> bytes:
    """Return the standard MIDI file of the voices, without the synthesiser's own reverberation and chorus."""
    import mido  # from the extra `demo`

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
