"""Modules of both packages: errors, files, dataset declarations, exact evaluation, the command line, results tables."""
