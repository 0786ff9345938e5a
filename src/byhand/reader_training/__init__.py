"""What the networks that read learn from: rows and pieces of pages as they see them; and the networks before they learn."""
