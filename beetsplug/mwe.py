"""The beets plugin ``mwe``. beets loads plugins from this namespace and from nowhere else; the code is in mwe.beets."""

from mwe.beets.plugin import LibraryPlugin


class MwePlugin(LibraryPlugin):
    """The plugin. beets takes only a class that its own module defines."""
