"""Drawing and reading, as a person does it in a browser."""

import numpy as np
import pytest

from byhand.handwriting.others import LETTER_FORMS
from byhand.handwriting.strokes import any_hand
from tests.web.browser.conftest import NARROW, rest
from tests.web.browser.hands import draw, strokes


def test_the_first_view_teaches_without_a_click(open_page):
    page = open_page()
    assert page.inner_text("#verdict") == "7"
    assert "sure that it is 7" in page.inner_text("#verdict-words")
    assert page.locator("#bars .best .name").inner_text() == "7"
    for picture in ("#seen", "#for", "#change"):
        assert page.evaluate(SHADES, picture) > 20, picture


SHADES = """picture => {
  const { data } = document.querySelector(picture).getContext("2d").getImageData(0, 0, 28, 28);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


@pytest.mark.parametrize("cleared", [False, True])
def test_the_network_answers_before_the_digits_are_counted(open_page, cleared):
    """Where one digit or nothing stood, the chosen network's answer is shown at once; the reading comes after it."""
    page, held = open_page(), []
    page.route("**/api/v1/read*", lambda route: held.append(route))
    if cleared:
        page.click("#clear")
        rest(page)
    page.click("#examples button:nth-child(4)")
    page.wait_for_function("() => document.querySelector('#verdict').textContent === '3'")
    assert page.get_attribute("#reading", "aria-busy") == "true"
    page.click("#examples button:nth-child(2)")  # meanwhile the drawing goes on
    page.wait_for_function("() => document.querySelector('#verdict').textContent === '1'")
    assert len(held) == 1
    with page.expect_request("**/api/v1/read*"):
        held[0].continue_()
    page.wait_for_timeout(300)
    held[1].continue_()
    rest(page)
    assert page.inner_text("#verdict") == "1"


def test_ten_digits_by_two_hands_are_read(open_page):
    page, rng = open_page(), np.random.default_rng(3)
    hands, wrong = [None, any_hand(rng)], []
    for digit in range(10):
        for number, hand in enumerate(hands):
            page.click("#clear")
            draw(page, strokes(digit, rng, hand=hand))
            rest(page)
            if page.inner_text("#verdict") != str(digit):
                wrong.append((digit, number, page.inner_text("#verdict")))
    assert len(wrong) <= 1, wrong  # of twenty


def test_what_is_shown_is_what_the_network_says(open_page):
    """The bars against the model's own probabilities for the image that the page shows."""
    from byhand import Network
    from byhand.reading.reader import MODELS

    page = open_page()
    page.click("#clear")
    draw(page, strokes(4, np.random.default_rng(0)))
    rest(page)
    seen = page.evaluate(f"({SEEN})()")
    p = Network.load(MODELS / "dense.safetensors").predict_proba(np.array(seen, np.uint8).reshape(1, 784))[0]
    widths = page.eval_on_selector_all("#bars .fill", "fills => fills.map((fill) => parseFloat(fill.style.width))")
    np.testing.assert_allclose(widths, 100 * p, atol=0.2)


SEEN = """() => {
  const canvas = document.querySelector("#seen");
  const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
  const [paper, ink] = [255, 28];  // the style sheet's red, in the light
  return Array.from({ length: 784 }, (_, i) => Math.round(255 * (paper - data[4 * i]) / (paper - ink)));
}"""


def test_several_in_a_row(open_page):
    page, rng = open_page(), np.random.default_rng(0)
    page.click("#clear")
    for place, digit in enumerate((4, 0, 7, 2)):
        draw(page, strokes(digit, rng), height=0.42, across=0.2 + 0.2 * place)
    rest(page)
    assert page.inner_text("#verdict").replace("\n", "") == "4072"
    assert "sure that it is 2" in page.inner_text("#verdict-words")  # the last one
    page.click("#verdict button:nth-child(1)")
    rest(page)
    assert "sure that it is 4" in page.inner_text("#verdict-words")


