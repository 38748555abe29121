"""The embedded demonstration collection: real tunes, virtual performers, invented reviews."""

from mwe.tracks.demo.build import build_demo

__all__ = ["build_demo"]
