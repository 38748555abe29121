"""The limit of decoded samples for files that others upload."""

from pathlib import Path

import soundfile

from mwe.audio.decoder_process import guarded
from mwe.audio.verdict import UnreadableAudio
from mwe.core.errors import BadFileError

MAX_SAMPLES = 60_000_000  # decoded samples per channel: 240 MB


def require_bounded(path: Path, max_seconds: float) -> None:
    """Require that the used part of a file fits into memory.

    Args:
        path: The file.
        max_seconds: How much of it is used.

    Raises:
        BadFileError: The file is too large.
    """
    try:
        info = guarded(soundfile.info, path)
    except (UnreadableAudio, RuntimeError):
        return  # not audio, or not for libsndfile: decoding will report it
    if min(info.frames, max_seconds * info.samplerate) > MAX_SAMPLES:
        message = f"{info.samplerate:,} samples a second for {min(info.duration, max_seconds):.0f} seconds"
        raise BadFileError(path.name, message, "Query with a shorter part, or a lower rate.")
