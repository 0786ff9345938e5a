"""Parts of the speed benchmark; `python bench/speed.py` puts them together."""
