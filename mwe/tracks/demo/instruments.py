"""Instruments of the demonstration collection: General MIDI programs with the facts the tags are made from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Instrument:
    """A General MIDI program.

    Args:
        name: Name of the instrument.
        program: General MIDI program, counted from 0.
        centre: MIDI pitch its melodies are moved around, by octaves.
        centroid_hz: Spectral centroid of a scale played on it, measured once with TimGM6mb.
        sustained: Whether a note keeps sounding until its end.
        tags: Content tags of whatever it plays in.
    """

    name: str
    program: int
    centre: int
    centroid_hz: int
    sustained: bool
    tags: tuple[str, ...]


# name | program | centre | centroid in Hz | s(ustained) or d(ecaying) | tags
TABLE = """
accordion         |  21 | 72 | 1663 | s | accordion
acoustic guitar   |  25 | 57 | 1753 | d | acoustic guitar
bagpipe           | 109 | 72 | 2354 | s | bagpipe
bandoneon         |  23 | 67 | 1777 | s | accordion
banjo             | 105 | 67 | 2291 | d | banjo
baritone sax      |  67 | 55 | 2249 | s | saxophone, woodwind
bass guitar       |  33 | 36 | 1730 | d | bass guitar
brass ensemble    |  61 | 64 | 2340 | s | brass
cello             |  42 | 50 | 1445 | s | cello
choir             |  52 | 64 | 1364 | s | choir
church organ      |  19 | 64 | 1777 | s | organ
clarinet          |  71 | 69 | 1336 | s | clarinet, woodwind
clean guitar      |  27 | 60 | 3900 | d | electric guitar
cornet            |  56 | 69 | 2004 | s | trumpet, brass
distorted guitar  |  30 | 57 | 1914 | s | electric guitar, distortion
double bass       |  32 | 36 | 1014 | d | double bass
drawbar organ     |  16 | 60 | 1058 | s | organ
fiddle            |  40 | 74 | 1936 | s | violin, fiddle
flute             |  73 | 76 | 1277 | s | flute, woodwind
french horn       |  60 | 60 |  975 | s | brass
glockenspiel      |   9 | 81 | 3321 | d | bells, mallet percussion
harmonica         |  22 | 72 | 1483 | s | harmonica
harp              |  46 | 67 | 1005 | d | harp
harpsichord       |   6 | 67 | 2609 | d | harpsichord
jazz guitar       |  26 | 60 | 1310 | d | electric guitar
koto              | 107 | 67 | 2432 | d | koto
marimba           |  12 | 69 | 1965 | d | mallet percussion
music box         |  10 | 79 | 1396 | d | bells
muted trumpet     |  59 | 69 | 2947 | s | trumpet, brass
nylon guitar      |  24 | 57 | 1092 | d | acoustic guitar
oboe              |  68 | 74 | 1443 | s | oboe, woodwind
overdriven guitar |  29 | 60 | 1933 | s | electric guitar, distortion
pan flute         |  75 | 74 | 1770 | s | flute, woodwind
piano             |   0 | 67 | 1088 | d | piano
recorder          |  74 | 77 |  916 | s | recorder, woodwind
reed organ        |  20 | 64 | 1419 | s | organ
rock organ        |  18 | 64 |  923 | s | organ
saw lead          |  81 | 67 | 1710 | s | synthesizer
saxophone         |  65 | 64 | 2121 | s | saxophone, woodwind
shakuhachi        |  77 | 72 |  993 | s | flute, woodwind
sitar             | 104 | 60 | 3560 | d | sitar
square lead       |  80 | 69 | 1883 | s | synthesizer
steel drums       | 114 | 72 | 1326 | d | mallet percussion
steel guitar      |  25 | 62 | 1753 | d | acoustic guitar
strings           |  48 | 64 | 1885 | s | string orchestra
synth bass        |  38 | 38 | 1557 | d | synth bass, synthesizer
synth brass       |  62 | 64 | 1821 | s | synthesizer
synth pad         |  88 | 60 | 1978 | s | synth pad, synthesizer
tenor banjo       | 105 | 62 | 2291 | d | banjo
tin whistle       |  78 | 79 |  567 | s | tin whistle, woodwind
trombone          |  57 | 55 | 1527 | s | trombone, brass
trumpet           |  56 | 71 | 2004 | s | trumpet, brass
tuba              |  58 | 36 | 1371 | s | tuba, brass
tubular bells     |  14 | 67 | 1989 | d | bells
vibraphone        |  11 | 69 | 1155 | d | mallet percussion
violin            |  40 | 74 | 1936 | s | violin
warm pad          |  89 | 62 |  897 | s | synth pad, synthesizer
"""


def _instrument(row: str) -> Instrument:
    name, program, centre, centroid, kind, tags = (cell.strip() for cell in row.split("|"))
    labels = tuple(tag.strip() for tag in tags.split(","))
    return Instrument(name, int(program), int(centre), int(centroid), kind == "s", labels)


INSTRUMENTS = {instrument.name: instrument for instrument in map(_instrument, TABLE.strip().splitlines())}
