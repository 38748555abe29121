"""Whether a GPU computes what the CPU computes, and how fast: one script of a few minutes, without a network."""
