import numpy as np
import pytest

from byhand.pictures.ink import background, box_mean, flatten, ink, light_on_dark, median, otsu, running_max


def page(paper: float = 220, pen: float = 40, size: int = 100) -> np.ndarray:
    """An upright bar, 40 high and 6 wide, in the middle."""
    image = np.full((size, size), paper, np.uint8)
    image[30:70, 47:53] = pen
    return image


def test_ink_is_one_on_the_bar_and_zero_elsewhere() -> None:
    expected = np.zeros((100, 100))
    expected[30:70, 47:53] = 1
    for paper, pen in ((220, 40), (255, 0), (150, 120), (40, 220), (0, 255), (0, 60)):
        np.testing.assert_allclose(ink(page(paper, pen)), expected, atol=1e-5, err_msg=f"{paper} {pen}")


def test_soft_edge_keeps_its_proportion() -> None:
    image = page()
    image[30:70, 53] = 130  # half way between 220 and 40
    np.testing.assert_allclose(ink(image)[30:70, 53], 0.5, atol=1e-5)


def test_polarity() -> None:
    rng = np.random.default_rng(0)
    for image in (page(), page(120, 100), page() + rng.normal(0, 5, (100, 100))):
        level = np.asarray(image, np.float32)
        assert not light_on_dark(level)
        assert light_on_dark(255 - level)


def test_uneven_light_is_taken_out() -> None:
    y, x = np.mgrid[-0.5:0.5:100j, -0.5:0.5:100j]
    flat = ink(page())
    for light in (0.7 + 0.5 * x, 0.7 - 0.5 * y, 1 - 1.2 * (x**2 + y**2)):
        image = np.rint(page() * light).astype(np.uint8)
        got = ink(image)
        assert got[flat == 1].min() > 0.8
        assert got[flat == 0].max() < 0.2  # too faint to be taken for a piece of a digit


@pytest.mark.parametrize("level", [0, 30, 128, 240, 255])
def test_blank_page_is_all_zeros(level: int) -> None:
    rng = np.random.default_rng(1)
    assert not ink(np.full((60, 80), level, np.uint8)).any()
    noisy = np.clip(level + rng.normal(0, 4, (60, 80)), 0, 255).astype(np.uint8)
    assert not ink(noisy).any()


def test_writing_fainter_than_the_floor_is_not_believed() -> None:
    assert not ink(page(200, 190)).any()  # takes away 5 % of the light
    assert ink(page(200, 184)).any()  # 8 %


def test_background_wipes_out_the_bar_and_keeps_the_slope() -> None:
    slope = np.tile(np.linspace(100, 200, 100, dtype=np.float32), (100, 1))
    image = slope.copy()
    image[30:70, 47:53] = 0
    np.testing.assert_allclose(background(image), slope, atol=1.5)


def test_the_narrower_background_follows_the_light_and_gives_way_to_thick_strokes() -> None:
    y, x = np.mgrid[-1:1:100j, -1:1:100j]
    light = (200 - 100 * np.exp(-6 * (x**2 + y**2))).astype(np.float32)  # a shadow in the middle
    assert np.abs(background(light, 0.5) - light).max() > 40
    np.testing.assert_allclose(background(light, 0.5, 0.1), light, atol=15)
    light[:, 40:60] -= 80
    np.testing.assert_array_equal(background(light, 0.5, 0.1), background(light, 0.5))
    np.testing.assert_array_equal(background(light, 0.5, 0.3), background(light, 0.3))  # wider than the stroke


def test_otsu_by_hand() -> None:
    level = np.array([10.0, 10, 10, 10, 12, 200, 200])
    assert 12 < otsu(level) < 200
    # two even groups with unequal spread: brute force over all thresholds
    rng = np.random.default_rng(2)
    level = np.rint(np.concatenate([rng.normal(60, 10, 900), rng.normal(150, 30, 300)])).clip(0, 255)

    def within(t: float) -> float:
        low, high = level[level <= t], level[level > t]
        return float(low.var() * low.size + high.var() * high.size)

    best = min(range(70, 200), key=within)
    assert abs(otsu(level) - best) <= 2


def test_running_max_is_the_greatest_neighbour() -> None:
    a = np.random.default_rng(3).random((9, 11))
    expected = [[a[max(0, i - 2) : i + 3, max(0, j - 2) : j + 3].max() for j in range(11)] for i in range(9)]
    np.testing.assert_array_equal(running_max(a, 5), expected)


def test_box_mean_is_the_mean_of_the_neighbours() -> None:
    a = np.random.default_rng(3).random((9, 4))
    wide = np.pad(a, 2, mode="edge")
    expected = [[wide[i : i + 5, j : j + 5].mean() for j in range(4)] for i in range(9)]
    np.testing.assert_allclose(box_mean(a, 5), expected, rtol=1e-6)


def test_thresholds_and_medians_of_counted_levels() -> None:
    rng = np.random.default_rng(5)
    level = np.arange(40, dtype=np.float32) / 7
    for n in (1, 2, 41, 400):
        times = np.bincount(rng.integers(0, 40, n), minlength=40)
        every = np.repeat(level, times)
        assert median(level, times) == np.median(every)
        there = times > 0
        assert otsu(level[there], times[there]) == otsu(every)


@pytest.mark.parametrize("size", [28, 90, 250, 700])
def test_a_thick_digit_keeps_its_ink_at_any_size(size: int) -> None:
    """A 1 and a 0 whose strokes are a quarter as wide as the picture is high, beside a shadow."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    light = 1 - 0.3 * np.exp(-2 * ((x - 0.6) ** 2 + (y - 0.6) ** 2))
    for stroke in (np.abs(np.hypot(x, y) - 0.6) < 0.25, (np.abs(x) < 0.25) & (np.abs(y) < 0.8)):
        flat = flatten(np.rint(np.where(stroke, 60, 230) * light).astype(np.uint8), False)
        assert flat[stroke].max() < 130 and flat[~stroke].min() > 190


@pytest.mark.parametrize("inverted", [False, True])
def test_flatten_takes_light_and_polarity_out(inverted: bool) -> None:
    x = np.linspace(0, 1, 400)
    light = np.full((200, 400), 220.0) * (1 - 0.6 * x)
    stroke = np.zeros((200, 400), bool)
    stroke[60:140, 40:400:60] = stroke[60:140, 42:400:60] = True
    picture = np.rint(np.where(stroke, 0.3, 1) * light).astype(np.uint8)
    flat = flatten(255 - picture if inverted else picture)
    assert (inverted or flat[~stroke].min() > 215) and flat[stroke].max() < np.percentile(flat[~stroke], 5) - 60
