import numpy as np
from scipy.ndimage import label  # comes with scikit-learn

from byhand.digits.components import boxes, components


def test_small_picture_by_hand() -> None:
    mask = np.array(
        [
            [1, 0, 1, 0, 0],
            [1, 0, 1, 0, 1],
            [0, 1, 0, 0, 0],
            [0, 0, 0, 1, 1],
        ],
        bool,
    )
    labels, count = components(mask)
    assert count == 3  # the two columns meet below, corner to corner
    assert labels.tolist() == [[1, 0, 1, 0, 0], [1, 0, 1, 0, 2], [0, 1, 0, 0, 0], [0, 0, 0, 3, 3]]
    assert boxes(labels, count)[1:].tolist() == [[0, 0, 3, 3], [4, 1, 5, 2], [3, 3, 5, 4]]


def test_same_pieces_as_scipy() -> None:
    rng = np.random.default_rng(0)
    for density in (0.1, 0.3, 0.4, 0.5, 0.7):
        mask = rng.random((40, 37)) < density
        ours, count = components(mask)
        theirs, expected = label(mask, np.ones((3, 3)))
        assert count == expected
        assert len(set(zip(ours.ravel().tolist(), theirs.ravel().tolist(), strict=True))) == count + 1


def test_nothing_and_everything() -> None:
    assert components(np.zeros((3, 4), bool))[1] == 0
    labels, count = components(np.ones((3, 4), bool))
    assert count == 1 and (labels == 1).all()
