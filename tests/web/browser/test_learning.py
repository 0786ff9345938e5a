"""Training from the page, on the blocks of tests/images.py."""

import re

import pytest

from byhand import Network
from tests.web.browser.conftest import rest
from tests.web.browser.test_drawing import pixels
from tests.web.browser.test_inside import numbers

ENDED = "() => /Finished|Stopped/.test(document.querySelector('#run-words').textContent)"


def choose(page, **settings):
    for name, value in settings.items():
        page.fill(f"#settings [name={name}]", str(value))


def test_a_small_run_to_its_end(open_page, tmp_path):
    page = open_page("learn")
    choose(page, hidden="12", learning_rate=0.3, batch_size=50, epochs=3, images=1000)
    page.click("button[name=start]")
    page.wait_for_function(ENDED)
    assert "epoch 3 of 3, step 20 of 20" in page.inner_text("#run-words")
    assert page.eval_on_selector("#run-progress", "bar => bar.value") == 1
    assert page.locator("#run-weights canvas").count() == 12
    cells = page.locator("#confusion td").all_inner_texts()
    assert sum(int(cell) for cell in cells if cell.strip()) == 500  # every validation image once
    for line in ("#loss-figure .training", "#loss-figure .validation", "#accuracy-figure .validation"):
        assert len(page.get_attribute(f"{line}.line", "points").split()) >= 2, line
    assert page.locator("#runs tbody tr").count() == 1
    shown = numbers(page.inner_text("#run-words"))[-1]
    right = sum(int(cells[1 + 10 * row + row] or 0) for row in range(10))
    assert shown == pytest.approx(right / 5, abs=0.06)  # per cent of 500: the matrix's diagonal
    with page.expect_download() as download:
        page.click("#run-model")
    download.value.save_as(tmp_path / "model.safetensors")
    assert Network.load(tmp_path / "model.safetensors").size == 784 * 12 + 12 + 12 * 10 + 10
    page.click("nav a[href='#/inside']")
    page.wait_for_function("() => [...document.querySelectorAll('#models b')].every((b) => b.textContent !== '–')")
    page.dispatch_event("#models label:last-child input", "click")
    rest(page)
    assert "12 units" in page.inner_text("#network")


def test_bad_choices_are_diagnosed_and_runs_compared(open_page):
    page = open_page("learn")
    choose(page, hidden="8", epochs=2, images=500)
    page.click("button[name=start]")
    page.wait_for_function(ENDED)
    page.click("#too-fast")
    page.wait_for_function("() => document.querySelectorAll('#runs tbody tr').length === 2")
    page.wait_for_function(ENDED)
    page.wait_for_selector("#problems li")
    assert "learning rate" in page.inner_text("#problems").lower()
    assert page.locator("#loss-figure .earlier.line").count() == 1
    page.click("#runs button:not([disabled])")
    page.wait_for_function("() => !document.querySelector('#run-words').textContent.includes('η 100')")


def test_step_by_step(open_page):
    """What the page says of an update is what gradient descent does: before − η · gradient."""
    page = open_page("learn")
    choose(page, hidden="8", epochs=1, images=500, learning_rate=0.5)
    page.click("text=Step by step")
    page.wait_for_selector("#step:not([disabled])")
    for step in (1, 2):
        page.click("#step")
        page.wait_for_function(f"() => document.querySelector('#one-title').textContent.startsWith('Step {step}:')")
    updates = page.locator("#one-body .equation").last.locator("> *").all_inner_texts()
    assert len(updates) == 2
    for update in updates:
        before, rate, gradient, after = numbers(update.split("←")[1])
        assert rate == 0.5 and after == pytest.approx(before - rate * gradient, rel=2e-3, abs=1e-6)
    follow_the_batch(page)
    page.click("text=Resume")
    page.wait_for_function(ENDED)


