"""What moves pixels, against SciPy; presets, refusals, and how steps are put together."""

import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from byhand.core.config import from_config, to_config
from byhand.core.errors import ByhandError
from byhand.data.augment import (
    Augment,
    Augmenter,
    Elastic,
    Erase,
    Flip,
    Mixup,
    Noise,
    Rotate,
    Scale,
    Shear,
    Shift,
    Thickness,
)


def noise(*shape):
    return np.random.default_rng(1).random(shape)


def greys(*shape):
    return np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)


def run(images, *steps, seed=0, **options):
    return Augment(steps)(images, np.random.default_rng(seed), **options)


STILL = [
    Shift(0, 0),
    Rotate(0),
    Scale((1, 1)),
    Shear(0),
    Flip(0),
    Elastic(0),
    Thickness(0),
    Noise(0),
    Erase(0),
]


@pytest.mark.parametrize("steps", [[step] for step in STILL] + [STILL], ids=lambda s: type(s[0]).__name__ + str(len(s)))
@pytest.mark.parametrize("shape", [(70, 28, 28), (3, 9, 14), (2, 7, 7, 1)])
def test_ranges_of_nothing_give_the_image_back_bit_for_bit(steps, shape):
    for images in (noise(*shape), noise(*shape).astype(np.float32)):
        np.testing.assert_array_equal(run(images, *steps), images)
    images = greys(*shape)
    result = run(images, *steps)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, images / np.float32(255))


def test_a_shift_by_whole_pixels_is_a_shifted_copy():
    images = greys(5, 8, 11)
    expected = np.zeros((5, 8, 11), np.float32)
    expected[:, 3:, :-2] = images[:, :-3, 2:] / np.float32(255)  # two to the left, three down
    np.testing.assert_array_equal(run(images, Shift((-2, -2), (3, 3))), expected)
    assert not run(images, Shift((11, 11), 0)).any() and not run(images, Shift(0, (-900, -900))).any()


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
@pytest.mark.parametrize("side", [8, 9])
def test_right_angles_turn_like_rot90(turns, side):
    images = noise(3, side, side)
    result = run(images, Rotate((90 * turns, 90 * turns)))
    np.testing.assert_allclose(result, np.rot90(images, turns, axes=(1, 2)), atol=1e-12)


def test_scale_by_two_about_the_centre():
    image = np.zeros((1, 4, 4))
    image[0, 1:3, 1:3] = [[1, 2], [3, 4]]
    image /= 4
    # pixel centres −1.5, −0.5, 0.5, 1.5 come from −0.75, −0.25, 0.25, 0.75: a quarter of the way from line to line
    weights = np.array([[0.25, 0.75, 0, 0], [0, 0.75, 0.25, 0], [0, 0.25, 0.75, 0], [0, 0, 0.75, 0.25]])
    np.testing.assert_allclose(run(image, Scale((2, 2)))[0], weights @ image[0] @ weights.T, atol=1e-15)


def test_scales_of_width_and_height():
    image = np.zeros((400, 21, 21), np.float32)
    image[:, 5:16, 5:16] = 1
    both, each = run(image, Scale((0.5, 1.5), each=False)), run(image, Scale((0.5, 1.5)))
    for result, alike in ((both, True), (each, False)):
        wide, high = result[:, 10].sum(axis=1), result[:, :, 10].sum(axis=1)
        assert 5 < wide.min() < 6.5 and 15.5 < wide.max() < 17
        assert np.allclose(wide, high, atol=1e-3) == alike


def test_flip():
    images = greys(400, 5, 6)
    result = run(images, Flip(0.25))
    mirrored = (result == images[:, :, ::-1] / np.float32(255)).all(axis=(1, 2))
    same = (result == images / np.float32(255)).all(axis=(1, 2))
    assert (mirrored ^ same).all() and 70 < mirrored.sum() < 130


FORWARD = {  # of a point from the centre, x right, y down
    Shift: lambda s: np.array([[1, 0, s.x[0]], [0, 1, s.y[0]], [0, 0, 1]]),
    Scale: lambda s: np.diag([s.factor[0], s.factor[0], 1]),
    Shear: lambda s: np.array([[1, -np.tan(np.radians(s.degrees[0])), 0], [0, 1, 0], [0, 0, 1]]),
    Rotate: lambda s: np.array(
        [
            [np.cos(np.radians(s.degrees[0])), np.sin(np.radians(s.degrees[0])), 0],
            [-np.sin(np.radians(s.degrees[0])), np.cos(np.radians(s.degrees[0])), 0],
            [0, 0, 1],
        ]
    ),
}


