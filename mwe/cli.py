"""The command line: training stages by LightningCLI, everything else as plain commands."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from jsonargparse import auto_cli
from pytorch_lightning.cli import LightningArgumentParser

import mwe
from mwe.commands import corpus, corpus_statistics, data, demo, documents, fetch, mel, table, words
from mwe.core.errors import TOLD, UnknownNameError
from mwe.core.row_files import RowFile
from mwe.core.stage import StageCLI
from mwe.joint import AudioWordDataModule, JointEmbedding  # noqa: F401 - known by short name in configurations
from mwe.joint.commands import figure5, workspace
from mwe.joint.compare import compare
from mwe.joint.context_differences import context_differences
from mwe.page.commands import serve
from mwe.search import QueryError
from mwe.search.commands import export, index, index_ann, library_export, search_library, tag
from mwe.search.table11 import tag_table
from mwe.tracks.table2 import collection_statistics
from mwe.words.commands import figure4, figure5_words, query, query_table, similar, words_import
from mwe.words.retrieval import WordDataModule, WordRetrieval  # noqa: F401
from mwe.words.tagrank import TagRankData, TagRankPrediction  # noqa: F401

STAGES = ("fit", "validate", "test")
POSITIONAL = (
    "data",
    "fetch",
    "table",
    "context-differences",
    "compare",
    "corpus-statistics",
    "words-import",
    "similar",
    "query",
    "search",
    "library-export",
    "export",
)  # commands whose required argument stands without a name
SEVERAL = {"index": "sources", "tag": "files"}  # options whose values stand first, without the name
FIRST = {"serve": "library"}  # options whose one value may stand first, without the name


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


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "data": data,
    "fetch": fetch,
    "mel": mel,
    "corpus": corpus,
    "corpus-statistics": corpus_statistics,
    "collection-statistics": collection_statistics,
    "documents": documents,
    "words": words,
    "words-import": words_import,
    "similar": similar,
    "query": query,
    "query-table": query_table,
    "figure4": figure4,
    "figure5-words": figure5_words,
    "figure5": figure5,
    "workspace": workspace,
    "table": table,
    "context-differences": context_differences,
    "compare": compare,
    "index": index,
    "search": search_library,
    "tag": tag,
    "tag-table": tag_table,
    "index-ann": index_ann,
    "library-export": library_export,
    "export": export,
    "serve": serve,
}


def overview() -> str:
    """What ``mwe --help`` prints."""
    stages = {
        "fit": "Train the joint embedding (-c a row of lightning_configs).",
        "validate": "Measure on the validation tracks.",
        "test": "Measure tagging, query-by-tag and query-by-track; writes metrics.json.",
    }
    plain = {name: (run.__doc__ or "").splitlines()[0] for name, run in COMMANDS.items()}
    lines = [f"  {name:22}{text}" for part in (plain, stages) for name, text in part.items()]
    return "\n".join(
        [
            f"mwe {mwe.__version__}: words, tags, artists and tracks in one space with the sound.",
            "",
            *lines,
            "",
            "`mwe COMMAND --help` explains each. Data is read from MWE_DATA (default ./data), one folder a collection.",
            "New here? `make demo` runs all stages on a collection that needs no download.",
        ]
    )


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line.

    Args:
        args: Arguments; by default those of the process.
    """
    given = list(sys.argv[1:] if args is None else args)
    if not given or given[0] in ("-h", "--help"):
        print(overview())
    elif given[0] == "--version":
        print(mwe.__version__)
    else:
        try:
            _run(given, from_process=args is None)
        except (*TOLD, QueryError) as error:
            sys.exit(f"mwe {given[0]}: {error}")


def _run(given: list[str], from_process: bool) -> None:
    if given[0] in STAGES:
        MweCLI(None if from_process else given)
    elif given[0] in COMMANDS:
        args = _named(given[1:], SEVERAL[given[0]]) if given[0] in SEVERAL else given[1:]
        if given[0] in FIRST and args and not args[0].startswith("-"):
            args = [f"--{FIRST[given[0]]}", *args]
        auto_cli(COMMANDS[given[0]], args=args, as_positional=given[0] in POSITIONAL, prog=f"mwe {given[0]}")
    else:
        raise UnknownNameError("command", given[0], [*COMMANDS, *STAGES])


def _named(args: Sequence[str], option: str) -> list[str]:
    """The arguments before the first option as the value of one, in the form that jsonargparse reads a list in."""
    count = next((place for place, one in enumerate(args) if one.startswith("-")), len(args))
    return [f"--{option}", json.dumps(args[:count]), *args[count:]] if count else list(args)
