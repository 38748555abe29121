"""The command line: training stages by LightningCLI, everything else as plain commands."""

import json
import sys
from collections.abc import Callable, Sequence
from pkgutil import resolve_name

from jsonargparse import auto_cli

import mwe
from mwe.core.errors import TOLD, UnknownNameError

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


# where the function of each stands; it is imported when it is asked for, since Lightning alone takes seconds
COMMANDS = {
    "demo": "mwe.commands:demo",
    "data": "mwe.commands:data",
    "fetch": "mwe.commands:fetch",
    "mel": "mwe.commands:mel",
    "corpus": "mwe.commands:corpus",
    "corpus-statistics": "mwe.commands:corpus_statistics",
    "collection-statistics": "mwe.tracks.table2:collection_statistics",
    "documents": "mwe.commands:documents",
    "words": "mwe.commands:words",
    "words-import": "mwe.words.commands:words_import",
    "similar": "mwe.words.commands:similar",
    "query": "mwe.words.commands:query",
    "query-table": "mwe.words.commands:query_table",
    "figure4": "mwe.words.commands:figure4",
    "figure5-words": "mwe.words.commands:figure5_words",
    "figure5": "mwe.joint.commands:figure5",
    "workspace": "mwe.joint.commands:workspace",
    "table": "mwe.commands:table",
    "context-differences": "mwe.joint.context_differences:context_differences",
    "compare": "mwe.joint.compare:compare",
    "index": "mwe.search.commands:index",
    "search": "mwe.search.asking:search_library",
    "tag": "mwe.search.asking:tag",
    "tag-table": "mwe.search.table11:tag_table",
    "index-ann": "mwe.search.commands:index_ann",
    "library-export": "mwe.search.commands:library_export",
    "export": "mwe.search.commands:export",
    "serve": "mwe.page.commands:serve",
}


def command(name: str) -> Callable[..., None]:
    """The function of a command."""
    found: Callable[..., None] = resolve_name(COMMANDS[name])
    return found


def overview() -> str:
    """What ``mwe --help`` prints."""
    stages = {
        "fit": "Train the joint embedding (-c a row of lightning_configs).",
        "validate": "Measure on the validation tracks.",
        "test": "Measure tagging, query-by-tag and query-by-track; writes metrics.json.",
    }
    plain = {name: (command(name).__doc__ or "").splitlines()[0] for name in COMMANDS}
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
        except TOLD as error:
            sys.exit(f"mwe {given[0]}: {error}")


def _run(given: list[str], from_process: bool) -> None:
    if given[0] in STAGES:
        from mwe.stages import MweCLI  # as with COMMANDS

        MweCLI(None if from_process else given)
    elif given[0] in COMMANDS:
        args = _named(given[1:], SEVERAL[given[0]]) if given[0] in SEVERAL else given[1:]
        if given[0] in FIRST and args and not args[0].startswith("-"):
            args = [f"--{FIRST[given[0]]}", *args]
        auto_cli(command(given[0]), args=args, as_positional=given[0] in POSITIONAL, prog=f"mwe {given[0]}")
    else:
        raise UnknownNameError("command", given[0], [*COMMANDS, *STAGES])


def _named(args: Sequence[str], option: str) -> list[str]:
    """The arguments before the first option as the value of one, in the form that jsonargparse reads a list in."""
    count = next((place for place, one in enumerate(args) if one.startswith("-")), len(args))
    return [f"--{option}", json.dumps(args[:count]), *args[count:]] if count else list(args)