def scipy_affine(image, steps):
    """The image after all steps in their order, by SciPy, which wants the inverse in (row, column)."""
    forward = np.eye(3)
    for step in steps:
        forward = FORWARD[type(step)](step) @ forward
    inverse = np.linalg.inv(forward)
    linear, shift = inverse[1::-1, 1::-1], inverse[1::-1, 2]
    centre = (np.array(image.shape) - 1) / 2
    return ndimage.affine_transform(image, linear, centre - linear @ centre + shift, order=1, mode="grid-constant")


@pytest.mark.parametrize("shape", [(12, 12), (9, 16), (28, 28)])
def test_affine_steps_agree_with_scipy_in_any_order(shape):
    steps = [Shift((1.3, 1.3), (-0.7, -0.7)), Scale((1.3, 1.3)), Shear((12, 12)), Rotate((-25, -25))]
    images = noise(3, *shape)
    for order in ([0], [1], [2], [3], [0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]):
        chosen = [steps[k] for k in order]
        for image, result in zip(images, run(images, *chosen), strict=True):
            np.testing.assert_allclose(result, scipy_affine(image, chosen), atol=1e-10)
    single = run(images.astype(np.float32), *steps)
    np.testing.assert_allclose(single[1], scipy_affine(images[1], steps), atol=2e-5)


def test_each_image_has_its_own_map_over_several_blocks():
    images, rng = noise(150, 10, 13), np.random.default_rng(5)
    dx, dy = 6 * rng.random(150) - 3, 4 * rng.random(150) - 2
    result = run(images, Shift(3, 2), seed=5)
    for k in range(150):
        expected = ndimage.shift(images[k], (dy[k], dx[k]), order=1, mode="grid-constant")
        np.testing.assert_allclose(result[k], expected, atol=1e-10)


def gaussian(size, sigma):
    """The smoothing matrix, by SciPy: a unit vector in each row, zero outside."""
    return ndimage.gaussian_filter1d(np.eye(size), sigma, axis=0, mode="constant", truncate=12)


@pytest.mark.parametrize(("sigma", "height", "width"), [(4, 28, 28), (2, 10, 13)])
def test_elastic_fields_are_simards_in_mean_and_covariance(sigma, height, width):
    waves = Elastic(3.0, sigma).waves(height, width)
    gh, gw = gaussian(height, sigma), gaussian(width, sigma)
    covariance = 3.0**2 / 3 * np.kron(gh @ gh.T, gw @ gw.T)  # uniform noise from −1 to 1 has the variance 1/3
    np.testing.assert_allclose(waves.T @ waves, covariance, atol=0.004 * covariance.max())
    assert np.trace(waves.T @ waves) == pytest.approx(np.trace(covariance), rel=1.1e-3)
    assert len(waves) < height * width / 2


def test_elastic_displaces_as_far_as_simards_uniform_noise():
    rng, n = np.random.default_rng(0), 400
    simard = 34 * ndimage.gaussian_filter(rng.uniform(-1, 1, (n, 28, 28)), (0, 4, 4), mode="constant")
    waves = Elastic(34, 4).waves(28, 28)
    ours = (rng.standard_normal((n, len(waves))) @ waves).reshape(n, 28, 28)
    inside = (slice(None), slice(10, 18), slice(10, 18))
    assert np.abs(ours[inside]).mean() == pytest.approx(np.abs(simard[inside]).mean(), rel=0.06)
    assert ours[inside].std() == pytest.approx(34 / (6.14 * 4), rel=0.06)
    for step in (np.diff(ours, axis=1), np.diff(ours, axis=2)):  # neighbours move alike
        assert step.std() == pytest.approx(np.diff(simard, axis=1).std(), rel=0.05)
        assert step.std() < 0.25 * ours.std()


def test_elastic_samples_where_the_field_points():
    images, elastic = noise(3, 12, 15), Elastic(30, 3)
    waves = elastic.waves(12, 15)
    weights = np.random.default_rng(7).standard_normal((len(waves), 2, 3))
    y, x = np.indices((12, 15))
    for k, result in enumerate(run(images, elastic, seed=7)):
        dx, dy = (waves.T @ weights[:, axis, k] for axis in (0, 1))
        place = [y + dy.reshape(12, 15), x + dx.reshape(12, 15)]
        expected = ndimage.map_coordinates(images[k], place, order=1, mode="grid-constant")
        np.testing.assert_allclose(result, expected, atol=1e-10)


EVERYTHING = [Shift(), Rotate(), Scale(), Shear(), Flip(), Elastic(), Thickness(), Noise(), Erase(), Mixup()]


def test_results_stay_between_0_and_1_and_repeat_with_the_generator():
    images, t = greys(70, 28, 28), np.eye(10)[np.arange(70) % 10]
    first, again, other = (run(images, *EVERYTHING, seed=seed, t=t.copy()) for seed in (3, 3, 4))
    assert first.min() >= 0 and first.max() <= 1 and np.isfinite(first).all()
    assert first.tobytes() == again.tobytes() != other.tobytes()
    assert images.tobytes() == greys(70, 28, 28).tobytes()  # the data stay as they are


