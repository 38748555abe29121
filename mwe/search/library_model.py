"""The model of a library by its name: a joint embedding or a tower pair."""

from pathlib import Path

from mwe.search.model import TrainedModel
from mwe.search.pair_model import PairModel
from mwe.tower_pairs import is_pair

LibraryModel = TrainedModel | PairModel


def library_model(name: str | Path) -> LibraryModel:
    """Open a model.

    Args:
        name: ``open``; a run folder; an export, as a folder or by its name on the Hugging Face Hub; or a tower pair,
            such as ``clap:FOLDER``.

    Raises:
        MissingDataError: The model, or a package that it needs, is missing.
        BadFileError: The weights cannot be used.

    Examples:
        >>> library_model("open").dim
        228
    """
    return PairModel.open(str(name)) if is_pair(name) else TrainedModel(name)
