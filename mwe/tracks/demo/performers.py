"""Virtual performers: instruments, tempo habit, room, equalisation, tuning and level. All are invented."""

from dataclasses import dataclass

import numpy as np

from mwe.tracks.demo.instruments import INSTRUMENTS, Instrument

# One row per performer: style | lead | second soloist | harmony and its pattern | bass | drone | drums.
# A dash is an empty seat.
BANDS = """
celtic     | fiddle            | -              | acoustic guitar strum     | -           | -          | hand
celtic     | tin whistle       | fiddle         | harp arpeggio             | -           | -          | -
celtic     | bagpipe           | -              | -                         | -           | bagpipe    | -
celtic     | bagpipe           | -              | -                         | -           | bagpipe    | march
celtic     | flute             | fiddle         | acoustic guitar strum     | -           | -          | hand
celtic     | accordion         | -              | piano offbeat             | -           | -          | -
celtic     | harp              | -              | -                         | -           | -          | -
celtic     | tenor banjo       | flute          | acoustic guitar strum     | -           | -          | hand
celtic     | fiddle            | -              | accordion block           | -           | bagpipe    | -
bluegrass  | banjo             | -              | acoustic guitar strum     | double bass | -          | -
bluegrass  | fiddle            | -              | banjo arpeggio            | double bass | -          | -
bluegrass  | steel guitar      | -              | banjo arpeggio            | double bass | -          | -
bluegrass  | harmonica         | banjo          | acoustic guitar strum     | double bass | -          | -
bluegrass  | fiddle            | banjo          | acoustic guitar offbeat   | double bass | -          | brushes
baroque    | harpsichord       | -              | -                         | -           | -          | -
baroque    | recorder          | violin         | harpsichord arpeggio      | cello       | -          | -
baroque    | violin            | -              | harpsichord block         | cello       | -          | -
baroque    | oboe              | -              | harpsichord arpeggio      | cello       | -          | -
baroque    | trumpet           | -              | harpsichord block         | cello       | -          | -
baroque    | recorder          | -              | strings block             | cello       | -          | -
sacred     | church organ      | -              | -                         | -           | -          | -
sacred     | choir             | -              | -                         | -           | -          | -
sacred     | choir             | strings        | church organ block        | -           | -          | -
sacred     | trombone          | trumpet        | church organ block        | -           | -          | -
sacred     | reed organ        | -              | -                         | -           | -          | -
sacred     | tubular bells     | -              | choir block               | -           | -          | -
chamber    | piano             | -              | -                         | -           | -          | -
chamber    | cello             | -              | piano arpeggio            | -           | -          | -
chamber    | clarinet          | -              | piano block               | -           | -          | -
chamber    | strings           | flute          | strings block             | -           | -          | -
chamber    | flute             | -              | harp arpeggio             | -           | -          | -
chamber    | violin            | -              | strings block             | cello       | -          | -
chamber    | clarinet          | oboe           | strings block             | -           | -          | -
brass band | trumpet           | cornet         | trombone block            | tuba        | -          | march
brass band | french horn       | -              | trombone block            | tuba        | -          | -
brass band | brass ensemble    | trumpet        | -                         | tuba        | -          | march
brass band | trombone          | -              | brass ensemble offbeat    | tuba        | -          | -
brass band | cornet            | clarinet       | french horn block         | tuba        | -          | march
rock       | distorted guitar  | -              | distorted guitar block    | bass guitar | -          | rock
rock       | overdriven guitar | -              | clean guitar offbeat      | bass guitar | -          | rock
rock       | rock organ        | -              | overdriven guitar block   | bass guitar | -          | rock
rock       | distorted guitar  | -              | rock organ block          | bass guitar | -          | rock
rock       | saxophone         | -              | brass ensemble offbeat    | bass guitar | -          | rock
rock       | bagpipe           | -              | distorted guitar block    | bass guitar | -          | rock
rock       | fiddle            | -              | distorted guitar block    | bass guitar | -          | rock
electronic | square lead       | -              | saw lead offbeat          | synth bass  | -          | club
electronic | saw lead          | -              | synth pad block           | synth bass  | -          | club
electronic | square lead       | -              | square lead arpeggio      | synth bass  | -          | -
electronic | synth brass       | saw lead       | synth pad block           | synth bass  | -          | club
electronic | glockenspiel      | square lead    | warm pad block            | synth bass  | -          | club
jazz       | saxophone         | trumpet        | piano offbeat             | double bass | -          | swing
jazz       | vibraphone        | -              | jazz guitar offbeat       | double bass | -          | swing
jazz       | muted trumpet     | saxophone      | piano offbeat             | double bass | -          | swing
jazz       | baritone sax      | -              | jazz guitar offbeat       | double bass | -          | swing
jazz       | clarinet          | trombone       | jazz guitar strum         | double bass | -          | swing
jazz       | saxophone         | -              | drawbar organ block       | double bass | -          | swing
ambient    | warm pad          | -              | -                         | -           | synth pad  | -
ambient    | choir             | -              | synth pad block           | -           | synth pad  | -
ambient    | music box         | harp           | synth pad block           | -           | -          | -
ambient    | shakuhachi        | -              | warm pad block            | -           | synth pad  | -
ambient    | glockenspiel      | choir          | warm pad block            | -           | -          | -
world      | sitar             | -              | -                         | -           | sitar      | hand
world      | steel drums       | -              | marimba offbeat           | bass guitar | -          | hand
world      | marimba           | -              | vibraphone offbeat        | -           | -          | hand
world      | pan flute         | harp           | nylon guitar arpeggio     | -           | -          | hand
world      | clarinet          | fiddle         | accordion offbeat         | double bass | -          | hand
world      | bandoneon         | violin         | piano offbeat             | double bass | -          | -
world      | koto              | -              | harp arpeggio             | -           | shakuhachi | -
"""
# Ranges of the reverberation time in seconds and of the share of reverberant sound, by style.
ROOMS = {
    "ambient": (1.8, 3.0, 0.45, 0.7),
    "sacred": (1.4, 2.6, 0.3, 0.6),
    "chamber": (0.6, 1.6, 0.1, 0.4),
    "brass band": (0.3, 1.4, 0.05, 0.35),
}
ANY_ROOM = (0.2, 1.3, 0.02, 0.35)
LEVEL_RANGE_DB = 8.0


