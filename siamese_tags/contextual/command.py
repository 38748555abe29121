"""What ``siamese-tags related`` does: print the tags nearest to a tag in a context."""

import json
import sys
from collections.abc import Sequence

from jsonargparse import ArgumentParser
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from siamese_tags.contextual import ContextualTags


def parser() -> ArgumentParser:
    """Arguments of the command; a function signature cannot say that an option takes several words."""
    made = ArgumentParser(
        prog="siamese-tags related",
        description="The tags nearest to a tag in the context of other tags, nearest first. "
        "A tag of several words is written in quotes.",
    )
    made.add_argument("tag", type=str, help="The query.")
    made.add_argument("--context", nargs="*", type=str, default=[], help="Other tags of the same document.")
    made.add_argument(
        "--cooccurring",
        nargs="*",
        type=str,
        default=[],
        help="For a query out of the vocabulary: known tags that it occurs with.",
    )
    made.add_argument(
        "--run",
        type=str,
        required=True,
        help="Run folder or checkpoint of a Siamese stage (single_ce, siamese_ce) or a context encoder.",
    )
    made.add_argument("-k", "--k", type=int, default=10, help="How many tags.")
    made.add_argument("--with_context", type=bool, default=False, help="Also list the tags of the context.")
    made.add_argument("--json", type=bool, default=False, help="Print JSON in place of a table.")
    return made


def related(args: Sequence[str]) -> None:
    """Run the command.

    Args:
        args: Arguments after the name of the command.

    Raises:
        MissingDataError: The run has no checkpoint.
        StaleArtefactError: The checkpoint is of another kind or version.
        UnknownNameError: A tag is not in the vocabulary.
    """
    given = parser().parse_args(list(args))
    tags = ContextualTags.load(given.run)
    try:
        found = tags.related(given.tag, given.context, given.k, given.cooccurring, given.with_context)
    except ValueError as error:
        sys.exit(f"siamese-tags related: {error}")
    if given.json:
        near = [{"tag": tag, "distance": distance} for tag, distance in found]
        print(json.dumps({"tag": given.tag, "context": given.context, "related": near}, ensure_ascii=False, indent=2))
        return
    table = Table()
    table.add_column("related tag")
    table.add_column("distance", justify="right")
    for tag, distance in found:
        table.add_row(escape(tag), f"{distance:.4f}")
    console = Console()
    console.print(
        f"{given.tag}, with {', '.join(given.context)}" if given.context else given.tag, markup=False, soft_wrap=True
    )
    console.print(table)