def test_rows_and_small_digits_are_read_in_proportion(open_page):
    """Two rows of three, and one digit a seventh of the sheet high: what stands there counts, not its size or place."""
    page, rng = open_page(), np.random.default_rng(0)
    page.click("#clear")
    for row, digits in enumerate((314, 159)):
        for place, digit in enumerate(map(int, str(digits))):
            draw(page, strokes(digit, rng), height=0.2, across=0.3 + 0.1 * place, down=0.3 + 0.3 * row)
    rest(page)
    assert page.inner_text("#verdict") == "314159"
    for digit in (7, 2, 8):
        page.click("#clear")
        draw(page, strokes(digit, rng), height=0.15, across=0.8, down=0.2)
        rest(page)
        assert page.inner_text("#verdict") == str(digit)
    page.click("#clear")
    for across in (0.4, 0.55):
        draw(page, strokes(1, rng), height=0.5, across=across)
    rest(page)
    assert page.inner_text("#verdict") == "11"


def test_a_letter_is_no_digit(open_page):
    page = open_page()
    for stroke in LETTER_FORMS["K"]:
        draw(page, [np.array(stroke) - [0.3, 0]], height=0.6)
    rest(page)
    assert page.inner_text("#verdict") == "–" and page.inner_text("#verdict-words").startswith("No digit: ")


def test_the_first_stroke_clears_the_example_and_the_drawing_is_kept(open_page):
    page, rng = open_page(), np.random.default_rng(0)
    draw(page, strokes(4, rng))
    draw(page, strokes(2, rng), height=0.4, across=0.85)
    rest(page)
    assert page.inner_text("#verdict") == "42"  # and no 7 below
    page.click("#verdict-network a")
    page.dispatch_event("input[name=model][value=nielsen]", "click")
    page.click("nav a[href='#/draw']")
    rest(page)
    assert "Nielsen" in page.inner_text("#verdict-network")
    page.wait_for_function("() => localStorage.getItem('byhand-drawing')")
    page.reload()
    page.wait_for_selector("#main[aria-busy=false]")
    rest(page)
    assert page.is_hidden("#sheet-hint") and page.inner_text("#verdict") == "42"
    assert "Nielsen" in page.inner_text("#verdict-network")


def test_undo_and_clear(open_page):
    page, rng = open_page(), np.random.default_rng(0)
    page.click("#clear")
    assert page.is_visible("#sheet-hint")
    draw(page, strokes(1, rng))
    rest(page)
    before = pixels(page, "#sheet")
    draw(page, strokes(0, rng))
    rest(page)
    assert pixels(page, "#sheet") != before
    page.click("#undo")
    rest(page)
    assert pixels(page, "#sheet") == before and page.inner_text("#verdict") == "1"
    page.click("#clear")
    rest(page)
    assert page.inner_text("#verdict") == "–" and page.inner_text("#verdict-words") == "Nothing drawn yet."


def test_another_class_is_held_against_the_answer(open_page):
    page = open_page()
    before = pixels(page, "#change")
    page.click("#bars li:nth-child(10) button")
    rest(page)
    assert page.get_attribute("#bars li:nth-child(10) button", "aria-pressed") == "true"
    assert "7 over 9" in page.inner_text("#change-words") and pixels(page, "#change") != before


def test_a_finger_draws_too(open_page):
    page = open_page(viewport=NARROW, has_touch=True, is_mobile=True)
    page.tap("#clear")
    box = page.locator("#sheet").bounding_box()
    touch = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + 0.15 * box["height"]

    def put(kind, *points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]})

    scrolled = page.evaluate("window.scrollY")
    put("touchStart", (x, y))
    for i in range(12):
        put("touchMove", (x, y + i * 0.06 * box["height"]))
    put("touchEnd")
    rest(page)
    assert page.inner_text("#verdict") == "1"
    assert page.evaluate("window.scrollY") == scrolled


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_switch_is_remembered(open_page, scheme):
    page = open_page(color_scheme=scheme)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.click("#theme")
    after = page.evaluate(ground)
    assert (sum(map(int, before[4:-1].split(","))) > 384) == (scheme == "light") and after != before
    page.reload()
    assert page.evaluate(ground) == after


def pixels(page, canvas):
    return page.eval_on_selector(canvas, "canvas => canvas.toDataURL()")
