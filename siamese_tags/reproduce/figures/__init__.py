"""The paper's pictures, from runs and collections: Figures 2 to 5 and D.1."""
