"""Distil the tunes of the demonstration collection from the scores that come with music21.

A build tool, not part of the installed package. It needs ``music21`` (10.5.1 made the shipped file) and nothing else:

    python -m venv .venv-music21
    .venv-music21/bin/pip install music21
    .venv-music21/bin/python scripts/distill_tunes.py mwe/tracks/demo/tunes.json.gz

Only public-domain tunes are read: four-part chorales of J. S. Bach, O'Neill's Music of Ireland (the 1,850) and Ryan's
Mammoth Collection. The same music21 gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import music21
from music21.corpus.chorales import ChoraleListRKBWV

TICKS = 24
MAX_BARS = 16
SOUGHT = {
    "chorale": 100,
    "air": 75,
    "jig": 75,
    "slip jig": 55,
    "reel": 75,
    "hornpipe": 60,
    "strathspey": 42,
    "march": 40,
    "clog dance": 30,
}
# The sections of O'Neill's book by number: many transcriptions carry no R: line, all carry the number.
ONEILLS_SECTIONS = (
    (625, "air"),
    (700, ""),
    (1115, "jig"),
    (1175, "slip jig"),
    (1555, "reel"),
    (1780, "hornpipe"),
    (1800, ""),
    (1850, "march"),
)
RYANS_FORMS = {
    "reel": "reel",
    "jig": "jig",
    "double jig": "jig",
    "slipjig": "slip jig",
    "slip jig": "slip jig",
    "hornpipe": "hornpipe",
    "strathspey": "strathspey",
    "clog": "clog dance",
}
MODES = {"": "major", "maj": "major", "m": "minor", "min": "minor", "dor": "dorian", "mix": "mixolydian"}
METRES = {"C|": "2/2", "C": "4/4"}
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
CREDIT = re.compile(r"(?i)(transcri\w+|contributed|corrected) .*[a-z]{3}|walsh|chambers|puckette")
ADDRESS_OR_DATE = re.compile(
    r"[(<]?\s*\w+[@:][\w:-]*(\.[\w:]+)+\s*[)>]?|\b[12]\d{7,13}\b|,? ?\d+[/-]\d+[/-]\d+|=0D|\.?\d\djune\d\d"
)
MINOR_SHARE = 0.45


@dataclass(frozen=True)
class Source:
    """One piece before its notes are read: where it stands and what its header says."""

    id: str
    collection: str
    title: str
    composer: str
    transcriber: str
    form: str
    metre: str
    tonic: int
    mode: str
    score: str | Path


def main() -> None:
    """Write the gzipped JSON of all tunes that pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    target = parser.parse_args().target
    corpus = Path(music21.__file__).parent / "corpus"
    found = [*chorales(corpus), *oneills(corpus), *ryans(corpus)]
    tunes = [tune for form, count in SOUGHT.items() for tune in chosen(found, form, count)]
    content = {"format": 1, "ticks_per_quarter": TICKS, "music21": music21.__version__, "tunes": tunes}
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    with target.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode())
    print(f"{len(tunes)} tunes, {target.stat().st_size} bytes -> {target}")


def chosen(found: list[Source], form: str, count: int) -> Iterator[dict[str, Any]]:
    """First `count` pieces of a form that parse, in an order fixed by their ids, minor keys kept up to a share."""
    order = sorted((s for s in found if s.form == form), key=lambda s: hashlib.sha256(s.id.encode()).hexdigest())
    sombre = [s for s in order if s.mode in ("minor", "dorian")]
    first = sombre[: round(MINOR_SHARE * count)]
    kept, titles = 0, set[str]()
    for source in [*first, *(s for s in order if s not in first)]:
        if kept == count:
            return
        tune = None if source.title in titles else distilled(source)
        if tune is not None:
            kept += 1
            titles.add(source.title)
            yield tune
    if kept < count:
        print(f"{form}: only {kept} of {count}")


def chorales(corpus: Path) -> Iterator[Source]:
    """Chorales in 4/4 or 3/4; key and metre are read from the score later."""
    titles = {str(number): entry["title"] for number, entry in ChoraleListRKBWV().byBWV.items()}
    for path in sorted((corpus / "bach").glob("bwv*.mxl")):
        number = path.stem.removeprefix("bwv")
        title = titles.get(number, "")
        title = f"{title} (BWV {number})" if title else f"Chorale BWV {number}"
        yield Source(f"bach-{number}", "Bach chorales", title, "J. S. Bach", "", "chorale", "", 0, "", path)


def oneills(corpus: Path) -> Iterator[Source]:
    """Tunes of O'Neill's 1850 by book number, the first transcription of a number only."""
    seen = set[int]()
    for path in sorted((corpus / "oneills1850").glob("*.abc")):
        for text in abc_tunes(path):
            number = re.search(r"^[BN]:.*?O'Neill's\D{0,9}(\d+)", text, re.MULTILINE)
            if number is None or int(number[1]) in seen:
                continue
            seen.add(int(number[1]))
            form = next((form for last, form in ONEILLS_SECTIONS if int(number[1]) <= last), "")
            source = abc_source(text, f"oneills-{int(number[1]):04d}", "O'Neill's Music of Ireland", form)
            if source is not None:
                yield source


def ryans(corpus: Path) -> Iterator[Source]:
    """Tunes of Ryan's Mammoth Collection whose R: line names a form."""
    for path in sorted((corpus / "ryansMammoth").glob("*.abc")):
        for index, text in enumerate(abc_tunes(path)):
            form = RYANS_FORMS.get(field(text, "R").lower(), "")
            source = abc_source(text, f"ryans-{path.stem}-{index}", "Ryan's Mammoth Collection", form)
            if source is not None:
                yield source


