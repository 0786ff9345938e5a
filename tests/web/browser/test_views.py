"""Every view, wide and narrow, in the light and the dark: nothing hangs over, and axe-core finds nothing serious."""

import pytest

from tests.web.browser.conftest import NARROW, SIZES, WIDE, rest

VIEWS = {
    "draw": "Draw a digit",
    "inside": "Look inside",
    "learn": "Watch it learn",
    "plane": "Playground",
    "make": "Networks that draw and write",
    "own": "Bring your own",
}


def show(page, view):
    page.click(f"nav a[href='#/{view}']")
    page.wait_for_selector(f"#{view}:not([hidden])")
    rest(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_hangs_over(open_page, scheme):
    page = open_page(color_scheme=scheme)
    for view, title in VIEWS.items():
        show(page, view)
        assert page.locator("h1:visible").all_inner_texts() == [title]
        assert page.get_attribute(f"nav a[href='#/{view}']", "aria-current") == "page"
        for size in SIZES:
            page.set_viewport_size(size)
            assert page.evaluate("document.documentElement.scrollWidth") == size["width"], view


def test_words_in_curves_can_be_read_at_every_width(open_page):
    page = open_page("learn")
    for size in (*SIZES, {"width": 1200, "height": 800}):
        page.set_viewport_size(size)
        heights = "texts => texts.map((text) => text.getBoundingClientRect().height)"
        found = page.eval_on_selector_all("#loss-figure text, #accuracy-figure text", heights)
        assert len(found) > 10 and min(found) > 11, size  # pixels of a line of 10


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["light", "dark"])
def test_axe_finds_nothing_serious(open_page, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="accessibility is tested with axe-core")
    page = open_page(viewport=size, color_scheme=scheme)
    for view in (*VIEWS, "class"):
        if view == "class":  # whose link is there only where others can reach the server
            page.evaluate("() => { location.hash = '#/class'; }")
            page.wait_for_selector("#class:not([hidden])")
        else:
            show(page, view)
        found = axe.Axe().run(page).response["violations"]
        serious = [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], view


def test_the_address_says_the_view(open_page):
    page = open_page("own")
    assert page.is_visible("#own") and not page.is_visible("#draw")
    page.click(".brand")
    assert page.is_visible("#draw") and page.url.endswith("#/draw")
    page.go_back()
    page.wait_for_selector("#own:not([hidden])")


def test_a_server_that_is_gone_is_said(open_page):
    page = open_page()
    page.route("**/api/v1/look*", lambda route: route.fulfill(status=503, json={"error": "The server is ending."}))
    page.click("#clear")
    page.click("#examples button:nth-child(4)")
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.inner_text("#trouble") == "The server is ending."
    assert all("503" in message for message in open_page.wrong)  # the browser notes it, too
    open_page.wrong.clear()
    page.unroute("**/api/v1/look*")
    page.click("#examples button:nth-child(4)")
    page.wait_for_selector("#trouble", state="hidden")
    assert page.inner_text("#verdict") == "3"
