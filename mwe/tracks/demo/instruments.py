"""Instruments of the demonstration collection: General MIDI programs with the properties that determine the tags."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Instrument:
    """A General MIDI program.

    Args:
        name: Name of the instrument.
        program: General MIDI program, counted from 0.
        centre: MIDI pitch around which its melodies are transposed, by octaves.
        centroid_hz: Centroid of the mean log-mel spectrum of a scale around `centre`, measured once with TimGM6mb.
        level_db: Root mean square of that scale in dB below full scale; players compensate for it.
        sustained: Whether a note keeps sounding until its end.
        tags: Content tags of every track with this instrument.
    """

    name: str
    program: int
    centre: int
    centroid_hz: int
    level_db: int
    sustained: bool
    tags: tuple[str, ...]


# name | program | centre | centroid in Hz | level in dB | s(ustained) or d(ecaying) | tags
TABLE = """
accordion         |  21 | 72 | 1441 | -33 | s | accordion
acoustic guitar   |  25 | 57 |  833 | -36 | d | acoustic guitar
bagpipe           | 109 | 72 | 2030 | -32 | s | bagpipe
bandoneon         |  23 | 67 | 1396 | -35 | s | accordion
banjo             | 105 | 67 | 1596 | -35 | d | banjo
baritone sax      |  67 | 55 | 1056 | -37 | s | saxophone, woodwind
bass guitar       |  33 | 36 |  533 | -33 | d | bass guitar
brass ensemble    |  61 | 64 | 1507 | -38 | s | brass
cello             |  42 | 50 |  644 | -28 | s | cello
choir             |  52 | 64 | 1054 | -34 | s | choir
church organ      |  19 | 64 | 1020 | -35 | s | organ
clarinet          |  71 | 69 | 1156 | -31 | s | clarinet, woodwind
clean guitar      |  27 | 60 | 1270 | -41 | d | electric guitar
cornet            |  56 | 69 | 1531 | -34 | s | trumpet, brass
distorted guitar  |  30 | 57 | 1273 | -31 | s | electric guitar, distortion
double bass       |  32 | 36 |  294 | -35 | d | double bass
drawbar organ     |  16 | 60 |  525 | -32 | s | organ
fiddle            |  40 | 74 | 1578 | -30 | s | violin
flute             |  73 | 76 | 1155 | -31 | s | flute, woodwind
french horn       |  60 | 60 |  767 | -26 | s | brass
glockenspiel      |   9 | 81 | 1761 | -40 | d | bells, mallet percussion
harmonica         |  22 | 72 | 1430 | -32 | s | harmonica
harp              |  46 | 67 |  899 | -29 | d | harp
harpsichord       |   6 | 67 | 1696 | -37 | d | harpsichord
jazz guitar       |  26 | 60 |  849 | -33 | d | electric guitar
koto              | 107 | 67 | 1395 | -35 | d | koto
marimba           |  12 | 69 |  814 | -38 | d | mallet percussion
music box         |  10 | 79 | 1306 | -33 | d | bells
muted trumpet     |  59 | 69 | 1760 | -39 | s | trumpet, brass
nylon guitar      |  24 | 57 |  658 | -33 | d | acoustic guitar
oboe              |  68 | 74 | 1343 | -31 | s | oboe, woodwind
overdriven guitar |  29 | 60 | 1390 | -34 | s | electric guitar, distortion
pan flute         |  75 | 74 | 1647 | -33 | s | flute, woodwind
piano             |   0 | 67 |  804 | -38 | d | piano
recorder          |  74 | 77 | 1206 | -30 | s | recorder, woodwind
reed organ        |  20 | 64 | 1124 | -31 | s | organ
rock organ        |  18 | 64 |  606 | -34 | s | organ
saw lead          |  81 | 67 | 1469 | -31 | s | synthesizer
saxophone         |  65 | 64 | 1261 | -31 | s | saxophone, woodwind
shakuhachi        |  77 | 72 | 1157 | -31 | s | flute, woodwind
sitar             | 104 | 60 | 1669 | -39 | d | sitar
square lead       |  80 | 69 | 1392 | -30 | s | synthesizer
steel drums       | 114 | 72 | 1046 | -36 | d | mallet percussion
steel guitar      |  25 | 62 |  998 | -36 | d | acoustic guitar
strings           |  48 | 64 | 1135 | -33 | s | string orchestra
synth bass        |  38 | 38 |  515 | -35 | d | synth bass, synthesizer
synth brass       |  62 | 64 | 1348 | -32 | s | synthesizer
synth pad         |  88 | 60 |  897 | -32 | s | synth pad, synthesizer
tenor banjo       | 105 | 62 | 1401 | -35 | d | banjo
tin whistle       |  78 | 79 |  600 | -27 | s | tin whistle, woodwind
trombone          |  57 | 55 | 1058 | -33 | s | trombone, brass
trumpet           |  56 | 71 | 1583 | -34 | s | trumpet, brass
tuba              |  58 | 36 |  433 | -33 | s | tuba, brass
tubular bells     |  14 | 67 | 1018 | -32 | d | bells
vibraphone        |  11 | 69 |  654 | -29 | d | mallet percussion
violin            |  40 | 74 | 1578 | -30 | s | violin
warm pad          |  89 | 62 |  643 | -38 | s | synth pad, synthesizer
"""


def _instrument(row: str) -> Instrument:
    name, program, centre, centroid, level, kind, tags = (cell.strip() for cell in row.split("|"))
    labels = tuple(tag.strip() for tag in tags.split(","))
    return Instrument(name, int(program), int(centre), int(centroid), int(level), kind == "s", labels)


INSTRUMENTS = {instrument.name: instrument for instrument in map(_instrument, TABLE.strip().splitlines())}
