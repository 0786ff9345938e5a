"""How good what it learns is."""
