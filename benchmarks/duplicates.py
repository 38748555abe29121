"""Duplicates: how many copies of recordings are found, and how many other recordings are taken for copies.

`python -m benchmarks.duplicates data/audio_clips/audio` writes every recording of a folder anew in many ways, and
renders tunes of the demonstration by several performers. It then looks for duplicates as `mwe duplicates` does, for
each kind among all recordings and covers, and prints precision and recall by kind. With ``demo`` in place of a folder,
recordings are tunes of the demonstration too; the thresholds were chosen on such. Needs the extras ``formats`` and
``demo``.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from jsonargparse import auto_cli

from benchmarks.recording_copies import COVER, KINDS, ORIGINAL, RATE, Kind, Made, copies, encode, played, same
from mwe.audio.decode import read_whole
from mwe.search.duplicates import candidates, same_recordings
from mwe.search.embed import embed_readable
from mwe.search.fingerprints import Fingerprints, TrackSound
from mwe.search.model import TrainedModel
from mwe.search.sources import audio_files

DEMO = Path("demo")
LEAST_SECONDS = 3.0  # shorter recordings are left out


class Figures(NamedTuple):
    """Duplicates found in a library.

    Attributes:
        true: Pairs of copies that there are.
        near: Those among the pairs that are compared by sound.
        found: Those found.
        wrong: Pairs found that are none.
    """

    true: int
    near: int
    found: int
    wrong: int

    @property
    def precision(self) -> float:
        """Share of the pairs found that are true."""
        return self.found / max(self.found + self.wrong, 1)

    @property
    def recall(self) -> float:
        """Share of the true pairs that are found."""
        return self.found / max(self.true, 1)


def measured(made: Sequence[Made], rows: Sequence[int], unit_ND: np.ndarray, fingerprints: Fingerprints) -> Figures:
    """Return what is found in a library of some of the files."""
    seconds = np.array([made[row].seconds for row in rows])
    pairs = [(rows[one], rows[other]) for one, other in candidates(unit_ND[rows], seconds)]
    groups = same_recordings(pairs, fingerprints)
    found = {(one, other) for group in groups for one in group for other in group if one < other}
    ordered = sorted(rows)
    true = {
        (one, other)
        for place, one in enumerate(ordered)
        for other in ordered[place + 1 :]
        if made[one].recording == made[other].recording
    }
    near = {(min(pair), max(pair)) for pair in pairs}
    return Figures(len(true), len(true & near), len(true & found), len(found - true))


def table(made: Sequence[Made], model: Path, workers: int) -> dict[str, Figures]:
    """Return the figures of every kind, each in a library of all originals, all covers and the copies of that kind."""
    unit_ND = embed_readable(TrainedModel(model), [file.path for file in made], "Leave it out of the folder.").vector_ND
    figures = {}
    with Fingerprints(
        {row: TrackSound(file.path, file.seconds) for row, file in enumerate(made)}, workers
    ) as fingerprints:
        for kind in KINDS:
            wanted = (ORIGINAL, COVER, kind.name)
            rows = [row for row, file in enumerate(made) if file.kind in wanted]
            figures[kind.name] = measured(made, rows, unit_ND, fingerprints)
        figures["all in one library"] = measured(made, range(len(made)), unit_ND, fingerprints)
        covers = [row for row, file in enumerate(made) if file.kind == COVER]
        figures["covers alone, no copies"] = measured(made, covers, unit_ND, fingerprints)
    return figures


def duplicates(
    folder: Path, model: Path = Path("open"), tunes: int = 40, bands: int = 6, every: int = 1,
    seed: int = 7, workers: int = 2,
) -> None:  # fmt: skip
    """Print precision and recall of duplicates by kind.

    Args:
        folder: Folder of recordings; ``demo`` for tunes of the demonstration by one performer each.
        model: The model.
        tunes: Tunes of the covers.
        bands: Performers of each tune.
        every: Takes only every such recording.
        seed: Seed of tunes, performers and copies; the thresholds were chosen with 5.
        workers: Decoding processes.
    """
    rng = np.random.default_rng(seed)
    covers = played(tunes, bands, seed)
    if folder == DEMO:
        recordings = {f"own-{name}": wave for name, wave in played(tunes, 1, seed + 1).items()}
    else:
        paths = list(audio_files(folder))[::every]
        waves = {path.stem: read_whole(path, sample_rate=RATE).wave for path in paths}
        recordings = {name: wave for name, wave in waves.items() if len(wave) >= LEAST_SECONDS * RATE}
        print(f"{len(waves) - len(recordings)} of {len(waves)} recordings are shorter than {LEAST_SECONDS:.0f} s")
    with TemporaryDirectory() as temporary:
        made = copies(recordings, Path(temporary), rng)
        for name, wave in covers.items():
            made.append(Made(f"cover-{name}", COVER, Path(temporary) / f"cover-{name}.flac", len(wave) / RATE))
            encode(made[-1].path, wave, Kind(COVER, same))
        figures = table(made, model, workers)
    print(f"{len(recordings)} recordings, {len(covers)} covers: {tunes} tunes by {bands} performers each")
    print("| kind of copy | pairs | compared | found | wrong | precision | recall |\n|---|---|---|---|---|---|---|")
    for kind, row in figures.items():
        shown = " | ".join(map(str, row))
        print(f"| {kind} | {shown} | {row.precision:.3f} | {row.recall:.3f} |")
    print(json.dumps({kind: {**row._asdict(), "recall": row.recall} for kind, row in figures.items()}))


if __name__ == "__main__":
    auto_cli(duplicates, as_positional=True)
