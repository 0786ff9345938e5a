"""Benchmarks; run them from the root of the repository, for example `python -m bench.speed`."""