def follow_the_batch(page):
    """All terms of the mini-batch's sum, opened, are its gradient; p − t of an image that is pressed."""
    page.wait_for_selector("#batch-chain b")
    images = page.locator("#batch .batch button")
    images.nth(4).press("Enter")
    page.wait_for_selector("#batch .batch button:nth-child(5)[aria-pressed=true]")
    page.wait_for_selector("#batch caption:has-text('Image 5')")
    p, t, error = (numbers(row)[-10:] for row in page.locator(".errors tbody tr").all_inner_texts())
    for k in range(10):
        assert error[k] == pytest.approx(p[k] - t[k], abs=2e-3)
    page.wait_for_function("() => document.querySelectorAll('#batch-chain section').length === 5")
    mean = page.locator("#batch-chain section").nth(3)
    mean.locator(".rest").press("Enter")
    products = [numbers(term) for term in mean.locator(".term").all_inner_texts()]
    assert len(products) == images.count() == 10 and mean.locator(".rest").count() == 0
    total = sum(value * delta for value, delta in products)
    assert total / 10 == pytest.approx(numbers(mean.locator("b").inner_text())[0], rel=0.02, abs=1e-4)
    back = page.locator("#batch-chain section").nth(2).locator(".term").nth(1)
    unit = numbers(back.get_attribute("title"))[-1]
    back.press("Enter")
    page.wait_for_function(
        "unit => document.querySelector('#batch-chain section:nth-child(2)').textContent.includes(`[${unit}]`)",
        arg=int(unit),
    )


def test_settings_in_the_address_a_slow_pace_and_steps_back(open_page):
    page = open_page("learn?hidden=6&epochs=1&images=200&batch_size=20&activation=tanh")
    assert page.input_value("[name=hidden]") == "6" and page.input_value("[name=activation]") == "tanh"
    choose(page, learning_rate=0.25)
    page.dispatch_event("[name=learning_rate]", "change")
    assert "learning_rate=0.25" in page.url and "hidden=6" in page.url
    page.fill("#pace", "1")
    assert page.inner_text("#pace-words") == "2 steps a second"
    page.click("button[name=start]")
    page.wait_for_function("() => Number(document.querySelector('#back').max) >= 1")
    assert re.search(r"step \d+ of 10;", page.inner_text("#run-words"))
    page.fill("#pace", "6")
    page.wait_for_function(ENDED)
    newest = pixels(page, "#run-weights canvas")
    page.fill("#back", "0")
    assert int(page.inner_text("#back-words").split()[1]) < 5 and pixels(page, "#run-weights canvas") != newest
    for _ in range(int(page.get_attribute("#back", "max"))):
        page.click("#after")
    assert page.inner_text("#back-words") == "step 10" and pixels(page, "#run-weights canvas") == newest


def test_a_training_that_is_gone_is_said_to_be(open_page):
    page = open_page("learn")
    choose(page, hidden="8", epochs=50, images=2000)
    page.click("text=Step by step")
    page.wait_for_selector("#step:not([disabled])")
    key = page.evaluate("async () => (await (await fetch('api/v1/trainings')).json()).trainings[0].id")
    page.route(f"**/trainings/{key}**", lambda route: route.fulfill(status=404, json={"error": "No such training."}))
    page.evaluate("async (key) => { await fetch(`api/v1/samples`); }", key)
    page.context.request.delete(
        f"{page.url.split('#')[0]}api/v1/trainings/{key}"
    )  # the stream ends, and is not found again
    page.wait_for_function("() => /gone|Stopped/.test(document.querySelector('#run-words').textContent)")
    open_page.wrong.clear()


def test_stop_and_wrong_settings(open_page):
    page = open_page("learn")
    choose(page, hidden="100 100", epochs=200, images=10000)
    page.click("button[name=start]")
    page.wait_for_selector("#stop:not([disabled])")
    page.click("#pause")
    page.wait_for_selector("text=Paused")
    page.click("#stop")
    page.wait_for_function(ENDED)
    choose(page, learning_rate="fast")
    page.click("button[name=start]")
    page.wait_for_selector("#trouble:not([hidden])")
    assert re.search("learning", page.inner_text("#trouble"))
    open_page.wrong.clear()  # the browser notes the refusal, too


