import numpy as np
import pytest
from PIL import Image, ImageDraw

from byhand.handwriting.canvas import Canvas
from byhand.handwriting.layouts import LAYOUTS
from byhand.handwriting.pages import EDGE, NUMBER, PAGE_KINDS, compose_page, turned
from byhand.handwriting.paper import own_sheets
from byhand.handwriting.print import draw_frame
from byhand.handwriting.view import View
from byhand.handwriting.writers import Stock, collect


@pytest.fixture(scope="module")
def stock() -> Stock:
    return collect("train", drawn=6)


def inside(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which of the points (n, 2) lie in a convex polygon (4, 2), by the signs of the cross products with its sides."""
    a, b = polygon, np.roll(polygon, -1, axis=0)
    (dx, dy), (px, py) = (b - a).T, np.moveaxis(points[:, None] - a[None], 2, 0)
    side = dx * py - dy * px
    return (side >= 0).all(axis=1) | (side <= 0).all(axis=1)


@pytest.mark.parametrize("kind", PAGE_KINDS)
@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_masks_and_boxes_agree(stock: Stock, kind: str, turn: int) -> None:
    rng = np.random.default_rng([len(kind), turn])
    page = compose_page(rng, stock, (200, 280), kind, turn)
    shape = (200, 280)
    assert page.image.shape == page.ink.shape == page.core.shape == page.height.shape == page.angle.shape == shape
    assert page.image.dtype == np.uint8 and page.ink.max() <= EDGE and page.turn == turn
    assert ((page.height > 0) == page.core).all() and not page.angle[~page.core].any()
    if kind in ("words", "blank"):
        assert not page.rows and not page.core.any() and not (page.ink == NUMBER).any()
    covered = np.zeros(shape, bool)
    for row in page.rows:
        assert len(row.boxes) == len(row.text.replace(" ", ""))
        assert [g.text for g in row.groups] == [t for t in row.text.split(" ") if t.strip("?")]
        for left, top, right, bottom in row.boxes:
            covered[max(0, int(top) - 1) : int(bottom) + 2, max(0, int(left) - 1) : int(right) + 2] = True
        y, x = np.nonzero(page.core)
        here = inside(row.polygon, np.stack([x + 0.5, y + 0.5], axis=1))
        assert here.sum() >= 1
        assert np.median(page.height[y[here], x[here]]) == pytest.approx(row.height, rel=0.15)
    assert not ((page.ink == NUMBER) & ~covered).any()


def test_ink_differs_from_paper(stock: Stock) -> None:
    different = []
    for seed in range(30):
        page = compose_page(np.random.default_rng(seed), stock, (200, 280), "free", 0)
        for row in page.rows:
            left, top, right, bottom = (int(v) for v in (*row.boxes[0, :2], *row.boxes[0, 2:] + 1))
            kind = page.ink[top:bottom, left:right]
            picture = page.image[top:bottom, left:right].astype(float)
            if (kind == NUMBER).any() and (kind == 0).sum() > 3:
                different.append(abs(picture[kind == NUMBER].mean() - picture[kind == 0].mean()))
    assert np.mean(np.array(different) > 8) > 0.9


def test_pages_are_the_same_for_the_same_generator(stock: Stock) -> None:
    one, two = (compose_page(np.random.default_rng(7), stock, (160, 200)) for _ in range(2))
    assert (one.image == two.image).all() and (one.ink == two.ink).all() and one.kind == two.kind
    assert [row.text for row in one.rows] == [row.text for row in two.rows]


def test_turned_masks_turn_with_the_picture(stock: Stock) -> None:
    page = compose_page(np.random.default_rng(1), stock, (200, 280), "list", 0)
    once = turned(page, 1)
    assert (np.rot90(page.image) == once.image).all() and (np.rot90(page.core) == once.core).all()
    left, top, right, bottom = page.rows[0].boxes[0]
    assert once.rows[0].boxes[0] == pytest.approx([top, 280 - right, bottom, 280 - left])
    assert once.rows[0].angle == page.rows[0].angle


def test_a_view_and_its_inverse() -> None:
    view = View.of((300, 400), (200, 260), 0.2, 1.3, (5, -8), (0.1, -0.05), 4.0, (1.2, 0.5))
    points = np.random.default_rng(0).uniform(0, 200, (50, 2))
    assert view.sheet(view.picture(points)) == pytest.approx(points, abs=0.05)
    plain = View.of((100, 100), (100, 100))
    assert plain.picture(points) == pytest.approx(points)
    turn = View.of((100, 100), (100, 100), np.pi / 2)  # clockwise, y down: the right goes down
    assert turn.picture(np.array([[90.0, 50.0]])) == pytest.approx(np.array([[50.0, 90.0]]))


def test_kinds_have_chances_that_add_up() -> None:
    assert sum(chance for _, chance in LAYOUTS.values()) < 0.99
    assert set(PAGE_KINDS) == {*LAYOUTS, "strips"}


def test_nothing_is_put_where_something_stands(stock: Stock) -> None:
    canvas = Canvas.empty(100, 100)
    assert canvas.fits((10, 10, 40, 40))
    canvas.taken.append((30, 30, 60, 60))
    assert not canvas.fits((10, 10, 40, 40)) and canvas.fits((10, 10, 30, 30)) and not canvas.fits((10, 10, 30, 30), 1)
    assert not canvas.fits((70, 70, 101, 90))


def test_papers_kept_for_validation_are_no_others() -> None:
    kept, others = (set(own_sheets(10, held)) for held in (True, False))
    assert kept == {3, 7} and not kept & others and len(own_sheets(10, None)) == 10
    assert collect("validation", drawn=40).held is True and collect("train", drawn=4).held is False


def test_a_frame_of_any_size_is_printed() -> None:
    rng, draw = np.random.default_rng(0), ImageDraw.Draw(Image.new("L", (60, 60)))
    for _ in range(5000):
        left, top, wide, high = rng.uniform((-10, -10, -5, -5), 50)
        draw_frame(draw, (left, top, left + wide, top + high), rng.uniform(0.3, 12), rng)
