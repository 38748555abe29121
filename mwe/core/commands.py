"""Tables of commands that name functions by string. A module is imported only when its command runs."""

import difflib
import os
import select
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pkgutil import resolve_name

from mwe.core.errors import REPORTED

STOPPED = 128 + 2
"""Exit code after Ctrl+C, as of shells."""

CLOSED_PIPE = 128 + 13
"""Exit code if nobody reads the output any more, as of shells."""

HELP = ("-h", "--help")
STAGE_OPTIONS = {
    "-c, --config FILE": "Configuration file. Several are read in order; the last one wins.",
    "--data.OPTION VALUE": "Change an option of the data, such as --data.batch_size 32.",
    "--model.OPTION VALUE": "Change an option of the model.",
    "--trainer.OPTION VALUE": "Change an option of the Trainer, such as --trainer.max_epochs 10.",
    "--ckpt_path FILE": "Checkpoint to continue from (fit) or to measure (validate, test).",
    "--seed_everything N": "Seed of all random numbers (default 0).",
    "--print_config": "Print the whole configuration and exit.",
    "--model.help CLASS": "List the options of a model class; use --data.help for a data class.",
    "-h, --help": "Show this page. `--help full` lists every option of LightningCLI.",
}


@dataclass(frozen=True)
class Command:
    """A function as a command; ``mwe.core.arguments`` explains how to pass its parameters.

    Args:
        function: The function, as ``package.module:function``.
        summary: The first line of its docstring, for the list of commands.
    """

    function: str
    summary: str

    def load(self) -> Callable[..., None]:
        """Import the function."""
        loaded: Callable[..., None] = resolve_name(self.function)
        return loaded

    def run(self, prog: str, args: Sequence[str], from_process: bool) -> None:
        """Call the function with arguments of the command line."""
        from mwe.core.arguments import call  # imports jsonargparse, which lists of commands do not need

        call(self.load(), prog, args)


@dataclass(frozen=True)
class ParsedCommand(Command):
    """A function that parses the arguments of the command line itself."""

    def run(self, prog: str, args: Sequence[str], from_process: bool) -> None:
        """Call the function with the arguments, and with program and command."""
        self.load()(args, prog)


@dataclass(frozen=True)
class Stage:
    """A stage of LightningCLI, with a help page that does not import it, since that takes seconds.

    Args:
        cli: Its subclass of LightningCLI, as ``package.module:class``.
        summary: One line for the list of commands.
        examples: Examples of command lines.
    """

    cli: str
    summary: str
    examples: Sequence[str]

    def load(self) -> Callable[..., object]:
        """Import the class."""
        loaded: Callable[..., object] = resolve_name(self.cli)
        return loaded

    def run(self, prog: str, args: Sequence[str], from_process: bool) -> None:
        """Run the stage, or print its help page without importing it."""
        program, name = prog.split()
        if len(args) == 1 and args[0] in HELP:
            print(self.page(prog))
        else:  # LightningCLI warns about arguments that differ from those of the process
            self.load()(None if from_process else [name, *args], parser_kwargs={"prog": program})

    def page(self, prog: str) -> str:
        """Return the help page."""
        options = _two_columns(STAGE_OPTIONS)
        head = [f"usage: {prog} -c FILE [options]", "", self.summary]
        return "\n".join([*head, "", "examples:", *_examples(self.examples), "", "options:", *options])


