"""The class: names, everybody's runs, and deleting."""

from tests.web.browser.test_learning import ENDED, choose


def test_a_name_shows_the_runs_and_everything_can_be_deleted(open_page):
    page = open_page("learn")
    choose(page, hidden="4", epochs=1, images=100)
    page.click("button[name=start]")
    page.wait_for_function(ENDED)
    page.goto(f"{page.url.split('#')[0]}#/class")
    page.wait_for_selector("#class-people li li")  # one's own run, without a name
    page.fill("#class-name input", "Ada")
    page.press("#class-name input", "Enter")
    page.wait_for_selector("#class-people h3:has-text('Ada (you)')")
    other = open_page("class", viewport={"width": 390, "height": 844})
    other.wait_for_selector("#class-people h3:has-text('Ada')")
    assert "784-4-10" in other.inner_text("#class-people") and "finished" in other.inner_text("#class-people")
    assert other.locator("#class-people button:has-text('Delete')").count() == 0
    assert other.is_hidden("#class-teacher") and other.is_hidden("#class-join")
    assert other.evaluate("document.documentElement.scrollWidth") == 390
    other.click("#class-people button:has-text('Look inside')")
    other.wait_for_function("() => document.querySelector('#network').textContent.includes('4 units')")
    other.close()
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#class-people button:has-text('Delete everything')")
    page.wait_for_function("() => !document.querySelector('#class-people li')")
    assert page.evaluate("async () => (await (await fetch('api/v1/trainings')).json()).trainings.length") == 0
