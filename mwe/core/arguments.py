"""Arguments of a command from a function's parameters, by jsonargparse.

Parameters are options (``--library``). Those before the ``/`` of the signature are positional arguments; one of a
sequence type takes several values. A positional argument with a default is an option as well. The help page is the
docstring: its paragraphs, its ``Args``, and its ``Examples``, one per line.
"""

import re
from argparse import SUPPRESS, Action
from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter, cleandoc, signature
from textwrap import fill
from typing import Any, get_args, get_origin

from docstring_parser import DocstringStyle, parse
from jsonargparse import ArgumentParser, DefaultHelpFormatter

from mwe.core.row_files import ExperimentFile

COMMON = ("help", "config", "print_config")
WIDTH = 92  # of the usage, after the word `usage: `


def call(function: Callable[..., None], prog: str, args: Sequence[str]) -> None:
    """Call a function with the arguments of a command line.

    Args:
        function: The function.
        prog: Program and command, for usage and errors.
        args: The arguments.
    """
    parser = parser_of(function, prog)
    values = parser.instantiate_classes(parser.parse_args(list(args)))
    values.pop("config")
    positional_values = [values.pop(parameter.name) for parameter in _positionals(function)]
    function(*positional_values, **values)


def parser_of(function: Callable[..., None], prog: str) -> ArgumentParser:
    """Return the parser of a function's parameters.

    Args:
        function: The function.
        prog: Program and command.
    """
    docstring = parse(function.__doc__ or "", style=DocstringStyle.GOOGLE)
    helps = {argument.arg_name: argument.description or "" for argument in docstring.params}
    examples = [cleandoc(example.description or "") for example in docstring.examples]
    positionals = _positionals(function)
    parser = ArgumentParser(
        prog=prog,
        usage=_usage(function, prog),
        description="\n\n".join(part for part in (docstring.short_description, docstring.long_description) if part),
        epilog="\n".join(["examples:", *(f"  {line}" for example in examples for line in example.splitlines())]),
        formatter_class=HelpPage,
    )
    parser.add_argument("-c", "--config", action=ExperimentFile, help="Configuration file with any of the options.")
    for parameter in positionals:
        name, default = parameter.name, parameter.default
        default_help = "" if default is Parameter.empty else f" Also as --{name} (default: {_default_text(default)})."
        parser.add_argument(name, help=helps[name] + default_help, **_argument_settings(parameter))
        if default_help:
            parser.add_argument(f"--{name}", type=parameter.annotation, default=default, help=SUPPRESS)
    skipped: set[str | int] = {parameter.name for parameter in positionals}
    parser.add_function_arguments(function, as_group=False, skip=skipped, sub_configs=True)
    return parser


class HelpPage(DefaultHelpFormatter):
    """Keeps paragraphs and examples, and lists the options of the command before those of every command."""

    def add_arguments(self, actions: Iterable[Action]) -> None:
        """List arguments."""
        super().add_arguments(sorted(actions, key=lambda action: action.dest in COMMON))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filled = [
            part if "\n  " in part else super(HelpPage, self)._fill_text(part, width, indent)
            for part in _plain(text).split("\n\n")
        ]
        return "\n\n".join(filled)

    def _format_action_invocation(self, action: Action) -> str:
        text = super()._format_action_invocation(action)
        return text if len(text) < self._width else f"{action.option_strings[0]} {action.dest.upper()}"

    def _expand_help(self, action: Action) -> str:
        return _plain(re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", super()._expand_help(action)))


def _plain(text: str) -> str:
    return text.replace("``", "`")


def _positionals(function: Callable[..., None]) -> list[Parameter]:
    parameters = signature(function).parameters.values()
    return [parameter for parameter in parameters if parameter.kind is Parameter.POSITIONAL_ONLY]


def _several(parameter: Parameter) -> bool:
    return isinstance(get_origin(parameter.annotation), type) and issubclass(get_origin(parameter.annotation), Sequence)


def _argument_settings(parameter: Parameter) -> dict[str, Any]:
    """Return the settings of a positional argument. Without a value, it does not override the option of its name."""
    needed, several = parameter.default is Parameter.empty, _several(parameter)
    count = ("+" if needed else "*") if several else (None if needed else "?")
    kind = get_args(parameter.annotation)[0] if several else parameter.annotation
    return {"type": kind, **({"nargs": count} if count else {}), **({} if needed else {"default": SUPPRESS})}


def _default_text(default: Any) -> str:
    return "none" if default is None or default == () else str(default)


def _usage(function: Callable[..., None], prog: str) -> str:
    words = [prog]
    for parameter in signature(function).parameters.values():
        needed, name = parameter.default is Parameter.empty, parameter.name.upper()
        if parameter.kind is Parameter.POSITIONAL_ONLY:
            name = f"{name} ..." if _several(parameter) else name
            words.append(name if needed else f"[{name}]")
        elif needed:
            words.append(f"--{parameter.name} {name}")
    return fill(" ".join([*words, "[options]"]), WIDTH, subsequent_indent="  ", break_on_hyphens=False)
