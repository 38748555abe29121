"""From a MIDI file to a 12-second clip: SoundFont, room, equalisation, level, FLAC."""

import importlib.util
import io
from functools import cache
from pathlib import Path

import numpy as np
import scipy.fft
import soundfile
import soxr
from numpy.typing import NDArray

from mwe.core.errors import MissingDataError
from mwe.core.files import atomic_write
from mwe.tracks.demo.midi import midi_bytes
from mwe.tracks.demo.performers import Performer
from mwe.tracks.demo.score import CLIP_SECONDS, arrange
from mwe.tracks.demo.tunes import Tune

SAMPLE_RATE = 22_050
CLIP_SAMPLES = round(CLIP_SECONDS * SAMPLE_RATE)
SOUNDFONT = "TimGM6mb.sf2"
REMEDY = "Install the parts of the demonstration with: pip install 'mwe[demo]'"
RMS_DB = -17.0
PEAK = 0.98
# Gap between the direct sound and the first reflection.
PREDELAY_S = 0.012
MAX_REVERB_S = 3.0


def soundfont_path() -> Path:
    """Return the path of the General MIDI SoundFont in the package ``pretty_midi``, without importing the package.

    Raises:
        MissingDataError: A package of the renderer is not installed.
    """
    for name in ("midirenderer", "mido"):
        if importlib.util.find_spec(name) is None:
            raise MissingDataError(
                f"The package {name!r} renders the demonstration collection and is missing. {REMEDY}"
            )
    spec = importlib.util.find_spec("pretty_midi")
    folders = spec.submodule_search_locations if spec is not None else None
    for folder in folders or ():
        if (Path(folder) / SOUNDFONT).is_file():
            return Path(folder) / SOUNDFONT
    raise MissingDataError(f"The SoundFont {SOUNDFONT} of the package 'pretty_midi' is missing. {REMEDY}")


def render(tune: Tune, performer: Performer, seed: list[int]) -> NDArray[np.float32]:
    """Return mono samples of a tune played by a performer, shape (264600,), within -1 to 1."""
    rng = np.random.default_rng(seed)
    dry = synthesise(midi_bytes(arrange(tune, performer, rng), performer.tuning_cents))
    return levelled(in_room(dry, performer), performer.level_db)


def synthesise(midi: bytes) -> NDArray[np.float32]:
    """Return the mono sound of a MIDI file at 22,050 Hz, cut or padded to 12 seconds, shape (264600,)."""
    import midirenderer  # from the extra `demo`

    wave = midirenderer.render_wave_from(_soundfont(), midi)
    stereo, rate = soundfile.read(io.BytesIO(wave), dtype="float32", always_2d=True)
    mono = stereo[: round(CLIP_SECONDS * rate)].mean(axis=1)
    sound = soxr.resample(mono, rate, SAMPLE_RATE)[:CLIP_SAMPLES]
    return np.pad(sound, (0, CLIP_SAMPLES - len(sound))).astype(np.float32)


@cache
def _soundfont() -> bytes:
    return soundfont_path().read_bytes()


def in_room(dry: NDArray[np.float32], performer: Performer) -> NDArray[np.float32]:
    """Return the sound with the performer's room and equalisation, applied as one filter in the frequency domain."""
    response = impulse_response(performer)
    size = scipy.fft.next_fast_len(len(dry) + len(response) - 1, real=True)
    octaves = np.log2(np.maximum(scipy.fft.rfftfreq(size, 1 / SAMPLE_RATE), 60.0) / 1000.0)
    gain = 10.0 ** (performer.tilt_db * octaves / 20.0)
    spectrum = scipy.fft.rfft(dry, size) * scipy.fft.rfft(response, size) * gain.astype(np.float32)
    sound: NDArray[np.float32] = scipy.fft.irfft(spectrum, size)[: len(dry)].astype(np.float32)
    return sound


def impulse_response(performer: Performer) -> NDArray[np.float32]:
    """Return direct sound and a decaying tail of noise, shape (samples,); the same for every clip of a performer."""
    count = round(min(performer.reverb_s, MAX_REVERB_S) * SAMPLE_RATE)
    time = np.arange(count) / SAMPLE_RATE
    noise = np.random.default_rng([int(performer.id.rpartition("-")[2]), count]).standard_normal(count)
    tail = noise * 10.0 ** (-3.0 * time / performer.reverb_s) * (time >= PREDELAY_S)
    tail *= performer.wet / np.sqrt((tail**2).sum())
    tail[0] = 1.0 - performer.wet
    response: NDArray[np.float32] = tail.astype(np.float32)
    return response


def levelled(sound: NDArray[np.float32], level_db: float) -> NDArray[np.float32]:
    """Return the sound at the level of the performer, in decibels below the loudest one; peaks never clip."""
    rms = float(np.sqrt(np.mean(sound**2))) + 1e-9
    gain = 10.0 ** ((RMS_DB + level_db) / 20.0) / rms
    gain = min(gain, PEAK / (float(np.abs(sound).max()) + 1e-9))
    return sound * np.float32(gain)


def write_clip(path: Path, tune: Tune, performer: Performer, seed: list[int]) -> None:
    """Render a clip and write it as 16-bit FLAC, completely or not at all.

    Raises:
        OSError: The file cannot be written.
    """
    samples = np.round(render(tune, performer, seed) * 32767.0).astype(np.int16)
    # encoded in memory, because libsndfile's error for a full disk does not name the file
    content = io.BytesIO()
    soundfile.write(content, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getvalue())
