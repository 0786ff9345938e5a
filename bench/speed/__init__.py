"""How fast it is, beside others and by itself."""