def abc_tunes(path: Path) -> list[str]:
    """Text of every tune of an ABC file (latin-1, one tune a line that starts ``X:``)."""
    return [part for part in re.split(r"(?m)^(?=X:)", path.read_text("latin-1")) if part.startswith("X:")]


def field(text: str, name: str) -> str:
    """First header field of a name, without quotation marks."""
    found = re.search(rf"^{name}:(.*)$", text, re.MULTILINE)
    return found[1].strip().strip('"').strip() if found else ""


def abc_source(text: str, id: str, collection: str, form: str) -> Source | None:
    """Header of a tune, or None when its form, key or metre is not usable."""
    keys = re.findall(r"(?m)^K: *([A-G])([b#]?) *([A-Za-z]*)", text)
    metres = re.findall(r"(?m)^M: *(\S+)", text)
    mode = MODES.get(keys[0][2].lower()) if len(keys) == 1 else None
    if not form or mode is None or len(metres) != 1:
        return None
    tonic = (STEPS[keys[0][0]] + {"": 0, "b": -1, "#": 1}[keys[0][1]]) % 12
    title = re.sub(r"\s+", " ", field(text, "T").replace(" -- ", ", ")).strip(". ")
    title = title.title().replace("'S", "'s").replace("'D", "'d") if title.isupper() else title
    composer = re.sub(r"(?i)collected by ?", "", field(text, "C")).strip(". ")
    composer = composer.title() if composer.isupper() else composer
    metre = METRES.get(metres[0], metres[0])
    return Source(id, collection, title, composer, credit(text), form, metre, tonic, mode, text)


def credit(text: str) -> str:
    """Names on the Z: lines of a tune, without dates, mail addresses and remarks on the notation."""
    # one transcriber signs with an address of the form name.surname@host only
    text = re.sub(r"(\w+)\.(\w+)@\S+", lambda found: f"{found[1]} {found[2]}".title(), text)
    lines = [ADDRESS_OR_DATE.sub("", line) for line in re.findall(r"(?m)^Z:(.*)$", text) if CREDIT.search(line)]
    return "; ".join(re.sub(r"\s+", " ", line).strip(' ",.') for line in lines)


def distilled(source: Source) -> dict[str, Any] | None:
    """Notes of a piece as integer lists, or None when it is too short, too wide or not in a usable metre."""
    abc = isinstance(source.score, str)
    score = music21.converter.parse(source.score, format="abc" if abc else None, forceSource=True)
    if not abc:
        signature = score.recurse().getElementsByClass(music21.meter.TimeSignature).first()
        key = score.analyze("key")
        source = replace(source, metre=signature.ratioString, tonic=key.tonic.pitchClass, mode=key.mode)
    beat = beat_ticks(source.form, source.metre)
    parts = list(score.parts)
    if beat is None or len(parts) != (1 if abc else 4):
        return None
    bar = round(
        parts[0].recurse().getElementsByClass(music21.meter.TimeSignature).first().barDuration.quarterLength * TICKS
    )
    first = round(parts[0].getElementsByClass("Measure").first().duration.quarterLength * TICKS)
    lines = [part_notes(part, MAX_BARS * bar) for part in parts]
    end = max(
        (onset + length for line in lines for onset, length in zip(line["onset"], line["length"], strict=True)),
        default=0,
    )
    bars = min(MAX_BARS, round(end / bar))
    pitches = [pitch for line in lines for pitch in line["pitch"]]
    if bars < 6 or len(lines[0]["pitch"]) < 24 or min(pitches) < 36 or max(pitches) > 91:
        return None
    kept = ("id", "collection", "title", "composer", "transcriber", "form", "metre", "tonic", "mode")
    header = {name: getattr(source, name) for name in kept}
    return {**header, "beat": beat, "bar": bar, "pickup": first if first < bar else 0, "bars": bars, "parts": lines}


def beat_ticks(form: str, metre: str) -> int | None:
    """Ticks of the beat a musician would count: dances in two or three a bar, slow forms in quarters."""
    allowed = {"slip jig": ("9/8",), "jig": ("6/8",), "chorale": ("4/4", "3/4"), "strathspey": ("4/4", "2/2")}
    if metre not in allowed.get(form, ("2/2", "4/4", "2/4", "3/4", "6/8")):
        return None
    if metre.endswith("/8"):
        return TICKS * 3 // 2
    halves = metre in ("2/2", "4/4") and form in ("reel", "hornpipe", "march", "clog dance")
    return TICKS * 2 if halves else TICKS


def part_notes(part: Any, limit: int) -> dict[str, list[int]]:
    """Onsets, lengths (ticks) and MIDI pitches of a part up to a limit; chord symbols and grace notes are left out."""
    notes = []
    for element in part.flatten().stripTies().notes:
        if isinstance(element, music21.harmony.ChordSymbol) or element.duration.isGrace:
            continue
        onset, length = round(element.offset * TICKS), max(1, round(element.quarterLength * TICKS))
        notes += [(onset, length, pitch.midi) for pitch in element.pitches if onset < limit]
    notes.sort()
    return dict(zip(("onset", "length", "pitch"), ([*column] for column in zip(*notes, strict=True)), strict=True)) or {
        "onset": [],
        "length": [],
        "pitch": [],
    }


if __name__ == "__main__":
    main()
