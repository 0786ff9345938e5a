"""How well handwriting is read."""
