"""The results tables of priming: their rows, the paper's figures beside ours, and t-tests between rows."""
