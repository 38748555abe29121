"""Reading of the tags in a file, by FFmpeg."""

from pathlib import Path

from mwe.audio import ffmpeg
from mwe.audio.cover import attached_picture
from mwe.audio.decoder_process import guarded
from mwe.audio.file_tags import FileTags, tags_of
from mwe.audio.verdict import UnreadableAudio


def read_tags(path: str | Path) -> FileTags:
    """Read the tags of a file; they are empty if missing or damaged.

    Args:
        path: Any file that FFmpeg opens.

    Raises:
        UnreadableAudio: The file cannot be opened as a sound or video file.
        MissingDataError: The extra ``formats`` is not installed.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise UnreadableAudio("missing", f"cannot be opened ({error.strerror})") from error
    with file, ffmpeg.open_container(file) as container:
        audio = container.streams.audio
        # Ogg stores them with the stream, others with the container
        both = {**(ffmpeg.default_stream(audio).metadata if audio else {}), **container.metadata}
        return tags_of(both, len(attached_picture(container) or b""))


def tags_if_readable(path: str | Path) -> FileTags | None:
    """Read the tags of a file in the decoding process, so that no file stops the run.

    Args:
        path: The file.

    Returns:
        The tags; empty if FFmpeg cannot read them, and None if the extra ``formats`` is not installed.
    """
    if not ffmpeg.is_installed():
        return None
    try:
        return guarded(read_tags, path)
    except (UnreadableAudio, RuntimeError):  # the sound counts, and is reported by its own reader
        return FileTags()
