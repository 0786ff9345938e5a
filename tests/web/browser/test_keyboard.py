"""The page by keys alone."""

from tests.web.browser.conftest import rest

FOCUS = "() => { const it = document.activeElement; return it.id || it.getAttribute('aria-label') || it.textContent; }"


def tab_to(page, wanted, most=60):
    for _ in range(most):
        if page.evaluate(FOCUS) == wanted:
            return
        page.keyboard.press("Tab")
        assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none", "focus unseen"
    raise AssertionError(f"{wanted} is not reached")


def test_a_digit_is_drawn_undone_and_read_aloud(open_page):
    page = open_page()
    tab_to(page, "clear")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUS) == "sheet"
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(6):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Space")
    rest(page)
    assert page.inner_text("#verdict") == "1"
    page.wait_for_function("() => document.querySelector('#status').textContent.startsWith('Reads 1')")
    for key in ("Space", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowUp", "Space"):
        page.keyboard.press(key)
    rest(page)
    page.keyboard.press("Backspace")
    rest(page)
    assert page.inner_text("#verdict") == "1" and page.is_hidden("#sheet-hint")
    page.keyboard.press("Delete")
    rest(page)
    assert page.inner_text("#verdict") == "–" and page.is_visible("#sheet-hint")


def test_an_example_is_chosen(open_page):
    page = open_page()
    tab_to(page, "Write a 4")
    page.keyboard.press("Enter")
    rest(page)
    assert page.inner_text("#verdict") == "4"


def test_every_control_is_reached(open_page):
    page = open_page()
    page.evaluate("() => document.addEventListener('focusin', (event) => { event.target.dataset.reached = 1; })")
    for view in ("draw", "inside", "learn", "plane", "own"):
        page.click(f"nav a[href='#/{view}']")
        rest(page)
        controls = page.locator(f"#{view} :is(button, a[href], input, select, [tabindex='0']):visible:enabled")
        for _ in range(controls.count() + 14):  # those of the head come first
            page.keyboard.press("Tab")
        missed = controls.evaluate_all(
            "all => all.filter((it) => !it.dataset.reached && it.type !== 'radio' && it.className !== 'rest')"
            ".map((it) => it.outerHTML)"
        )
        assert missed == [], view  # of radio buttons one, the others by its arrow keys; .rest is made anew as one tabs


def test_the_skip_link(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "Skip to the page"
