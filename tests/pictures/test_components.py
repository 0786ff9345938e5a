import numpy as np
from scipy.ndimage import find_objects, label  # comes with scikit-learn

from byhand.pictures.components import components


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
    labels, boxes, areas = components(mask)
    # the two columns meet below, corner to corner
    assert labels.tolist() == [[1, 0, 1, 0, 0], [1, 0, 1, 0, 2], [0, 1, 0, 0, 0], [0, 0, 0, 3, 3]]
    assert boxes.tolist() == [[0, 0, 3, 3], [4, 1, 5, 2], [3, 3, 5, 4]] and areas.tolist() == [5, 1, 2]


def test_same_pieces_as_scipy() -> None:
    rng = np.random.default_rng(0)
    for density in (0.1, 0.3, 0.4, 0.5, 0.7):
        mask = rng.random((40, 37)) < density
        ours, boxes, areas = components(mask)
        theirs, count = label(mask, np.ones((3, 3)))
        pairs = sorted(set(zip(ours.ravel().tolist(), theirs.ravel().tolist(), strict=True)))
        assert [piece for piece, _ in pairs] == [*range(count + 1)]
        order = np.array([piece for _, piece in pairs[1:]])
        places = find_objects(theirs)
        expected = [[x.start, y.start, x.stop, y.stop] for y, x in (places[i - 1] for i in order)]
        assert boxes.tolist() == expected
        np.testing.assert_array_equal(areas, np.bincount(theirs.ravel())[order])


def test_a_coil_is_one_piece() -> None:
    """Its runs point to each other over many turns."""
    y, x = np.mgrid[:41, :41]
    ring = np.maximum(abs(y - 20), abs(x - 20))
    mask = ring % 2 == 0
    assert len(components(mask).areas) == 11
    mask[20 - 1 :: -2, 20] = True  # one bridge from each ring to the next
    assert len(components(mask).areas) == 1


def test_nothing_and_everything() -> None:
    nothing = components(np.zeros((3, 4), bool))
    assert nothing.areas.size == 0 and nothing.boxes.shape == (0, 4) and not nothing.labels.any()
    labels, boxes, areas = components(np.ones((3, 4), bool))
    assert (labels == 1).all() and boxes.tolist() == [[0, 0, 4, 3]] and areas.tolist() == [12]
