"""Classifiers of tags on frozen vectors of tower pairs, by artists that they were not trained on."""
