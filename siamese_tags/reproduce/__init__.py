"""The reproduction of the Siamese paper: tables, pictures, published figures, and choices of settings.

Only the command line imports this wing, never the library.
"""
