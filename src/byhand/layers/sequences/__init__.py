"""Layers for sequences (n, T, k): recurrent layers, embeddings, and layers that reduce a sequence to one row."""
