"""Audio files, and their log-mel spectrograms, computed once into a memory-mapped store."""
