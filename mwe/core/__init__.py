"""What both packages share: errors, files, dataset declarations, exact evaluation, the command line, results tables."""
