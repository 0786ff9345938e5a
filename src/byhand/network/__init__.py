"""Networks: a sequence of layers with a loss."""

from byhand.network.network import PREDICTED_ROWS, Network

__all__ = ["PREDICTED_ROWS", "Network"]
