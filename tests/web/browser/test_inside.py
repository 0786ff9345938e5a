"""Looking inside the networks: what is shown adds up, for every network and every way of choosing a unit."""

import re

import pytest

from tests.web.browser.conftest import NARROW, WIDE, rest

NETWORKS = ["dense", "digits", "guide", "nielsen", "perceptron", "small-conv"]


def look_into(page, network):
    page.dispatch_event(f"input[name=model][value={network}]", "click")  # wherever it has moved to meanwhile
    rest(page)
    page.wait_for_function(
        "id => document.querySelector('#network').dataset.model === id && document.querySelector('#equation .name')",
        arg=network,
    )


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text.replace("−", "-"))]


def settled(page):
    page.wait_for_selector("#unit[aria-busy=false]")


@pytest.mark.parametrize("network", NETWORKS)
def test_the_equation_adds_up(open_page, network):
    """Σ value · weight + what the others sum to + bias, as written out, is the number shown."""
    page = open_page("inside")
    look_into(page, network)
    settled(page)
    total = 0
    for product in page.locator("#equation > :first-child .product").all_inner_texts():
        value, weight = numbers(product)
        total += value * weight
    rest_of_it = page.locator("#equation > :first-child .rest").all_inner_texts()
    total += numbers(rest_of_it[0])[1] if rest_of_it else 0
    total += numbers(page.inner_text("#equation > :first-child .bias"))[0]
    assert total == pytest.approx(numbers(page.inner_text("#equation > :first-child b"))[0], rel=0.01, abs=0.02)


def test_all_networks_read_the_same_drawing(open_page):
    page = open_page()
    page.click("#examples button:nth-child(8)")
    page.click("nav a[href='#/inside']")
    page.wait_for_function("() => [...document.querySelectorAll('#models b')].every((b) => b.textContent === '7')")
    assert page.locator("#models input").count() == len(NETWORKS)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_pointing_tapping_and_keys(open_page, size):
    page = open_page("inside", viewport=size)
    look_into(page, "nielsen")
    layer = page.locator("#network canvas").nth(1)
    layer.hover(position={"x": 5, "y": 5})
    settled(page)
    assert page.inner_text("#unit-title") == "Unit 0"
    page.mouse.move(0, 0)
    settled(page)
    assert page.inner_text("#unit-title") != "Unit 0"  # pointing is not choosing
    layer.click(position={"x": 5, "y": 5})
    page.mouse.move(0, 0)
    settled(page)
    assert page.inner_text("#unit-title") == "Unit 0"
    layer.focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    assert page.inner_text("#unit-title") == "Unit 1" and "z1[1]" in page.inner_text("#equation")
    assert layer.get_attribute("aria-valuetext").startswith("unit 1: ")
    page.keyboard.press("End")
    settled(page)
    assert page.inner_text("#unit-title") == "Unit 29"


@pytest.mark.parametrize("size", [(1024, 768), (390, 844)], ids=["projector", "telephone"])
def test_the_equation_is_in_sight_beside_the_unit_and_opens(open_page, size):
    page = open_page("inside", viewport={"width": size[0], "height": size[1]})
    look_into(page, "dense")
    canvas = page.locator("#network canvas").nth(1)
    canvas.scroll_into_view_if_needed()
    canvas.click(position={"x": 8, "y": 8})
    settled(page)
    for part in ("#unit-title", "#equation b"):
        box = page.locator(part).first.bounding_box()
        assert box and 0 <= box["y"] < size[1], part
    few = page.locator("#equation .product").count()
    page.locator("#equation button.rest").first.press("Enter")
    page.wait_for_function("few => document.querySelectorAll('#equation .product').length > few", arg=few)
    assert page.locator("#equation > :first-child .rest").count() == 0


def test_a_place_in_a_map(open_page):
    page = open_page("inside")
    look_into(page, "small-conv")
    page.locator("#network canvas").nth(1).focus()
    page.wait_for_function("() => document.querySelector('#unit-title').textContent.includes('row')")
    settled(page)
    before = page.inner_text("#unit-title")
    page.keyboard.press("ArrowDown")
    settled(page)
    row = int(re.search(r"row (\d+)", before)[1])
    assert f"row {row + 1}" in page.inner_text("#unit-title")
    assert page.locator("#kernel-rows canvas").count() == 3  # window · weights = products, of one channel
    page.keyboard.press("PageDown")
    settled(page)
    assert page.inner_text("#unit-title") != before


def test_a_kernel_slides_over_its_window(open_page):
    """Channels' sums and bias are the number shown; the window before lies at the kernel's place, and moves with it."""
    page = open_page("inside")
    look_into(page, "small-conv")
    assert page.is_hidden("#paths-legend")
    maps = page.locator("#network .maps canvas")
    maps.nth(2).focus()
    settled(page)
    page.wait_for_selector("#kernel:not([hidden])")
    sums = numbers(page.inner_text("#kernel-sum").split("=", 1)[1])
    assert sum(sums[:-1]) == pytest.approx(sums[-1], abs=0.02) and len(sums) == 4 + 1 + 1 + 1  # more channels, bias
    place = [int(n) for n in numbers(page.inner_text("#unit-title"))]  # map, row, column
    window = page.locator("#network .window")
    assert window.count() == 8  # in each map before
    box, area = window.first.bounding_box(), maps.nth(1).bounding_box()
    pixel = area["width"] / (3 * 15 - 1) if page.viewport_size["width"] < 1100 else area["width"] / (2 * 15 - 1)
    assert (box["x"] - area["x"]) / pixel == pytest.approx(max(0, place[2] - 1), abs=0.3)
    page.click("#kernel .rest")
    page.wait_for_function("() => document.querySelectorAll('.kernel-row').length === 8")
    page.click("#kernel-slide")
    page.wait_for_function(
        "before => document.querySelector('#unit-title').textContent !== before", arg=page.inner_text("#unit-title")
    )
    page.click("#kernel-slide")
    settled(page)
    page.locator("#kernel-rows canvas").first.press("ArrowRight")
    value, weight, product = numbers(page.inner_text("#kernel output").split(":")[1])
    assert value * weight == pytest.approx(product, rel=0.02, abs=1e-3)


def test_an_empty_sheet(open_page):
    page = open_page()
    page.click("#clear")
    rest(page)
    page.click("nav a[href='#/inside']")
    rest(page)
    assert page.is_visible("#inside-empty") and not page.is_visible("#network")
