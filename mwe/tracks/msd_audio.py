"""Audio paths of the tracks of the Million Song Dataset: 7digital's previews, by the public maps."""

from collections.abc import Sequence
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.tracks.delimited import read_fields
from mwe.tracks.pickles import read_plain_pickle

TO_7DIGITAL = "MSD_id_to_7D_id.pkl"
TO_PATH = "7D_id_to_path.pkl"
PATH_MAP = "track_paths.tsv"


def msd_audio(track_ids: Sequence[str], audio: Path, *folders: Path) -> tuple[Path, ...]:
    """Return the audio file of each track, from the first folder that has a map; an empty tuple if none has.

    A map is ``track_paths.tsv`` (track, tab, path) or the public pair of pickles ``MSD_id_to_7D_id.pkl`` and
    ``7D_id_to_path.pkl``. A track that the map lacks gets a name that no file has (``TRACK.unmapped``), so that it
    counts as missing, like a track whose file is missing.

    Args:
        track_ids: The tracks.
        audio: Folder that the paths are relative to.
        folders: Folders that may have a map.

    Raises:
        BadFileError: A map is damaged.
    """
    for folder in folders:
        if (folder / PATH_MAP).is_file():
            path_of = {fields[0]: fields[1] for _, fields in read_fields(folder / PATH_MAP, "\t", 2)}
        elif (folder / TO_7DIGITAL).is_file() and (folder / TO_PATH).is_file():
            path_of = _by_7digital(folder)
        else:
            continue
        return tuple(audio / path_of.get(track, f"{track}.unmapped") for track in track_ids)
    return ()


def map_folders(root: Path) -> tuple[Path, ...]:
    """Return the folders that may have a map for a split of the dataset: its own folder, and those of the dataset."""
    dataset = declared("msd").root
    return root, dataset, dataset / "MSD_split"


def _by_7digital(folder: Path) -> dict[str, str]:
    id_of, path_of = (read_plain_pickle(folder / name) for name in (TO_7DIGITAL, TO_PATH))
    for name, table in ((TO_7DIGITAL, id_of), (TO_PATH, path_of)):
        if not isinstance(table, dict):
            raise BadFileError(folder / name, "expected a dictionary", "Fetch it again.")
    paths = {str(key): str(path) for key, path in path_of.items()}
    return {str(track): paths[str(key)] for track, key in id_of.items() if str(key) in paths}