def test_an_lstm_learns_and_is_looked_into_step_by_step(open_page):
    page = open_page("learn")
    page.select_option("#settings [name=network]", "lstm")
    begun = {"optimizer": "adam", "learning_rate": "0.003", "batch_size": "50"}
    assert begun == {name: page.input_value(f"#settings [name={name}]") for name in begun}
    assert page.is_disabled("#settings [name=hidden]") and page.is_disabled("#settings [name=activation]")
    choose(page, epochs=2, images=500)
    page.click("button[name=start]")
    page.wait_for_function(ENDED)
    assert page.inner_text("#run-words").startswith("lstm, adam, η 0.003: Finished")
    page.click("nav a[href='#/inside']")
    page.dispatch_event("#models label:last-child input", "click")
    page.wait_for_selector("#states:not([hidden]) canvas")
    assert "byhand train rows" not in page.inner_text("#inside-lacking")


def train_another(page, runs):
    choose(page, hidden="8", epochs=1, images=500)
    page.click("button[name=start]")
    page.wait_for_function("runs => document.querySelectorAll('#runs tbody tr').length === runs", arg=runs)
    page.wait_for_function(ENDED)


@pytest.mark.parametrize("kind", ["vae", "gan"])
def test_a_network_that_draws_learns_and_is_drawn_with(open_page, kind):
    page = open_page("learn?recipe=nielsen")
    page.select_option("#settings [name=network]", kind)
    begun = {"recipe": "", "hidden": "256", "activation": "relu", "optimizer": "adam", "learning_rate": "0.001"}
    assert begun == {name: page.input_value(f"#settings [name={name}]") for name in begun}
    assert page.is_disabled("#settings [name=loss]") and page.is_disabled("[name=by-step]")
    choose(page, hidden="16", epochs=3, images=500)
    page.fill("#pace", "4")
    page.click("button[name=start]")
    page.wait_for_function(ENDED)
    assert page.inner_text("#run-words").startswith(f"{kind}, relu, adam, η 0.001: Finished; epoch 3 of 3")
    assert page.is_hidden("#run-read") and page.is_hidden("#curves-legend") and page.is_disabled("#step")
    for style in ("training", "validation"):
        assert len(page.get_attribute(f"#loss-figure .{style}.line", "points").split()) >= 2, style
    assert page.locator("#accuracy-figure .training.line").count() == 1
    newest = pixels(page, "#drawn")
    page.fill("#back", "0")
    assert page.inner_text("#back-words") != "step 30" and pixels(page, "#drawn") != newest
    page.click("#draw-with")
    page.wait_for_selector("#make:not([hidden]) #make-image")
    page.wait_for_function("() => document.querySelector('#make-words').textContent.startsWith('z[0]')")
    assert page.is_visible("text=Other numbers") == (kind == "gan")  # its sixteen, of which two are in the plane
    assert page.locator("#make-images .equation > div").count() == 2
    first = page.get_attribute("#run-model", "href").split("/")[-2]
    page.click("nav a[href='#/learn']")
    train_another(page, 2)
    page.click("#runs button:not([disabled])")
    page.wait_for_function("first => document.querySelector('#run-model').href.includes(first)", arg=first)
    page.click("#draw-with")  # with the one that is shown, not the newest
    page.wait_for_selector("#make:not([hidden]) #make-image")
    assert page.locator("#make-images select").first.input_value() == first
    page.click("nav a[href='#/learn']")
    page.select_option("#settings [name=network]", "dense")
    train_another(page, 3)
    assert page.is_visible("#run-read") and page.is_hidden("#run-drawn")
    assert page.locator("#loss-figure .earlier.line").count() == 0  # its loss is another one
