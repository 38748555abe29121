"""Disk, hours and loader processes of joint training, by arithmetic from rates that are measured elsewhere.

One rate has to be measured where the training will run, steps a second: by `make gpu-check` (`--checked
outputs/gpu-check/figures.json`) or by `mwe fit ... --trainer.max_steps 200`. A step is one of the paper's batch of 128
excerpts. Evaluation is counted in steps too: an excerpt that is only encoded takes a third of one that is learnt from.
Prints the tables of docs/reference/sizing.md; `python -m benchmarks.sizing --help` lists the options.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from jsonargparse import auto_cli

from benchmarks.joint_input import BATCH
from mwe.audio.mel_settings import MelSettings
from mwe.core.errors import BadFileError
from mwe.core.files import read_json

EPOCHS, EXCERPTS = 200, 8
UNIT = 10.0  # steps a second, where none were measured
FORWARD = 1 / 3  # of the operations of a training step, as benchmarks.joint_steps counts them
# thousands of millions of operations that an excerpt takes in a training step, counted by benchmarks.joint_steps
GIGAFLOPS = {"1D-CNN": 0.06975, "transformer": 24.85}


class Collection(NamedTuple):
    """A collection as a table of the paper uses it.

    Args:
        name: What it is called.
        tracks: Tracks in the mel store.
        hours: Of audio, up to ten minutes a track.
        train: Training tracks.
        valid: Validation tracks.
        tested: Tracks that the test embeds.
    """

    name: str
    tracks: int
    hours: float
    train: int
    valid: int
    tested: int

    @property
    def gigabytes(self) -> float:
        """Size of the mel store: half-precision frames of every track."""
        settings = MelSettings()
        frames = self.tracks * settings.frames(self.hours * 3600 / self.tracks)
        return frames * settings.n_mels * 2 / 1e9

    @property
    def steps(self) -> int:
        """Training steps of an epoch."""
        return self.train // BATCH

    @property
    def validation(self) -> float:
        """What a validation takes, in training steps."""
        return FORWARD * self.valid * EXCERPTS / BATCH

    @property
    def test(self) -> float:
        """What embedding the tracks of a test takes, in training steps."""
        return FORWARD * self.tested * EXCERPTS / BATCH

    @property
    def whole(self) -> float:
        """Training steps of 200 epochs, each with its validation."""
        return EPOCHS * (self.steps + self.validation)


COLLECTIONS = (
    Collection("MSD zero-shot", 406_409, 406_409 / 120, 349_516, 38_836, 406_409),
    Collection("MSD top 50", 241_889, 241_889 / 120, 201_680, 11_774, 28_435),
    Collection("MTG-Jamendo", 55_525, 3_658, 32_859, 11_101, 11_565),
)


def sizes() -> list[list[str]]:
    """What does not depend on the machine."""
    header = ["collection", "tracks", "hours of audio", "mel store", "steps an epoch", "a validation, in steps"]
    rows = [
        [
            one.name, f"{one.tracks:,}", f"{one.hours:,.0f}", f"{one.gigabytes:.0f} GB", f"{one.steps:,}",
            f"{one.validation:,.0f}", f"{one.test:,.0f}", f"{one.whole:,.0f}",
            *(f"{float(f'{one.whole * BATCH * own / 1e6:.3g}'):,g}" for own in GIGAFLOPS.values()),
        ]
        for one in COLLECTIONS
    ]  # fmt: skip
    work = [f"10¹⁵ operations, {name}" for name in GIGAFLOPS]
    return [[*header, "a test, in steps", "steps of 200 epochs", *work], *rows]


def stages(steps_a_second: float, devices: Sequence[int], cores: int, mel: float) -> list[list[str]]:
    """Hours of every stage on several numbers of devices, at the steps a second of one; of several they are a bound."""
    rows = [["collection", "stage", *(f"{count} GPU{'s' * (count > 1)}, {count * cores} cores" for count in devices)]]
    for one in COLLECTIONS:
        spectrograms = [one.hours / (mel * cores * count) for count in devices]
        rows.append([one.name, "spectrograms", *map(duration, spectrograms)])
        for stage, steps in (("an epoch", one.whole / EPOCHS), ("200 epochs", one.whole), ("test", one.test)):
            spent = [steps / steps_a_second / 3600 / count for count in devices]
            rows.append(["", stage, *map(duration, spent)])
    return rows


def duration(hours: float) -> str:
    """Hours, or minutes where they are fewer than one and a half."""
    return f"{hours:.3g} h" if hours >= 1.5 else f"{60 * hours:.2g} min"


def feeding(rates: Sequence[float], loader: float) -> list[list[str]]:
    """What a device that takes so many steps a second asks of loader and disk."""
    settings = MelSettings()
    excerpt = settings.frames(3.0) * settings.n_mels * 2
    header = ["steps a second of a GPU", "excerpts a second", "read", "loader processes, training", "evaluation"]
    rows = [
        [
            f"{rate:g}", f"{rate * BATCH:,.0f}", f"{rate * BATCH * excerpt / 1e6:,.0f} MB/s",
            f"{rate * BATCH / loader:.2f}", f"{rate * BATCH / FORWARD / loader:.2f}",
        ]
        for rate in rates
    ]  # fmt: skip
    return [header, *rows]


def markdown(rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    header, *rest = rows
    lines = [header, ["---"] * len(header), *rest]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def checked_steps(path: Path, encoder: str, setting: str) -> float:
    """Steps a second that `make gpu-check` measured.

    Raises:
        BadFileError: The file lacks them, or they are of a rehearsal or of another batch.
    """
    figures = read_json(path)
    try:
        measured = figures["measured"][f"steps: {encoder}"]
        batch, steps = int(measured["batch"]), float(measured[setting]["steps_a_second"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadFileError(path, f"no steps a second of {encoder}, {setting}", "Run `make gpu-check`.") from error
    if batch != BATCH:
        raise BadFileError(path, f"steps of {batch} excerpts and not of {BATCH}: a rehearsal", "Run it on a GPU.")
    return steps


def main(
    steps_a_second: float | None = None,
    measured_on: int = 1,
    devices: tuple[int, ...] = (1, 4, 8),
    cores: int = 8,
    mel: float = 284.0,
    loader: float = 32_700.0,
    rates: tuple[float, ...] = (10.0, 50.0, 200.0),
    checked: Path | None = None,
    encoder: str = "transformer",
    setting: str = "bf16 compiled",
) -> None:
    """Print the tables.

    Args:
        steps_a_second: Steps of 128 excerpts a second, as the progress bar of a training shows them; by default those
            that `make gpu-check` measured or, without its figures, 10 as a unit.
        measured_on: Devices that took these steps together.
        devices: Numbers of devices.
        cores: Cores beside each device.
        mel: How many times faster than real time a core makes spectrograms of the collection's audio.
        loader: Excerpts a second that a loader process reads.
        rates: Steps a second to tell the needs of.
        checked: Figures of `make gpu-check`, on one GPU.
        encoder: Which of its encoders.
        setting: Under which of its settings.
    """
    if steps_a_second is None:
        steps_a_second = UNIT if checked is None else checked_steps(checked, encoder, setting)
    print(markdown(sizes()))
    print(markdown(stages(steps_a_second / measured_on, devices, cores, mel)))
    print(markdown(feeding(rates, loader)), end="")


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
