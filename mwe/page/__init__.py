"""The page of a library: search, listen, look around on a map, and ask with a file of one's own, in a browser.

Gradio (extra ``demo``) is imported in ``mwe.page.app`` alone, and that only when a page is served.
"""
