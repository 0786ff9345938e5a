"""Errors, checks, types, configuration, files, and the arrays of passes."""
