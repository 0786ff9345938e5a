"""What the networks that read learn from, rows and pieces of pages as they see them; these networks, untrained."""
