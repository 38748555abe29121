"""How alike two audio files are: their vectors, their fingerprints, and the tags that are heard in them."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mwe.audio.decoder_process import guarded
from mwe.audio.file_tags import FileTags
from mwe.audio.fingerprint import FRAMES_PER_SECOND, fingerprint_file
from mwe.audio.same_recording import LEAST_SECONDS, Match, Spectrum, match
from mwe.audio.verdict import UnreadableAudio
from mwe.core.errors import BadFileError
from mwe.core.files import readable_name
from mwe.search.library import Library

_SHOWN = ("title", "artist", "album", "year", "genre", "bpm", "key")
_LIKELY = 0.5  # probability from which a tag is said to be heard
_REMEDY = "Give two audio files; `mwe check FILE` says more."


class HeardTag(NamedTuple):
    """A tag as heard in both files.

    Attributes:
        tag: The tag.
        first: Probability in the first file, or cosine without calibration.
        second: The same in the second file.
    """

    tag: str
    first: float
    second: float


class Comparison(NamedTuple):
    """Likeness of two files.

    Attributes:
        cosine: Cosine of their vectors.
        match: What their sounds have in common.
        comparable: Whether both are long enough to tell whether they are one recording.
        alike: Tags that are heard in both, those of the highest lower score first.
        different: Tags of the largest difference, largest first.
        calibrated: Whether scores are probabilities.
        file_tags: Tags in the files, of the first and of the second, as far as one of them has any.
        partly_read: How much was read of a file that is damaged or truncated, by its path.
    """

    cosine: float
    match: Match
    comparable: bool
    alike: tuple[HeardTag, ...]
    different: tuple[HeardTag, ...]
    calibrated: bool
    file_tags: dict[str, tuple[str, str]]
    partly_read: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        same = {"same_recording": self.match.same if self.comparable else None, **self.match._asdict()}
        tags = {name: [tag._asdict() for tag in getattr(self, name)] for name in ("alike", "different")}
        files = {"file_tags": self.file_tags, "partly_read": self.partly_read}
        return {"cosine": self.cosine, **same, **tags, "calibrated": self.calibrated, **files}


def compare_files(library: Library, first: Path, second: Path, k: int = 5) -> Comparison:
    """Compare two audio files.

    Args:
        library: A library, whose model and tags are used.
        first: A file.
        second: Another file.
        k: Maximum number of tags in common, and of different ones.

    Raises:
        BadFileError: A file cannot be read.
        StaleArtefactError: The model has been trained again since the library was made.
        MissingDataError: The model's run folder is missing.
    """
    from mwe.search.embed import embed_files  # see LibraryStore.trained

    vectors, file_tags, in_part = [], [], {}
    for path, outcome in zip((first, second), embed_files(library.store.trained, [first, second]), strict=True):
        if outcome.embedding_D is None:
            raise BadFileError(path, f"{outcome.row.status}: {outcome.row.detail}", _REMEDY)
        vectors.append(outcome.embedding_D)
        file_tags.append(outcome.metadata.tags or FileTags())
        if outcome.row.detail:
            in_part[readable_name(path)] = outcome.row.detail
    spectra = [_spectrum(path) for path in (first, second)]
    least = LEAST_SECONDS * FRAMES_PER_SECOND
    calibrated, tags = heard_tags(library, vectors[0], vectors[1])
    floor = _LIKELY if calibrated else 0.0
    both = [tag for tag in tags if min(tag.first, tag.second) >= floor]
    either = [tag for tag in tags if max(tag.first, tag.second) >= floor]
    alike = sorted(both, key=lambda tag: (-min(tag.first, tag.second), tag.tag))[:k]
    different = sorted(either, key=lambda tag: (-abs(tag.first - tag.second), tag.tag))
    named = {tag.tag for tag in alike}
    return Comparison(
        float(vectors[0] @ vectors[1]),
        match(*spectra),
        min(spectrum.heard for spectrum in spectra) >= least,
        tuple(alike),
        tuple([tag for tag in different if tag.tag not in named and tag.first != tag.second][:k]),
        calibrated,
        _shown(*file_tags),
        in_part,
    )


def heard_tags(library: Library, first_D: np.ndarray, second_D: np.ndarray) -> tuple[bool, list[HeardTag]]:
    """Return the tags as heard in two unit vectors, and whether their scores are probabilities."""
    every = len(library.tags.tags)
    both = [{score.tag: score for score in library.tags_of_vector(vector_D, every)} for vector_D in (first_D, second_D)]
    calibrated = any(score.probability is not None for score in both[0].values())
    # probabilities and cosines are not put side by side
    kept = [tag for tag, score in both[0].items() if score.probability is not None or not calibrated]
    heard = [HeardTag(tag, round(both[0][tag].score, 4), round(both[1][tag].score, 4)) for tag in kept]
    return calibrated, heard


def _spectrum(path: Path) -> Spectrum:
    try:
        return Spectrum.of(guarded(fingerprint_file, path).codes_F)
    except UnreadableAudio as outcome:
        raise BadFileError(path, str(outcome), _REMEDY) from outcome


def _shown(first: FileTags, second: FileTags) -> dict[str, tuple[str, str]]:
    """Return the tags of both files by name, without those that neither has."""
    pairs = {name: (getattr(first, name) or "", getattr(second, name) or "") for name in _SHOWN}
    return {
        name: (str(in_first), str(in_second)) for name, (in_first, in_second) in pairs.items() if in_first or in_second
    }
