"""How well it reads handwriting."""
