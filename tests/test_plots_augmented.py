import numpy as np
import pytest

from byhand import plots
from byhand.core.errors import ByhandError
from byhand.data.augment import Augment, Mixup, Rotate, Shift


def test_a_sheet_of_versions():
    images = np.random.default_rng(0).integers(0, 256, (3, 6, 5), dtype=np.uint8)
    augment = Augment([Rotate(20), Shift(1), Mixup()])
    figure = plots.augmented(images, augment, np.random.default_rng(1), truth=[7, 8, 9], versions=4)
    assert len(figure.axes) == 15 and figure.get_suptitle() == "Rotate · Shift · Mixup"
    assert [ax.get_ylabel() for ax in figure.axes[::5]] == ["7", "8", "9"]
    rng = np.random.default_rng(1)
    for k in range(1, 5):
        version = augment(images, rng, t=np.zeros((3, 1)))
        for line in range(3):
            np.testing.assert_array_equal(figure.axes[5 * line + k].images[0].get_array(), version[line])
    np.testing.assert_array_equal(figure.axes[5].images[0].get_array(), images[1])
    assert figure.axes[5].images[0].get_clim() == (0, 255) and figure.axes[6].images[0].get_clim() == (0, 1)


def test_refusals():
    augment, rng = Augment([Rotate()]), np.random.default_rng(0)
    for images, options in ((np.zeros((3, 4)), {}), (np.zeros((1, 4, 4)), {"versions": 0})):
        with pytest.raises(ByhandError):
            plots.augmented(images, augment, rng, **options)
    with pytest.raises(ByhandError, match="2 entries for 1"):
        plots.augmented(np.zeros((1, 4, 4)), augment, rng, truth=[1, 2])
