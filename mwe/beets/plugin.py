"""The plugin as beets sees it: its configuration and its commands."""

from collections.abc import Sequence
from typing import Any, ClassVar

from beets.dbcore import types
from beets.library import Library as BeetsLibrary
from beets.plugins import BeetsPlugin
from beets.ui import Subcommand

from mwe.beets.command_group import Action, CommandGroup, command

QUERY = "[QUERY]"


class LibraryPlugin(BeetsPlugin):
    """Adds ``beet mwe`` to beets. ``beetsplug.mwe`` makes a plugin of it."""

    item_types: ClassVar[dict[str, types.Type]] = {"mwe_tags": types.SEMICOLON_SPACE_DSV}

    def __init__(self) -> None:
        super().__init__()
        self.config.add({"library": "", "model": "", "workers": 2, "number": 10, "tags": 5, "least": 0.5})

    def commands(self) -> Sequence[Subcommand]:
        """Return ``beet mwe``."""
        return [
            CommandGroup(
                "mwe",
                "find music by words and by sound",
                [self._index(), self._search(), self._similar(), self._playlist(), self._tag()],
            )
        ]

    def _index(self) -> Subcommand:
        about = "index items to search; only new and changed ones are listened to"
        return command("index", QUERY, about, self._action("index"))

    def _search(self) -> Subcommand:
        made = command(
            "search", 'WORDS, such as "calm + piano - drums"', "items that fit words", self._action("search")
        )
        _add_answer_options(made)
        return made

    def _similar(self) -> Subcommand:
        made = command("similar", "QUERY", "items that sound like those that match", self._action("similar"))
        _add_answer_options(made)
        return made

    def _playlist(self) -> Subcommand:
        about = "a playlist in M3U8 by words, by items, or from one item to another"
        made = command("playlist", "[WORDS]", about, self._action("playlist"))
        add = made.parser.add_option
        add("-o", "--out", metavar="FILE", help="file to write; otherwise it is printed")
        add("-n", "--number", type="int", help="number of tracks (20 if no minutes are given)")
        add("-m", "--minutes", type="float", help="length in minutes")
        add("-l", "--like", metavar="QUERY", help="tracks that sound like these items")
        add("--start", metavar="QUERY", help="first track of a path to --end")
        add("--end", metavar="QUERY", help="last track of a path")
        add("--relative", action="store_true", default=False, help="paths relative to the folder of the file")
        return made

    def _tag(self) -> Subcommand:
        made = command("tag", "QUERY", "show heard tags of items, or keep them in beets", self._action("tag"))
        made.parser.add_option(
            "-w", "--write", action="store_true", default=False, help="keep them as mwe_tags in beets' database"
        )
        made.parser.add_format_option()
        return made

    def _action(self, name: str) -> Action:
        """Return what a command does, imported when it is called, so that other commands of beets start as before."""

        def act(beets: BeetsLibrary, options: Any, arguments: Sequence[str]) -> None:
            from mwe.beets.actions import Actions
            from mwe.beets.settings import Settings

            getattr(Actions(Settings.read(self.config), self._log), name)(beets, options, arguments)

        return act


def _add_answer_options(made: Subcommand) -> None:
    made.parser.add_option("-n", "--number", type="int", help="number of items")
    made.parser.add_option("--among", metavar="QUERY", help="only items that match a query of beets")
    made.parser.add_path_option()
    made.parser.add_format_option()
