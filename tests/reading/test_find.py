"""Finding: lines from maps that are drawn here, cut out of the page that belongs to them."""

from dataclasses import replace

import numpy as np
import pytest

from byhand.handwriting.compose import Style, write_row
from byhand.handwriting.glyphs import drawn_writers
from byhand.pictures.boxes import overlap
from byhand.reader_training.targets import as_target
from byhand.reading.candidates import Level, is_number, longer, number_share
from byhand.reading.cut import cut_out
from byhand.reading.find import FoundRow, all_ink, candidates, level_rows, without_doubles
from byhand.reading.finder import CELL, CORE, DARK, LIGHT, MAPS, OTHER, PAD, UPRIGHT, maps_of, stretch


def drawn(slope: float = 0.0, light: bool = False, rows: int = 1) -> tuple[np.ndarray, Level, list[np.ndarray]]:
    """A page with rows of digits 24 pixels high, and the level that a network without mistakes would give."""
    rng = np.random.default_rng(4)
    writer = drawn_writers(1, rng)[0]
    ink = np.zeros((240, 304), np.uint8)
    core = np.zeros_like(ink)
    masks = []
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]]
    for i in range(rows):
        row = write_row("52638", writer, Style(gap=0.2), rng, (24, 150))
        for column in range(row.shape[1]):  # each column lower than the one before
            top = 60 + 60 * i + round(slope * column)
            ink[top : top + 24, 60 + column] = row[:, column]
        middle = 72 + 60 * i + slope * (x - 60)
        core[(np.abs(y + 0.5 - middle) <= CORE * 24) & (x >= 60) & (x < 60 + row.shape[1])] = 255
        masks.append((ink > 127) & (np.abs(y - middle) < 20))
    page = (40 + 0.7 * ink if light else 200 - 0.7 * ink).astype(np.uint8)
    maps = np.zeros((MAPS, *ink.shape), np.float32)
    maps[UPRIGHT], maps[LIGHT if light else DARK] = core / 255, ink / 255
    cells = maps.reshape(MAPS, ink.shape[0] // CELL, CELL, -1, CELL).mean(axis=(2, 4))
    cells[1:3] = np.minimum(1, 2 * cells[1:3])
    seen = stretch(page)
    inner = page[PAD:-PAD, PAD:-PAD]  # the level has paper around its page
    return inner, Level(seen[page], cells, 1.0), masks


@pytest.mark.parametrize("slope", [0.0, 0.1, -0.15])
def test_a_line_has_its_height_and_slope(slope):
    _, level, _ = drawn(slope)
    (found,) = candidates(level, UPRIGHT)
    assert found.height * CELL == pytest.approx(24, rel=0.15)
    assert found.slope == pytest.approx(slope, abs=0.02)
    assert found.middle + found.slope * 15 == pytest.approx((72 - 0.0) / CELL, abs=0.5)


@pytest.mark.parametrize("light", [False, True])
@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_a_line_is_cut_out_with_its_ink(slope, light):
    page, level, masks = drawn(slope, light, rows=2)
    found = FoundRow(page, stretch(page), candidates(level, UPRIGHT), [], [])
    lines = [cut_out(c, found) for c in sorted(found.numbers, key=lambda c: c.middle)]
    assert len(lines) == 2
    for line, mask in zip(lines, masks, strict=True):
        y, x = np.nonzero(mask)
        box = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) - PAD
        np.testing.assert_allclose(line.box, box, atol=2)
        assert line.image[line.mask].mean() > 150 and np.median(line.image[~line.mask]) < 40


def test_a_line_goes_on_as_far_as_its_ink():
    _, level, _ = drawn()
    (whole,) = candidates(level, UPRIGHT)
    maps = level.maps.copy()
    maps[UPRIGHT, :, (whole.left + whole.right) // 2 :] = 0  # the core ends in the middle of the number
    (half,) = candidates(level._replace(maps=maps), UPRIGHT)
    assert half.right < whole.right - 2 * whole.height
    assert longer(half).left == pytest.approx(whole.left, abs=2)
    assert longer(half).right == pytest.approx(whole.right, abs=2)


def test_without_a_core_all_ink_is_one_line():
    _, level, masks = drawn()
    maps = level.maps.copy()
    maps[UPRIGHT] = 0
    assert candidates(level._replace(maps=maps), UPRIGHT) == []
    (found,) = all_ink([level._replace(maps=maps)])
    y, x = np.nonzero(masks[0])
    np.testing.assert_allclose(found.box, np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) - PAD, atol=CELL)
    maps[DARK] = maps[LIGHT] = 0
    assert all_ink([level._replace(maps=maps)]) == []


def test_ink_that_is_mostly_letters_is_no_number():
    _, level, _ = drawn()
    for letters, number in ((0.5, True), (0.8, False)):
        maps = level.maps.copy()
        maps[OTHER], maps[DARK] = letters * maps[DARK], (1 - letters) * maps[DARK]
        (c,) = candidates(level._replace(maps=maps), UPRIGHT)
        assert is_number(c) == number and number_share(c) == pytest.approx(1 - letters, abs=0.01)


def test_of_two_candidates_in_one_place_the_better_stays():
    _, level, _ = drawn()
    weak = level._replace(maps=level.maps * 0.7)
    both = candidates(level, UPRIGHT) + candidates(weak, UPRIGHT)
    assert len(both) == 2 and [c.level for c in without_doubles(both)] == [level]


def test_overlap_is_a_part_of_the_smaller_box():
    assert overlap((0, 0, 10, 10), (5, 0, 9, 10)) == 1
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == 0.5
    assert overlap((0, 0, 10, 10), (10, 0, 15, 10)) == 0


@pytest.mark.parametrize("slope", [0.0, 0.08])
def test_rows_are_what_is_level(slope):
    _, level, _ = drawn(slope, rows=2)
    numbers = candidates(level, UPRIGHT)
    beside = [replace(c, left=c.left + 60, right=c.right + 60, box=(c.box[0] + 240, *c.box[1:])) for c in numbers]
    rows = level_rows([*beside, *numbers])
    assert [len(row) for row in rows] == [2, 2]
    assert all(row[0].left < row[1].left for row in rows) and rows[0][0].middle < rows[1][0].middle


def test_targets_and_maps_are_each_others_inverse():
    maps = np.random.default_rng(0).random((MAPS, 6, 10)).astype(np.float32)
    np.testing.assert_array_equal(maps_of(as_target(maps), 24, 40), maps)
