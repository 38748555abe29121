"""OpenMIC-2018 (Humphrey et al., 2018): 20,000 excerpts of ten seconds, 20 instruments, most labels unknown."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, expecting
from mwe.core.lines import numbered_lines
from mwe.tracks.folder import read_rows
from mwe.tracks.track_tags import TrackReader, TrackTags, tracks_of

LABELS = "openmic-2018-aggregated-labels.csv"
PARTITIONS = {part: f"partitions/split01_{part}.csv" for part in ("train", "test")}
COLUMNS = ("sample_key", "instrument", "relevance", "num_responses")
REMEDY = "Fetch it again; `mwe data show openmic` says from where."


class OpenMicTracks(TrackReader):
    r"""OpenMIC-2018, from its aggregated labels and its partition. Artists are not part of them.

    An instrument is a tag of a clip if more than half of the listeners heard it. Clip and instrument were judged only
    where the table has a row; ``labelled`` says where.

    Args:
        root: Folder of the collection; by default ``openmic`` under the data root.

    Examples:
        >>> Path("partitions").mkdir()
        >>> rows = ["sample_key,instrument,relevance,num_responses", "000046_3840,clarinet,0.8,3", "1_2,flute,0.1,3"]
        >>> _ = Path("openmic-2018-aggregated-labels.csv").write_text("\n".join(rows))
        >>> _ = Path("partitions/split01_train.csv").write_text("000046_3840\n")
        >>> _ = Path("partitions/split01_test.csv").write_text("1_2\n")
        >>> tracks = OpenMicTracks(".")
        >>> tracks.read().tags, tracks.read().audio[0].as_posix(), tracks.labelled().tolist()
        (('clarinet', 'flute'), 'audio/000/000046_3840.ogg', [[True, False], [False, True]])
    """

    def __init__(self, root: str | None = None) -> None:
        self.root = Path(root) if root else declared("openmic").root

    def read(self) -> TrackTags:
        """Read labels and partition.

        Raises:
            MissingDataError: A file is missing.
            BadFileError: A file is damaged, or a clip of the partition has no label.
        """
        relevance_of = self._relevance()
        splits = {part: self._part(name) for part, name in PARTITIONS.items()}
        clips = list(dict.fromkeys(clip for clip, _ in relevance_of))
        if unknown := {clip for part in splits.values() for clip in part} - set(clips):
            raise BadFileError(self.root / LABELS, f"no label of the clip {min(unknown)!r}", REMEDY)
        instruments = sorted({instrument for _, instrument in relevance_of})
        with expecting(self.root, "the partition is not one", REMEDY):
            every = tracks_of("OpenMIC-2018", dict.fromkeys(clips, instruments), splits=splits)
        heard_NT = np.array([[relevance_of.get((clip, name), 0) > 0.5 for name in every.tags] for clip in clips])
        matrix = every.matrix.multiply(heard_NT).tocsr().astype(bool)
        matrix.eliminate_zeros()
        audio = tuple(self.root / "audio" / clip[:3] / f"{clip}.ogg" for clip in clips)
        tags = tuple(name.replace("_", " ") for name in every.tags)
        return replace(every, tags=tags, matrix=matrix, audio=audio, groups=("instrument",) * len(tags))

    def labelled(self) -> np.ndarray:
        """Return which instruments of which clips were judged, in the order of ``read``, boolean (N, T)."""
        relevance_of = self._relevance()
        clips = dict.fromkeys(clip for clip, _ in relevance_of)
        instruments = sorted({instrument for _, instrument in relevance_of})
        return np.array([[(clip, name) in relevance_of for name in instruments] for clip in clips])

    def _relevance(self) -> dict[tuple[str, str], float]:
        path = declared("openmic").require(LABELS, *PARTITIONS.values(), root=self.root) / LABELS
        relevance_of: dict[tuple[str, str], float] = {}
        for line, row in read_rows(path, COLUMNS, remedy=REMEDY):
            with expecting(path, "relevance is no number from 0 to 1", REMEDY, line):
                value = float(row["relevance"])
                if not 0 <= value <= 1:
                    raise ValueError(row["relevance"])
            relevance_of[row["sample_key"], row["instrument"]] = value
        if not relevance_of:
            raise BadFileError(path, "no label", REMEDY)
        return relevance_of

    def _part(self, name: str) -> list[str]:
        return [line.strip() for _, line in numbered_lines(self.root / name, REMEDY) if line.strip()]
