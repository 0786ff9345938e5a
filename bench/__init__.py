"""What byhand is measured by; run from the repository's root, as `python -m bench.speed`."""