@dataclass(frozen=True)
class Performer:
    """One virtual performer.

    Args:
        id: Artist ID.
        style: Style of the band.
        lead: Instrument of the melody.
        second: Instrument that plays the melody with the lead, or None.
        harmony: Instrument of the chords, or None.
        pattern: Pattern of the chords: block, strum, offbeat or arpeggio.
        bass: Bass instrument, or None.
        drone: Instrument that holds tonic and fifth, or None.
        drums: Drum pattern; empty for no drums.
        tempo: Factor of the usual tempo of a form.
        reverb_s: Reverberation time in seconds.
        wet: Share of reverberant sound, 0 to 1.
        tilt_db: Equalisation in decibels per octave around 1 kHz.
        tuning_cents: Offset from 440 Hz tuning.
        level_db: Loudness below the loudest performer.
    """

    id: str
    style: str
    lead: Instrument
    second: Instrument | None
    harmony: Instrument | None
    pattern: str
    bass: Instrument | None
    drone: Instrument | None
    drums: str
    tempo: float
    reverb_s: float
    wet: float
    tilt_db: float
    tuning_cents: int
    level_db: float

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Pitched instruments, the lead first."""
        return tuple(i for i in (self.lead, self.second, self.harmony, self.bass, self.drone) if i is not None)

    @property
    def alone(self) -> bool:
        """Whether the lead plays alone."""
        return len(self.instruments) == 1 and not self.drums


def performers(seed: int) -> list[Performer]:
    """Return all virtual performers. The bands are fixed; the seed determines habits and rooms."""
    rows = [[cell.strip() for cell in row.split("|")] for row in BANDS.strip().splitlines()]
    return [_performer(index, row, seed) for index, row in enumerate(rows, 1)]


def _performer(index: int, row: list[str], seed: int) -> Performer:
    rng = np.random.default_rng([seed, 1, index])
    style, lead, second, harmony, bass, drone, drums = row
    name, _, pattern = harmony.rpartition(" ")
    low_s, high_s, low_wet, high_wet = ROOMS.get(style, ANY_ROOM)
    return Performer(
        id=f"performer-{index:02d}",
        style=style,
        lead=INSTRUMENTS[lead],
        second=INSTRUMENTS.get(second),
        harmony=INSTRUMENTS.get(name),
        pattern=pattern if name else "",
        bass=INSTRUMENTS.get(bass),
        drone=INSTRUMENTS.get(drone),
        drums=drums.strip("-"),
        tempo=round(float(rng.uniform(0.9, 1.12)), 3),
        reverb_s=round(float(rng.uniform(low_s, high_s)), 2),
        wet=round(float(rng.uniform(low_wet, high_wet)), 2),
        tilt_db=round(float(rng.uniform(-1.5, 1.0)), 2),
        tuning_cents=int(rng.integers(-25, 26)),
        level_db=round(float(rng.uniform(-LEVEL_RANGE_DB, 0.0)), 2),
    )
