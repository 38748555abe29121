"""A trained run as a folder to share: weights, configuration, words, tags and a model card; nothing that runs code."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq

from mwe.core.errors import BadFileError, UnknownNameError
from mwe.core.files import write_text, written_together
from mwe.joint.pretrained import CARD, CONFIG, ENCODERS, METRICS, TAGS, WORDS, Description, write_weights
from mwe.search.calibrate import tags_of_run
from mwe.search.card import model_card
from mwe.search.model import CONFIGURATION, TrainedModel


def export_run(run: Path, out: Path, licence: str | None = None) -> TrainedModel:
    """Write a run as ``JointEmbedding.from_pretrained`` and ``mwe index --model`` read it.

    Args:
        run: Run folder of a joint embedding.
        out: The folder to write; an earlier export in it is replaced.
        licence: Licence of the weights for the model card; none where it is not stated.

    Returns:
        The model, read back from the folder.

    Raises:
        MissingDataError: The run is not whole, or its word vectors are not there.
        UnknownNameError: Its audio encoder is none of ``mwe.encoders``, which alone can be shared.
        BadFileError: The run is an export itself, or ``out`` is a run.
    """
    trained = TrainedModel(run)
    if trained.exported:
        raise BadFileError(run, "is an exported model already", "Copy the folder, or export the run it was made of.")
    if (out / CONFIGURATION).exists():
        raise BadFileError(out, "is a run folder", "Export into a folder of its own.")
    if (own := str(trained.encoder.get("class_path"))) not in ENCODERS:
        raise UnknownNameError("encoder that can be shared", own, ENCODERS)
    table, note = tags_of_run(trained)
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
