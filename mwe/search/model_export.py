"""Export of a trained run as a folder to share: weights, configuration, words, tags and a model card, but no code."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq

from mwe.core.errors import BadFileError, UnknownNameError
from mwe.core.files import write_text, written_together
from mwe.joint.pretrained import CARD, CONFIG, ENCODERS, METRICS, TAGS, WORDS, Description, write_weights
from mwe.search.calibrate import tag_prototypes, tags_of_run
from mwe.search.card import model_card
from mwe.search.collapse import require_spread
from mwe.search.model import CONFIGURATION, TrainedModel
from mwe.tower_pairs.names import is_pair


def export_run(run: Path, out: Path, licence: str | None = None) -> TrainedModel:
    """Write a run in the format of ``JointEmbedding.from_pretrained`` and ``mwe index --model``.

    Args:
        run: Run folder of a joint embedding.
        out: The folder to write; an existing export in it is replaced.
        licence: Licence of the weights for the model card; None if it is not stated.

    Returns:
        The model, read back from the folder.

    Raises:
        MissingDataError: The run is incomplete, or its word vectors are missing.
        UnknownNameError: Its audio encoder is not from ``mwe.encoders``; only these can be shared.
        BadFileError: The run is itself an export or a tower pair, or ``out`` is a run.
    """
    if is_pair(run):
        remedy = "Share their folder as its makers wrote it, where the licence allows it."
        raise BadFileError(run, "is a tower pair, whose weights are shared as they are", remedy)
    trained = TrainedModel(run)
    if trained.exported:
        raise BadFileError(run, "is already an exported model", "Copy the folder, or export its original run.")
    if (out / CONFIGURATION).exists():
        raise BadFileError(out, "is a run folder", "Export to another folder.")
    if (class_path := str(trained.encoder.get("class_path"))) not in ENCODERS:
        raise UnknownNameError("encoder that can be shared", class_path, ENCODERS)
    table, note = tags_of_run(trained)
    prototype_TD, known_T = tag_prototypes(table.tags, trained)
    require_spread(prototype_TD[known_T], "tags", run)
    model = trained.model
    with written_together(out, CONFIG, [METRICS]) as staging:
        write_weights(model, staging)
        pq.write_table(table.to_table(), staging / TAGS)
        (staging / WORDS).mkdir()
        for name in ("vectors.npy", "vocabulary.json"):
            shutil.copyfile(trained.words_folder / name, staging / WORDS / name)
        if (run / METRICS).is_file():
            shutil.copyfile(run / METRICS, staging / METRICS)
        write_text(staging / CARD, model_card(trained, table, note, licence, out.resolve().name))
        described = Description(trained.words.dim, model.average, trained.encoder, trained.preprocessing, trained.space)
        described.write(staging)
    return TrainedModel(out)
