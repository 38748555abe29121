"""The page of a library in a browser: search, listen, explore a map, and query with your own file.

Only ``mwe.page.app`` imports Gradio (extra ``demo``), and it is imported only when a page is served.
"""