@dataclass(frozen=True)
class Program:
    """Commands in sections. A program that is a command of another is a group.

    Args:
        summary: One line about its purpose.
        sections: Commands by name, for each section title.
        examples: Examples of command lines.
        notes: Paragraphs at the end of the help page.
        version: Version that ``--version`` prints; empty for a group.
        former: Present names of commands by their former names.
        formerly: Command that the name of a group meant before it was a group.
    """

    summary: str
    sections: Mapping[str, "Commands"]
    examples: Sequence[str] = ()
    notes: str = ""
    version: str = ""
    former: Mapping[str, str] = field(default_factory=dict)
    formerly: str = ""
    commands: "Commands" = field(init=False)

    def __post_init__(self) -> None:
        merged = {name: command for section in self.sections.values() for name, command in section.items()}
        object.__setattr__(self, "commands", merged)

    def walk(self, before: str = "") -> Iterator[tuple[str, Command | Stage]]:
        """Yield every command with its full name, such as ``reproduce table``, without the groups."""
        for name, command in self.commands.items():
            if isinstance(command, Program):
                yield from command.walk(f"{before}{name} ")
            else:
                yield f"{before}{name}", command

    def run(self, prog: str, args: Sequence[str], from_process: bool) -> None:
        """Run one of the commands.

        Raises:
            UnknownCommandError: There is no command of that name.
        """
        if not args or args[0] in HELP:
            print(self.page(prog))
        elif self.version and args[0] == "--version":
            print(self.version)
        elif args[0] in self.commands:
            self.commands[args[0]].run(f"{prog} {args[0]}", args[1:], from_process)
        else:
            raise UnknownCommandError(self._refusal(prog, args))

    def page(self, prog: str) -> str:
        """Return the help page."""
        lines = [f"usage: {prog} COMMAND ...", "", self.summary]
        for title, commands in self.sections.items():
            summaries = {_marked(name, command): command.summary for name, command in commands.items()}
            lines += ["", f"{title}:", *_two_columns(summaries)]
        if self.examples:
            lines += ["", "examples:", *_examples(self.examples)]
        groups = any(isinstance(command, Program) for command in self.commands.values())
        or_lists = ", or lists those of a group (...)" if groups else ""
        lines += ["", f"`{prog} COMMAND --help` explains a command{or_lists}.", *([self.notes] if self.notes else [])]
        return "\n".join(lines)

    def _refusal(self, prog: str, args: Sequence[str]) -> str:
        """Return the message about a command that does not exist: its present name, or the nearest names."""
        name = args[0]
        if name in self.former:
            present = f"{prog} {self.former[name]}"
            return f"`{prog} {name}` is now `{present}`: type `{_line(present, args[1:])}`."
        full_names = {group: group for group, command in self.commands.items() if isinstance(command, Program)}
        for full in sorted((full for full, _ in self.walk()), key=lambda full: len(full.split())):
            full_names.setdefault(full.split()[-1], full)
            full_names[full] = full
        nearest = dict.fromkeys(full_names[word] for word in difflib.get_close_matches(name, full_names, cutoff=0.5))
        hint = f"; nearest: {', '.join(f'`{prog} {full}`' for full in nearest)}" if nearest else ""
        before = f" What `{prog}` did is `{_line(f'{prog} {self.formerly}', args)}` now." if self.formerly else ""
        return f"{prog}: unknown command {name!r}{hint}. `{prog} --help` lists all.{before}"


class UnknownCommandError(LookupError):
    """A command does not exist, or has another name now. The message says what to type."""


Commands = Mapping[str, Command | Stage | Program]


def run_program(program: Program, prog: str, args: Sequence[str] | None) -> None:
    """Run a command line. Print an error that needs no traceback in one line.

    The exit code is then 1, or 2 for an unknown command, as for an unknown option; 130 after Ctrl+C; and 141, without a
    word, if the output is piped to a program that has ended, such as ``head``.

    Args:
        program: The commands.
        prog: Name of the program.
        args: Arguments; by default those of the process.
    """
    arguments = list(sys.argv[1:] if args is None else args)
    try:
        try:
            program.run(prog, arguments, from_process=args is None)
        finally:
            sys.stdout.flush()  # here, where a closed pipe is no error
    except BrokenPipeError as error:
        if not _output_is_closed():
            sys.exit(f"{_typed_command(program, prog, arguments)}: {error}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left in the buffer
        sys.exit(CLOSED_PIPE)
    except KeyboardInterrupt as stop:
        print(f"\n{_typed_command(program, prog, arguments)}: {str(stop) or 'stopped'}", file=sys.stderr)
        sys.exit(STOPPED)
    except UnknownCommandError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except REPORTED as error:
        sys.exit(f"{_typed_command(program, prog, arguments)}: {error}")


def _output_is_closed() -> bool:
    """Return whether nobody reads what this process writes."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(sys.stdout.fileno(), select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _typed_command(program: Program, prog: str, args: Sequence[str]) -> str:
    """Return program and command as the user typed them."""
    if args and isinstance(command := program.commands.get(args[0]), Program):
        return _typed_command(command, f"{prog} {args[0]}", args[1:])
    return f"{prog} {args[0]}" if args else prog


def _line(command: str, args: Sequence[str]) -> str:
    return shlex.join([*command.split(), *args])


def _marked(name: str, command: Command | Stage | Program) -> str:
    return f"{name} ..." if isinstance(command, Program) else name


def _examples(examples: Sequence[str]) -> list[str]:
    return [f"  {line}" for example in examples for line in example.splitlines()]


def _two_columns(lines: Mapping[str, str]) -> list[str]:
    width = max(map(len, lines)) + 2
    return [f"  {left:{width}}{right}" for left, right in lines.items()]
