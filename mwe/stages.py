"""The training stages of the command line, by LightningCLI."""

from typing import Any

from pytorch_lightning.cli import LightningArgumentParser

from mwe.core.row_files import RowFile
from mwe.core.stage import StageCLI

# what configurations name without its module must be imported
from mwe.joint import (  # noqa: F401
    audio_word_data,
    baselines,
    contextual,
    embedding,
    features,
    losses,
    schedules,
)
from mwe.words.retrieval import WordDataModule, WordRetrieval  # noqa: F401
from mwe.words.tagrank import TagRankData, TagRankPrediction  # noqa: F401


class MweCLI(StageCLI):
    """The training stages, with the dimensions of the word vectors taken from the data."""

    def init_parser(self, **kwargs: Any) -> LightningArgumentParser:
        """As Lightning's, for configuration files that may name parts."""
        parser = LightningArgumentParser(**kwargs)
        parser.add_argument("-c", "--config", action=RowFile, help="Configuration file; see lightning_configs.")
        return parser

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Link what the model must know of the data."""
        parser.link_arguments("data.word_dim", "model.init_args.word_dim", apply_on="instantiate")
