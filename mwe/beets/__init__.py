"""A beets library in the joint space: its items are indexed, searched, tagged and put into playlists (``beet mwe``).

Only this package imports beets (extra ``beets``), and only beets imports this package, by ``beetsplug/mwe.py``.
"""
