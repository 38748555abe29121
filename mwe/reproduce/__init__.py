"""Reproduction of the papers' tables and figures, on top of the library. Only the command line imports it."""
