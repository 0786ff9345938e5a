"""The review of forms with the keyboard: Enter confirms, Escape opens again, and what is done stays done."""


def test_fields_are_confirmed_with_the_keyboard(open_page):
    page = open_page("review")
    page.wait_for_selector("#review-fields li:nth-child(4)")
    assert page.is_visible("#review-link") and page.inner_text("#review-words") == "0 of 4 confirmed"
    inputs = page.locator("#review-fields input")
    assert [one.input_value() for one in inputs.all()] == ['12"', " 3", '12"', " 3"]
    assert page.evaluate("document.querySelector('#review-fields img').naturalWidth") == 50
    inputs.nth(0).fill("12")
    inputs.nth(0).press("Enter")
    page.wait_for_selector("#review-words:has-text('1 of 4 confirmed')")
    assert page.evaluate("document.activeElement === document.querySelectorAll('#review-fields input')[1]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#review-words:has-text('2 of 4 confirmed')")
    inputs.nth(0).press("Escape")
    page.wait_for_selector("#review-words:has-text('1 of 4 confirmed')")
    assert inputs.nth(0).input_value() == '12"'
    page.reload()
    page.wait_for_selector("#review-fields li:nth-child(3)")
    assert page.locator("#review-fields li").count() == 3  # what is confirmed does not come again
    for size in ({"width": 1440, "height": 900}, {"width": 390, "height": 844}):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    for _ in range(3):
        page.locator("#review-fields input:not(.seen)").first.press("Enter")
        page.wait_for_timeout(200)
    page.wait_for_selector("#review-end:not([hidden])")
    assert "byhand form correct" in page.inner_text("#review-end")
