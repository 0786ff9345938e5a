"""The playground: points in the plane and the network that learns them."""

import re

import numpy as np
import pytest

from tests.web.browser.conftest import SIZES
from tests.web.browser.test_inside import numbers
from tests.web.browser.test_keyboard import tab_to

STEP = "() => Number((document.querySelector('#plane-words').textContent.match(/Step (\\d+)/) ?? [])[1])"


def settled(page, step):
    page.wait_for_function(f"step => ({STEP})() === step", arg=step)


COLOURS = """() => {
  const copy = new OffscreenCanvas(48, 48).getContext("2d", { willReadFrequently: true });
  copy.drawImage(document.querySelector("#plane-picture canvas"), 0, 0);
  return [...copy.getImageData(0, 0, 48, 48).data];
}"""


def colours(page):
    """The decision's picture, (48, 48, 3)."""
    return np.array(page.evaluate(COLOURS)).reshape(48, 48, 4)[..., :3].astype(int)


def test_it_learns_and_goes_back_and_its_address_says_the_settings(open_page):
    page = open_page("plane?data=xor&hidden=6&activation=tanh&optimizer=adam&learning_rate=0.1&noise=0&seed=1")
    settled(page, 0)
    assert page.locator("#plane-network button").count() == 8 and page.locator("#plane-picture .point").count() == 200
    page.fill("#plane-speed", "6")
    page.click("#plane-play")
    page.wait_for_function(f"() => ({STEP})() >= 400")
    page.click("#plane-play")
    page.wait_for_selector("#plane-one:not([disabled])")
    assert numbers(page.inner_text("#plane-words"))[2] > 95
    red = colours(page)[..., 0]  # more of it in class 0, which is orange: where both coordinates have one sign
    assert red[:16, -16:].mean() > red[:16, :16].mean() + 30 < red[-16:, :16].mean()
    after = colours(page)
    page.fill("#plane-back", "0")
    settled(page, 0)
    assert np.abs(colours(page) - after).max() > 30
    page.fill("#plane-settings [name=hidden]", "3 2")
    page.dispatch_event("#plane-settings [name=hidden]", "change")
    page.wait_for_function("() => document.querySelectorAll('#plane-network button').length === 7")
    page.wait_for_function("() => location.hash.includes('hidden=3+2')")


def test_every_weight_can_be_changed_and_the_equation_follows(open_page):
    page = open_page("plane?data=clouds&hidden=&noise=0")
    settled(page, 0)
    fields = page.locator("#plane-weights input")
    assert fields.count() == 6
    for i, weight in {0: 0, 1: 2, 2: 0, 3: 0, 5: -1}.items():  # W, then b, which is 0 before
        fields.nth(i).fill(str(weight))
        with page.expect_response("**/api/v1/plane"):
            fields.nth(i).press("Enter")
            fields.nth(i).blur()
    area = page.locator("#plane-picture svg")
    box = area.bounding_box()
    area.click(position={"x": box["width"] * (26 + 400 * 4.5 / 6) / 426, "y": box["height"] * 0.4})  # x[0] = 1.5
    page.wait_for_function("() => document.querySelector('#plane-at').textContent.includes('(1.5')")
    assert numbers(page.inner_text("#plane-equations b"))[0] == pytest.approx(2, abs=0.1)  # 2 · 1.5 − 1
    before, rate, gradient, after = numbers(page.inner_text("#plane-rule > :last-child").split("←")[1])
    assert after == pytest.approx(before - rate * gradient, rel=0.01, abs=0.01)
    page.click("#plane-one")
    settled(page, 1)


def test_own_points_by_finger_keys_and_file_on_a_telephone(open_page):
    page = open_page("plane?data=own", viewport=SIZES[2])
    assert "no points yet" in page.inner_text("#plane-words")
    page.check("input[name=plane-press][value='1']")
    area = page.locator("#plane-picture svg")
    area.scroll_into_view_if_needed()
    area.click(position={"x": 100, "y": 60})
    page.wait_for_function("() => document.querySelectorAll('#plane-picture .point.class-1').length === 1")
    page.check("input[name=plane-press][value='0']")
    area.focus()
    for key in ("Shift+ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function("() => document.querySelectorAll('#plane-picture .point.class-0').length === 1")
    page.wait_for_function("() => /points=[-\\d.,]+;[-\\d.,]+/.test(decodeURIComponent(location.hash))")
    found = re.search(r"points=([^&]+)", page.evaluate("() => decodeURIComponent(location.hash)"))[1]
    assert len(found.split(";")) == 2
    page.reload()
    page.wait_for_function("() => document.querySelectorAll('#plane-picture .point').length === 2")
    csv = b"length,width,species\n1,10,setosa\n3,20,virginica\n5,30,setosa\n4,10,versicolor\n"
    page.set_input_files("#plane-file", {"name": "a.csv", "mimeType": "text/csv", "buffer": csv})
    page.wait_for_function("() => document.querySelectorAll('#plane-picture .point').length === 4")
    assert "virginica" in page.inner_text("#plane-tools") and "width" in page.inner_text("#plane-picture")
    page.wait_for_function("() => document.querySelectorAll('#plane-network button').length === 4 + 3")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_units_are_chosen_by_keys(open_page):
    page = open_page("plane?hidden=2")
    settled(page, 0)
    page.focus("#plane-again")
    tab_to(page, "a1[1]")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#plane-equations').textContent.includes('tanh')")
    assert page.locator("#plane-weights input").count() == 6
