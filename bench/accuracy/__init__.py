"""Accuracies of recipes and techniques."""