@pytest.mark.parametrize("preset", [Augment.digits(), Augment.clothing()], ids=["digits", "clothing"])
def test_presets_change_images_but_not_much(preset):
    image = np.zeros((200, 28, 28), np.uint8)
    image[:, 6:22, 12:16] = 255
    result = preset(image, np.random.default_rng(0))
    middle = result[:, 8:20, 7:21].sum(axis=(1, 2)) / (12 * 4)  # the stroke is still there, and about as heavy
    assert 0.5 < middle.min() < middle.max() < 2.5
    assert len(np.unique(middle)) > 190


def test_an_augmenter_writes_into_arrays_of_its_caller_and_allocates_none():
    images, t, out = greys(128, 28, 28), np.ones((128, 10), np.float32), np.empty((128, 28, 28), np.float32)
    augmenter = Augmenter(Augment(EVERYTHING), (28, 28), 128, np.float32, targets=10)
    rng = np.random.default_rng(0)
    augmenter(images, rng, out, t)
    tracemalloc.start()
    for n in (128, 128, 37, 1):
        augmenter(images[:n], rng, out[:n], t[:n])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < out.nbytes / 3  # an array of bytes for each pixel would be a quarter, of floats all of it


def test_a_short_batch_is_the_same_in_a_large_augmenter():
    images = greys(9, 12, 12)
    outs = []
    for rows in (9, 100):
        outs.append(np.empty((9, 12, 12), np.float32))
        steps = Augment([Rotate(), Elastic(), Noise(), Erase()])
        Augmenter(steps, (12, 12), rows, np.float32)(images, np.random.default_rng(0), outs[-1])
    assert outs[0].tobytes() == outs[1].tobytes()


def test_rows_of_pixels_and_channels_are_images_too():
    images = greys(6, 12, 12)
    expected = run(images, Rotate(40))
    for shape in ((6, 144), (6, 12, 12, 1)):
        np.testing.assert_array_equal(run(images.reshape(shape), Rotate(40)), expected.reshape(shape))
    told = Augment([Rotate(40)], image_shape=(8, 18))
    wide = run(images.reshape(6, 8, 18), Rotate(40))
    np.testing.assert_array_equal(told(images.reshape(6, 144), np.random.default_rng(0)), wide.reshape(6, 144))


def test_configurations_come_back():
    augment = Augment([Shift(2, (0, 1)), Scale((0.9, 1.1), each=False), Elastic(20, 3), Erase(0.4, fill=0.0), Mixup(1)])
    assert from_config(to_config(augment)) == augment
    assert from_config(to_config(Augment([Flip()], image_shape=(3, 5)))) == Augment([Flip()], image_shape=(3, 5))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Augment([]), "list of steps"),
        (lambda: Augment(Rotate()), "list of steps"),
        (lambda: Augment([3]), "step of augmentation"),
        (lambda: Augment([Noise(), Rotate()]), "Rotate cannot follow Noise"),
        (lambda: Augment([Mixup(), Noise()]), "Noise cannot follow Mixup"),
        (lambda: Augment([Mixup(), Mixup()]), "at most one Mixup"),
        (lambda: Augment([Rotate()], image_shape=(3,)), "image_shape"),
        (lambda: Augment([Rotate()], image_shape=(3, -1)), "image_shape"),
        (lambda: Shift("far"), "pair"),
        (lambda: Shift(-1), "lower bound first"),
        (lambda: Rotate((10, -10)), "lower bound first"),
        (lambda: Rotate((1, 2, 3)), "pair"),
        (lambda: Rotate(float("nan")), "degrees"),
        (lambda: Scale((0, 1)), "factor"),
        (lambda: Scale(0.1), "factor"),
        (lambda: Shear(90), "degrees"),
        (lambda: Flip(2), "probability"),
        (lambda: Elastic(-1), "alpha"),
        (lambda: Elastic(1, 0), "sigma"),
        (lambda: Thickness(2), "fraction"),
        (lambda: Noise(-1), "sigma"),
        (lambda: Erase(area=(0, 2)), "area"),
        (lambda: Erase(fill=7), "fill"),
        (lambda: Mixup(0), "alpha"),
        (lambda: run(np.zeros((3, 7)), Rotate()), "image_shape"),
        (lambda: run(np.zeros((3, 4, 4, 2)), Rotate()), "not images"),
        (lambda: run(np.zeros((3, 4, 4), int), Rotate()), "bytes or floats"),
        (lambda: run(np.zeros((3, 4, 4)), Mixup()), "targets"),
        (lambda: Augment([Rotate()], image_shape=(2, 8))(np.zeros((3, 4, 4)), np.random.default_rng(0)), "not images"),
    ],
)
def test_refusals(make, words):
    with pytest.raises(ByhandError, match=words):
        make()
