"""Figures of README and docs, held against the tables that they come from."""
