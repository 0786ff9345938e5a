"""What one brings along: a photo, and drawings as samples."""

from io import BytesIO

import numpy as np
from PIL import Image

from byhand import Network
from byhand.digits.drawn import draw_digit
from tests.web.browser.conftest import rest
from tests.web.browser.hands import draw, strokes


def photo(digit, size=300):
    png = BytesIO()
    Image.fromarray(draw_digit(digit, np.random.default_rng(5), size, form=0)).save(png, "PNG")
    return {"name": "photo.png", "mimeType": "image/png", "buffer": png.getvalue()}


def test_a_photo_is_found_cut_and_read(open_page):
    page = open_page("own")
    page.set_input_files("#photo-file", photo(3))
    page.wait_for_selector("#photo:not([hidden])")
    assert page.inner_text("#photo-text") == "3"
    page.wait_for_function("() => document.querySelector('#photo-image').complete")
    frame, mark = (page.locator(f"#photo-{name}").bounding_box() for name in ("image", "boxes i"))
    assert frame["x"] < mark["x"] and mark["x"] + mark["width"] < frame["x"] + frame["width"]
    assert 0.3 < mark["height"] / frame["height"] < 0.9
    assert page.locator("#photo-digits canvas").count() == 1


def test_a_photo_is_dropped(open_page):
    page = open_page("own")
    transfer = page.evaluate_handle(
        """bytes => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(bytes)], "photo.png", { type: "image/png" }));
          return transfer;
        }""",
        list(photo(8)["buffer"]),
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("#photo:not([hidden])")
    assert page.inner_text("#photo-text") == "8"


def test_what_is_no_photo_is_refused(open_page):
    page = open_page("own")
    page.set_input_files("#photo-file", {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.inner_text("#trouble").endswith(".") and page.is_hidden("#photo")
    open_page.wrong.clear()  # the browser notes the refusal, too


def test_samples_are_labelled_learnt_and_taken_home(open_page, tmp_path):
    page, rng = open_page("own"), np.random.default_rng(1)
    for count, digit in enumerate((4, 2), 1):
        page.click("#own-clear")
        draw(page, strokes(digit, rng), "#own-sheet")
        rest(page)
        page.click(f"#labels button:nth-child({digit + 1})")
        page.wait_for_selector(f"#samples li:nth-child({count})")
    page.locator("#samples select").last.select_option("7")
    page.wait_for_selector("#samples-words:has-text('× 7')")
    with page.expect_download() as download:
        page.click("#samples-file")
    download.value.save_as(tmp_path / "samples.npz")
    with np.load(tmp_path / "samples.npz") as file:
        assert sorted(file["y_train"].tolist()) == [4, 7] and file["x_train"].shape == (2, 28, 28)
        assert file["x_train"].max() > 200
    page.click("#finetune")
    page.wait_for_selector("#tuned-model:not([hidden])", timeout=20_000)
    assert "of your 2 samples" in page.inner_text("#finetune-words")
    with page.expect_download() as download:
        page.click("#tuned-model")
    download.value.save_as(tmp_path / "mine.safetensors")
    assert Network.load(tmp_path / "mine.safetensors").input_shape == (784,)
    page.click("#samples button")
    page.wait_for_selector("#samples-words:has-text('1 sample')")
    page.click("#forget")
    page.wait_for_selector("#samples-words:has-text('No samples')")
