"""`byhand serve` as a person starts it, but it trains on the blocks of tests/images.py: quick, and without MNIST."""

import sys
import tempfile
from pathlib import Path

import numpy as np

from byhand.cli.main import main
from byhand.forms.review import Review
from byhand.web import training_data
from tests.forms.test_review import page
from tests.images import blocks

x, y = blocks(3000, np.random.default_rng(0))
x = x.reshape(-1, 784)
training_data._loaded.append(training_data.Data(x[:2500], y[:2500], x[2500:], y[2500:]))
with tempfile.TemporaryDirectory() as folder:
    review = Review(Path(folder) / "review")
    review.add(page("a.png"))
    review.add(page("b.png"))
    review.write()
    sys.argv = ["byhand", "serve", "--port", "0", "--no-browser", "--review", f"{folder}/review"]
    main()
