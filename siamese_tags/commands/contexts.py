"""Commands on the contextual embedding of a run: tags nearest to a tag in a context, and its export."""

import json
from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mwe.core.arguments import HelpPage
from mwe.core.errors import BadRequestError


def parser(prog: str) -> ArgumentParser:
    """Arguments of the command; a function signature cannot say that an option takes several words."""
    made = ArgumentParser(
        prog=prog,
        usage=f"{prog} TAG --run RUN [options]",
        description=f"{related.__doc__}".splitlines()[0] + " Write a tag of several words in quotes.",
        epilog="examples:\n  siamese-tags related Genre-Rock --run outputs/siamese-quick/siamese_ce/fold0\n"
        "  siamese-tags related Genre-Rock --run outputs/siamese-quick/siamese_ce/fold0 \\\n"
        "    --context Song-High_Energy Emotion-Emotional_/_Passionate -k 5",
        formatter_class=HelpPage,
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
    made.add_argument("-k", "--k", type=int, default=10, help="Number of tags.")
    made.add_argument("--with_context", type=bool, default=False, help="Also list the tags of the context.")
    made.add_argument("--json", type=bool, default=False, help="Print JSON instead of a table.")
    return made


def related(args: Sequence[str], prog: str = "siamese-tags related") -> None:
    """Show the tags nearest to a tag in the context of other tags.

    Args:
        args: Arguments after the name of the command.
        prog: Program and command, for usage and errors.

    Raises:
        MissingDataError: The run has no checkpoint.
        StaleArtefactError: The checkpoint is of another kind or version.
        UnknownNameError: A tag is not in the vocabulary.
    """
    given = parser(prog).parse_args(list(args))
    from siamese_tags.contextual import ContextualTags  # late, so that the help page does not wait for PyTorch

    tags = ContextualTags.load(given.run)
    try:
        neighbours = tags.related(given.tag, given.context, given.k, given.cooccurring, given.with_context)
    except ValueError as error:
        raise BadRequestError(str(error)) from error
    if given.json:
        near = [{"tag": tag, "distance": distance} for tag, distance in neighbours]
        print(json.dumps({"tag": given.tag, "context": given.context, "related": near}, ensure_ascii=False, indent=2))
        return
    table = Table()
    table.add_column("related tag")
    table.add_column("distance", justify="right")
    for tag, distance in neighbours:
        table.add_row(escape(tag), f"{distance:.4f}")
    console = Console()
    console.print(
        f"{given.tag}, with {', '.join(given.context)}" if given.context else given.tag, markup=False, soft_wrap=True
    )
    console.print(table)


def export_context(run: str, out: str) -> None:
    """Export the contextual embedding of a run for mwe.

    Writes arrays that ``mwe fit`` and ``mwe search --context`` read.

    Args:
        run: Run folder or checkpoint of a Siamese stage (single_ce, siamese_ce) or a context encoder.
        out: Folder of the arrays.

    Examples:
        siamese-tags export-context --run outputs/siamese-quick/siamese_ce/fold0 --out outputs/context
    """
    from siamese_tags.contextual.export import export

    print(export(run, Path(out)))
