"""Attention, recurrent states, networks that draw and that write, as a visitor who brings a network along sees them."""

import re

import pytest

from tests.web import families
from tests.web.browser.conftest import NARROW, WIDE, rest
from tests.web.browser.test_inside import numbers


@pytest.fixture
def bring(tmp_path):
    """Bring a network along: bring(page, network, file input)."""

    def bring(page, network, at="#model-file"):
        network.save(tmp_path / "mine.safetensors")
        page.set_input_files(at, tmp_path / "mine.safetensors")

    return bring


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_attention_by_head_and_layer(open_page, bring, size):
    page = open_page("inside", viewport=size)
    assert "byhand train vit" in page.inner_text("#inside-lacking")
    bring(page, families.vit())
    page.wait_for_selector("#attention .heads")
    assert page.locator("#attention .heads").count() == 2 and page.locator("#attention .heads button").count() == 4
    assert "byhand train vit" not in page.inner_text("#inside-lacking")
    assert "Asking: class token" in page.inner_text("#attention")
    page.click("#attention-1-1")
    page.wait_for_function("() => document.querySelector('#attention h3').textContent.startsWith('Layer 2, head 2')")
    page.locator("#attention-query").click(position={"x": 4, "y": 4})
    page.wait_for_function("() => document.querySelector('#attention h3').textContent.includes('from patch 0, 0')")
    page.locator("#attention-query").press("ArrowRight")
    page.wait_for_function("() => document.querySelector('#attention h3').textContent.includes('from patch 0, 1')")
    score, weight = page.locator("#attention .equation > div").all()
    total = 0
    for product in score.locator(".product").all_inner_texts():
        value, factor = numbers(product)
        total += value * factor
    assert total == pytest.approx(numbers(score.locator("b").inner_text())[0], rel=0.05, abs=0.02)
    share = numbers(page.inner_text("#attention h3"))[-1]
    assert float(weight.inner_text().replace("\n", " ").split("=")[-1]) == pytest.approx(share / 100, abs=0.001)
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_lstm_reads_step_by_step(open_page, bring, size):
    page = open_page("inside", viewport=size)
    assert "byhand train rows" in page.inner_text("#inside-lacking")
    bring(page, families.lstm())
    page.wait_for_selector("#states .part canvas")
    assert page.locator("#states .part").count() == 6
    at_the_end = page.locator("#states .bars .number").all_inner_texts()
    said = {
        row.locator(".name").inner_text(): row.locator(".number").inner_text()
        for row in page.locator("#states .bar").all()
    }
    chosen = page.inner_text("#models label:has(:checked) small:nth-of-type(1)")
    assert said[page.inner_text("#models label:has(:checked) b")] == chosen.split(" sure")[0]
    page.fill("#states-step", "3")
    page.wait_for_function("() => document.querySelector('#states-unit').textContent.endsWith('step 3')")
    assert page.locator("#states .bars .number").all_inner_texts() != at_the_end
    part = page.locator("#states .part canvas").first
    part.press("ArrowRight")
    part.press("ArrowDown")
    page.wait_for_function("() => document.querySelector('#states-unit').textContent === 'Unit 1 at step 4'")
    lines = page.locator("#states .equation > div").all_inner_texts()
    assert len(lines) == 6 and lines[4].startswith("c[4] = f c[3] + i g")
    product = re.search(r"= ([^=]+) = ([^=]+)$", lines[4].replace("\n", " ").replace("−", "-").replace("·", "*"))
    assert eval(product[1]) == pytest.approx(float(product[2]), abs=0.01)
    page.fill("#states-step", "26")
    page.wait_for_function("() => document.querySelector('#states-unit').textContent.endsWith('step 26')")
    page.click("#states-play")
    page.wait_for_function("() => document.querySelector('#states-unit').textContent.endsWith('step 27')")
    page.wait_for_selector("#states-play:has-text('Play')")  # it has come to the end
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_other_networks_hide_both(open_page, bring):
    page = open_page("inside")
    bring(page, families.lstm())
    page.wait_for_selector("#states:not([hidden])")
    page.dispatch_event("input[name=model][value=nielsen]", "click")
    rest(page)
    page.wait_for_selector("#states", state="hidden")
    assert page.is_hidden("#attention")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_images_from_a_point_that_is_dragged(open_page, bring, size):
    page = open_page("make", viewport=size)
    assert "byhand train-drawer" in page.inner_text("#make-images")
    bring(page, families.decoder(), "#make-file")
    page.wait_for_function("() => document.querySelector('#make-words').textContent === 'z[0] = 0, z[1] = 0'")
    plane = page.locator("#make-plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 2 / 3, box["y"] + box["height"] / 4, steps=4)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('#make-words').textContent === 'z[0] = 1, z[1] = 1.5'")
    plane.press("ArrowLeft")
    page.wait_for_function("() => document.querySelector('#make-words').textContent === 'z[0] = 0.9, z[1] = 1.5'")
    page.locator("#make-image").click(position={"x": 3, "y": 3})
    page.wait_for_selector("#make-images h3:has-text('row 0, column 0')")
    network = families.decoder()
    expected = network.predict_proba([[0.9, 1.5]])[0, 0]
    assert float(page.locator("#make-images .equation > div").last.inner_text().split("=")[-1]) == pytest.approx(
        expected, abs=0.001
    )
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_the_next_character_at_a_temperature(open_page, bring):
    page = open_page("make")
    assert "byhand train shakespeare" in page.inner_text("#make-text")
    bring(page, families.writer(), "#make-file")
    page.wait_for_selector("#make-next .bar")
    page.fill("#make-prompt", "abc")
    page.wait_for_function("() => document.querySelectorAll('#make-next .bar').length === 10")
    best = numbers(page.locator("#make-next .number").first.inner_text())[0]
    page.fill("#make-temperature", "0.5")
    page.wait_for_function(
        "before => parseFloat(document.querySelector('#make-next .number').textContent) > before", arg=best
    )
    name = page.locator("#make-next .name").first.inner_text()
    page.locator("#make-next button").first.click()
    page.wait_for_function("() => document.querySelector('#make-prompt').value.length === 4")
    assert page.input_value("#make-prompt") == "abc" + {"␣": " ", "↵": "\n"}.get(name, name)
    page.click("text=Write 100")
    page.wait_for_function("() => document.querySelector('#make-prompt').value.length === 104")
    page.fill("#make-prompt", "abx")
    page.wait_for_selector("#trouble:not([hidden])")
    assert "not in the vocabulary" in page.inner_text("#trouble")
    page.fill("#make-prompt", "ab")
    page.wait_for_selector("#trouble", state="hidden")
    assert all("422" in message for message in open_page.wrong)  # the browser notes it, too
    open_page.wrong.clear()


def test_a_network_that_draws_brought_along_elsewhere_leads_to_its_view(open_page, bring):
    page = open_page("inside")
    bring(page, families.decoder())
    page.wait_for_selector("#make:not([hidden]) #make-image")
