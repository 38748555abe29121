"""Contextualised semantics of music tags."""
