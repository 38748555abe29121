"""Mutation testing: small faults are put into copies of the tree, and the tests must notice each."""
