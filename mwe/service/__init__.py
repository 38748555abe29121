"""A library over HTTP for other programs: search, similar tracks, tags and playlists.

Only this package imports FastAPI (extra ``service``), and it is imported only when a service is started.
"""
