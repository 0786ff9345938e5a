"""Whether anything can break it: killed processes, damaged files, other circumstances."""
