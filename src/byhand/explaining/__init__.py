"""What a network computes, in words, equations and pictures of its own numbers."""
