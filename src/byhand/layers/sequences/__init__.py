"""Layers for sequences (n, T, k): recurrent ones, embeddings, and what makes one row of many steps."""
