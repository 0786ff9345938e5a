"""Attention: multi-head attention, positions, patches, and the blocks of transformers."""
