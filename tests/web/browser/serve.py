"""`byhand serve` as a person starts it, but it trains on the blocks of tests/images.py: quick, and without MNIST."""

import sys

import numpy as np

from byhand.cli.main import main
from byhand.web import training_data
from tests.images import blocks

x, y = blocks(3000, np.random.default_rng(0))
x = x.reshape(-1, 784)
training_data._loaded.append(training_data.Data(x[:2500], y[:2500], x[2500:], y[2500:]))
sys.argv = ["byhand", "serve", "--port", "0", "--no-browser"]
main()
