"""Pictures: each function takes plain arrays and returns a matplotlib Figure, which `save` writes to a file.

No window is opened and no global state is touched.
"""

from byhand.plots.attention import attention_over_image, attention_over_text
from byhand.plots.augmented import augmented
from byhand.plots.canvas import save
from byhand.plots.diagnosis import diagnosis
from byhand.plots.graphs import activations, curves
from byhand.plots.looking import decided, feature_maps, filters, neighbours, plane, units
from byhand.plots.matrix import confusion
from byhand.plots.rates import rate_curve
from byhand.plots.sheets import digits, first_layer_weights
from byhand.plots.tiles import tiles
from byhand.plots.tuning import trials

__all__ = [
    "activations",
    "attention_over_image",
    "attention_over_text",
    "augmented",
    "confusion",
    "curves",
    "decided",
    "diagnosis",
    "digits",
    "feature_maps",
    "filters",
    "first_layer_weights",
    "neighbours",
    "plane",
    "rate_curve",
    "save",
    "tiles",
    "trials",
    "units",
]
