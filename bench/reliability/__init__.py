"""Killed processes, damaged files, reproducibility."""
