"""Equations, receptive fields and saliency of networks."""
