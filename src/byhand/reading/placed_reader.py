"""Reading a row with a network for single digits: the networks for rows say where each digit stands, it says which."""

import numpy as np

from byhand.network import Network
from byhand.pictures.prepare import digit_image
from byhand.reading.crops import Ink
from byhand.reading.pieces import places
from byhand.reading.row_read import RowRead
from byhand.reading.row_reader import RowReader


class PlacedReader:
    """Reads rows with a network for images of single digits, prepared as MNIST was.

    Args:
        network: takes 28 × 28 pixels in any shape, ink 255 on paper 0, and gives ten probabilities.
        rows: says how many digits a row has, and where they stand.
    """

    form = "digits"

    def __init__(self, network: Network, rows: RowReader):
        self.network, self.rows = network, rows

    def read(self, row: Ink, again: bool = True) -> RowRead:
        """The digits that the network sees in the ink of each place; a row is no surer than its places are."""
        found = self.rows.read(row, again)
        if not found.label:
            return found
        (placed,) = places(row, [found.middles])
        x = np.array([digit_image(ink) for _, ink in placed], np.uint8).reshape(-1, *self.network.input_shape)
        p = self.network.predict_proba(x).astype(float)  # (digits, 10)
        label, probability = tuple(p.argmax(axis=1).tolist()), float(p.max(axis=1).prod())
        return found._replace(label=label, probability=min(probability, found.probability), p=p)
