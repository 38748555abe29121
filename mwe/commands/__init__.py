"""The functions behind the commands of ``mwe``, one file per kind of command.

A module here imports at its top what signatures name, and nothing heavy: a help page then takes a fraction of a second.
A function imports the room that does the work when it is called.
"""

from pathlib import Path

LIBRARY = Path("outputs/library")  # default folder of a library
WORDS = Path("outputs/words")  # default folder of word vectors
