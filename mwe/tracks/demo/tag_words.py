"""Tags of the demonstration collection: their groups, whether training sees them, and the words of reviewers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tag:
    """A tag.

    Args:
        name: The tag, one or several words.
        group: genre, instrument or mood.
        seen: Whether training on audio uses it; an unseen tag is known only from text.
        words: Words of reviewers who mean the tag without naming it.
    """

    name: str
    group: str
    seen: bool
    words: tuple[str, ...]

    @property
    def kind(self) -> str:
        """``context`` for moods, ``content`` for genres and instruments."""
        return "context" if self.group == "mood" else "content"


# name | seen, or u(nseen) | words
GENRES = """
air              | s | slow song verse ballad lyrical unmeasured
ambient          | s | drifting soundscape textures floating haze slow
baroque          | s | counterpoint continuo ornament court century period
bluegrass        | s | mountain pickers appalachian rolls breakdown porch
brass band       | s | bandstand cornets tuba parade oompah march
celtic           | s | ireland session pub trad ceili highland
chorale          | s | congregation four-part verse cantata lutheran harmonised
classical        | s | concert composer score recital conservatory period
dance music      | s | floor steps dancers set feet figures
electronic       | s | machines club circuits programmed loops oscillator
folk             | s | village tradition oral fireside trad acoustic
hornpipe         | s | sailors dotted deck steps nautical stage
jazz             | s | smoky club swing combo improvised cool
jig              | s | lilt triplets six-eight dancers bouncing session
march            | s | parade soldiers regiment marching procession tread
reel             | s | session dancers quavers ceili racing driving
sacred           | s | church chapel service congregation prayer cantata
slip jig         | s | nine-eight lilt triplets dancers gliding graceful
solo             | s | alone unaccompanied single lone one-man bare
strathspey       | s | highland snap scottish dotted kilts dancers
hymn             | u | congregation church verse chapel four-part prayer
rock             | u | riffs amplifier stage garage backbeat loud
"""
INSTRUMENTS = """
accordion         | s | bellows squeezebox buttons reeds musette wheeze
acoustic guitar   | s | strummed fingerpicked frets plucked six-string wooden
bagpipe           | s | pipes chanter skirl highland drones piper
banjo             | s | plucked twang rolls five-string frets picking
bass guitar       | s | low-end groove four-string amplifier backline rumble
bells             | s | chimes ringing tinkling metallic glassy struck
cello             | s | bowed low-strings resonant gut cellist baritone
choir             | s | voices singers vowels sung ensemble vocal
clarinet          | s | reed liquorice chalumeau mouthpiece winds mellow-toned
distortion        | s | fuzz overdrive crunch amplifier riffs pedal
double bass       | s | upright plucked walking low-end woody bassist
drone             | s | sustained held fifth hum constant underlying
drums             | s | beat kit groove sticks cymbals backbeat
electric guitar   | s | pickups amplifier riffs frets strat pedal
flute             | s | breathy blown winds silver embouchure airy
hand drums        | s | bodhran congas palms skins groove beat
harp              | s | plucked strings glissando harpist angelic rippling
harpsichord       | s | plucked keys jangling continuo period manuals
mallet percussion | s | struck mallets bars wooden vibes tuned
organ             | s | pipes stops manuals pedals loft sustained
piano             | s | keys hammers pianist grand ivories pedal
saxophone         | s | sax reed horn-player smoky honking mouthpiece
string orchestra  | s | bowed strings lush ensemble violins orchestral
synth bass        | s | low-end sub machine squelch oscillator groove
synthesizer       | s | oscillator keys waveform machine circuits knobs
trombone          | s | slide horn-player blown bell low-brass brassy
trumpet           | s | valves fanfare horn-player blown bell brassy
violin            | s | bowed fiddle bow rosin fiddler virtuoso
brass             | u | blown valves horn-player fanfare bell brassy
rhythm section    | u | beat groove backbeat kit low-end bassist
synth pad         | u | oscillator textures floating waveform sustained haze
woodwind          | s | reed blown winds breathy embouchure mouthpiece
"""
MOODS = """
bright       | s | sparkling crisp shiny glittering clear treble
calm         | s | quiet still slow easy unhurried soft
dark         | s | shadow gloomy murky deep brooding night
dreamy       | s | hazy floating drifting clouds reverie echo
energetic    | s | driving powerful pumping racing workout drive
festive      | s | party celebration holiday crowd cheer fair
happy        | s | smile sunny cheerful glad grin sunshine
intense      | s | forceful heavy powerful loud urgent drive
lively       | s | brisk quick racing nimble bustling feet
meditative   | s | still trance breathing ritual inward slow
playful      | s | bouncing nimble mischievous toy cheeky tiptoe
relaxing     | s | soft easy evening unwind quiet sofa
sad          | s | tears lonely sorrow grief weeping farewell
solemn       | s | grave dignified weighty procession ceremony prayer
spacious     | s | echo cathedral vast hall reverberant distant
warm         | s | mellow cosy round golden hearth soft
ethereal     | u | floating echo angelic clouds distant hazy
joyful       | u | smile cheerful sunny celebration glad cheer
melancholy   | u | tears sorrow lonely grief farewell brooding
peaceful     | u | still quiet soft easy unhurried slow
"""


def _read(group: str, table: str) -> list[Tag]:
    rows = [[cell.strip() for cell in row.split("|")] for row in table.strip().splitlines()]
    return sorted(
        (Tag(name, group, seen == "s", tuple(words.split())) for name, seen, words in rows), key=lambda t: t.name
    )


TAGS = {tag.name: tag for tag in (*_read("genre", GENRES), *_read("instrument", INSTRUMENTS), *_read("mood", MOODS))}
