"""A command of beets that has commands of its own, as ``beet mwe search`` has."""

import optparse
from collections.abc import Callable, Sequence
from typing import Any

from beets.exceptions import UserError
from beets.library import Library
from beets.ui import Subcommand

from mwe.core.errors import REPORTED

Action = Callable[[Library, Any, Sequence[str]], None]


def command(name: str, usage: str, about: str, act: Action) -> Subcommand:
    """Return a command whose errors are told in one line.

    Args:
        name: Its name.
        usage: Its arguments.
        about: What it does.
        act: What is called with the library of beets, the options and the arguments.
    """
    made = Subcommand(name, help=about)
    made.parser.set_usage(f"%prog {usage}\n\n{about}")

    def told(library: Library, options: Any, arguments: list[str]) -> None:
        try:
            act(library, options, arguments)
        except REPORTED as error:
            raise UserError(str(error)) from error

    made.func = told
    return made


class CommandGroup(Subcommand):
    """A command that hands on to one of several.

    Args:
        name: Its name.
        about: What they do together.
        commands: The commands.
    """

    def __init__(self, name: str, about: str, commands: Sequence[Subcommand]) -> None:
        super().__init__(name, help=about)
        self._commands = {made.name: made for made in commands}
        lines = "\n".join(f"  {made.name:10}{made.help}" for made in commands)
        self.parser.set_usage(f"%prog COMMAND [ARGS...]\n\n{about}:\n{lines}")
        self.func = self._hand_on

    def parse_args(self, args: list[str]) -> tuple[optparse.Values, list[str]]:
        """Return the options and arguments of the command that the first argument names.

        Raises:
            UserError: There is no such command.
        """
        if not args or args[0] in ("-h", "--help"):
            self.parser.parse_args(["--help"])
        chosen = self._commands.get(args[0])
        if chosen is None:
            known = ", ".join(self._commands)
            raise UserError(f"{self.name} has no command '{args[0]}'; there are {known}")
        chosen.parser.prog = f"{self.parser.get_prog_name()} {chosen.name}"
        options, arguments = chosen.parser.parse_args(args[1:])
        options.chosen = chosen
        return options, arguments

    @staticmethod
    def _hand_on(library: Library, options: Any, arguments: list[str]) -> None:
        options.chosen.func(library, options, arguments)
