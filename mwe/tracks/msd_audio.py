"""Where the audio of the Million Song Dataset's tracks lies: 7digital's previews, by the public maps."""

from collections.abc import Sequence
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.tracks.pickles import read_plain_pickle
from mwe.tracks.tables import read_fields

TO_7DIGITAL = "MSD_id_to_7D_id.pkl"
TO_PATH = "7D_id_to_path.pkl"
OWN_MAP = "track_paths.tsv"


def msd_audio(track_ids: Sequence[str], audio: Path, *folders: Path) -> tuple[Path, ...]:
    """Audio file of each track, from the first folder that has a map; nothing at all without one.

    A map is ``track_paths.tsv`` (track, tab, path) or the public pair of pickles ``MSD_id_to_7D_id.pkl`` and
    ``7D_id_to_path.pkl``. A track that the map lacks gets a name that no file has (``TRACK.unmapped``), so that it is
    counted as missing like one whose file is not there.

    Args:
        track_ids: The tracks.
        audio: Folder that the paths are relative to.
        folders: Where the maps may lie.

    Raises:
        BadFileError: A map is damaged.
    """
    for folder in folders:
        if (folder / OWN_MAP).is_file():
            path_of = {fields[0]: fields[1] for _, fields in read_fields(folder / OWN_MAP, "\t", 2)}
        elif (folder / TO_7DIGITAL).is_file() and (folder / TO_PATH).is_file():
            path_of = _by_7digital(folder)
        else:
            continue
        return tuple(audio / path_of.get(track, f"{track}.unmapped") for track in track_ids)
    return ()


def map_folders(root: Path) -> tuple[Path, ...]:
    """Where the maps may lie for a division of the dataset in a folder of its own: there, or with the dataset."""
    dataset = declared("msd").root
    return root, dataset, dataset / "MSD_split"


def _by_7digital(folder: Path) -> dict[str, str]:
    id_of, path_of = (read_plain_pickle(folder / name) for name in (TO_7DIGITAL, TO_PATH))
    for name, found in ((TO_7DIGITAL, id_of), (TO_PATH, path_of)):
        if not isinstance(found, dict):
            raise BadFileError(folder / name, "expected a dictionary", "Fetch it anew.")
    paths = {str(one): str(path) for one, path in path_of.items()}
    return {str(track): paths[str(one)] for track, one in id_of.items() if str(one) in paths}
