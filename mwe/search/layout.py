"""Files of a library folder, each with the number of its edition; ``library.json`` names the current ones.

``library.json`` is written last, so readers see either the old edition or the new one, never a mixture.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_origin

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError, expecting
from mwe.core.files import read_json, write_json
from mwe.core.parquet import PARQUET_ERRORS

FORMAT = 1
DECLARATION = "library.json"
SKIPPED = "skipped.tsv"
PARTLY_READ = "partly_read.tsv"
HAS_METADATA = "metadata"  # among the notes, so that a library without it opens as before
GROUP_ROWS = 8192  # rows of the table of tracks that are read together
REMEDY = "Index the library again into another folder."

_LAST_EDITION = 10**9
_WORDS = re.compile(r"words-\w{1,64}")  # never a path outside of the library

TRACKS = pa.schema(
    [
        ("track_id", pa.string()),
        ("artist_id", pa.string()),
        ("path", pa.string()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("seconds", pa.float32()),
        ("loudness_db", pa.float32()),
        ("tags", pa.list_(pa.int32())),
    ]
)
TAGS = pa.schema(
    [
        ("tag", pa.string()),
        ("group", pa.string()),
        ("seen", pa.bool_()),  # in training; null if unknown
        ("slope", pa.float32()),
        ("intercept", pa.float32()),
        ("calibrated_on", pa.string()),
    ]
)


@dataclass(frozen=True)
class Declaration:
    """Content of ``library.json``.

    Args:
        space: Embedding space: hash of weights and preprocessing.
        run: Run folder of the model.
        edition: Number in the names of the files, which increases.
        tracks: Rows of the matrix.
        dim: Columns of the matrix.
        words: Folder of the word vectors in the joint space.
        words_from: Hash of the original word vectors.
        preprocessing: Mel settings, excerpts and decoding, for readers; the hash covers them.
        notes: Counts and notes of the job that made it.
    """

    space: str
    run: str
    edition: int
    tracks: int
    dim: int
    words: str
    words_from: str
    preprocessing: dict[str, Any]
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def matrix_file(self) -> str:
        """The matrix: unit vectors of the tracks."""
        return f"embeddings-{self.edition:05d}.npy"

    @property
    def tracks_file(self) -> str:
        """IDs and metadata, one row per row of the matrix."""
        return f"tracks-{self.edition:05d}.parquet"

    @property
    def metadata_file(self) -> str:
        """Metadata from the tags in the files, one row per row of the matrix."""
        return f"metadata-{self.edition:05d}.parquet"

    @property
    def has_metadata(self) -> bool:
        """Whether the edition has metadata; those of earlier versions have none."""
        return self.notes.get(HAS_METADATA) is True

    @property
    def tags_file(self) -> str:
        """Tags with groups and calibration."""
        return f"tags-{self.edition:05d}.parquet"

    @property
    def ann_file(self) -> str:
        """The approximate index, if there is one."""
        return f"ann-{self.edition:05d}.faiss"

    @property
    def ann_report_file(self) -> str:
        """Settings and measured recall of the approximate index."""
        return f"ann-{self.edition:05d}.json"

    def files(self) -> set[str]:
        """Return the names of the files of this edition."""
        files = {self.matrix_file, self.tracks_file, self.tags_file, self.ann_file, self.ann_report_file}
        files |= {self.metadata_file} if self.has_metadata else set()
        return {*files, self.words, DECLARATION, SKIPPED, PARTLY_READ}

    def write(self, root: Path) -> None:
        """Make this edition the current one."""
        write_json(root / DECLARATION, {"format": FORMAT, **asdict(self)})

    @classmethod
    def read(cls, root: Path) -> "Declaration":
        """Read the current edition.

        Raises:
            MissingDataError: The folder is not a library.
            StaleArtefactError: Another version wrote it.
        """
        if not (root / DECLARATION).is_file():
            raise MissingDataError(f"no library in {root}. Make one with `mwe index FOLDER --out {root}`.")
        content = read_json(root / DECLARATION)
        kinds = {item.name: get_origin(item.type) or item.type for item in fields(cls)}
        if (
            not isinstance(content, dict)
            or content.pop("format", None) != FORMAT
            or set(content) != set(kinds)
            or not all(isinstance(content[name], kind) for name, kind in kinds.items())  # type: ignore[arg-type]
            or not _WORDS.fullmatch(content["words"])
            or not 0 < content["edition"] < _LAST_EDITION
        ):
            raise StaleArtefactError(f"{root / DECLARATION}: not in the format of this version. {REMEDY}")
        return cls(**content)


def open_matrix(root: Path, declared: Declaration) -> np.ndarray:
    """Memory-map the matrix.

    Raises:
        BadFileError: The file is missing, damaged, or not of the declared shape.
    """
    path = root / declared.matrix_file
    try:
        # copy on write, so that PyTorch accepts it without a warning; nothing is ever written
        matrix_ND: np.ndarray = np.load(path, mmap_mode="c", allow_pickle=False)
    except Exception as error:  # a damaged header can raise errors of a parser
        raise BadFileError(path, f"not a readable array ({error})", REMEDY) from error
    if matrix_ND.shape != (declared.tracks, declared.dim) or matrix_ND.dtype not in (np.float16, np.float32):
        message = (
            f"{matrix_ND.dtype} of shape {matrix_ND.shape}, but {declared.tracks} x {declared.dim} floats are declared"
        )
        raise BadFileError(path, message, REMEDY)
    return matrix_ND


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a Parquet file of a known schema.

    Raises:
        BadFileError: The file is missing, damaged or has other columns.
    """
    with open_table(path, schema) as file, reading(path):
        return file.read()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Report errors of the enclosed code, which reads a table and relates it to others, as errors of the table.

    Raises:
        BadFileError: The table is damaged, or does not fit the others.
    """
    with expecting(path, "not the table expected", REMEDY):
        try:
            yield
        except PARQUET_ERRORS as error:
            raise BadFileError(path, f"not the table expected ({error})", REMEDY) from error


def open_table(path: Path, schema: pa.Schema) -> pq.ParquetFile:
    """Open a Parquet file of a known schema, and read only its footer.

    Raises:
        BadFileError: The file is missing, damaged or has other columns.
    """
    with reading(path):
        file = pq.ParquetFile(path)
    if not file.schema_arrow.equals(schema):
        file.close()
        raise BadFileError(path, f"not the table expected (columns {', '.join(file.schema_arrow.names)})", REMEDY)
    return file
