"""Audio files to log-mel spectrograms, computed once and kept in a memory-mapped store."""
