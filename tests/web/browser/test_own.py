"""What one brings along: a photo, and drawings as samples."""

from io import BytesIO

import numpy as np
from PIL import Image

from byhand import Network
from byhand.handwriting.glyphs import drawn_writers
from byhand.handwriting.page import draw_page
from tests.web.browser.conftest import rest
from tests.web.browser.hands import draw, strokes


def photo(*labels):
    """A photo of rows of digits; where their ink stands in it."""
    rng = np.random.default_rng(2)
    page = draw_page(labels, drawn_writers(1, rng)[0], rng, (300, 440), shadow=0.1)
    png = BytesIO()
    Image.fromarray(page.picture).save(png, "PNG")
    return {"name": "photo.png", "mimeType": "image/png", "buffer": png.getvalue()}, page.boxes


def test_a_photo_is_found_cut_and_read(open_page):
    page = open_page("own")
    file, boxes = photo("40713", "1985")
    page.set_input_files("#photo-file", file)
    page.wait_for_selector("#photo:not([hidden])")
    assert page.inner_text("#photo-text") == "40713\n1985"
    assert page.locator("#photo-digits canvas").count() == 9
    page.wait_for_function("() => document.querySelector('#photo-image').complete")
    frame = page.locator("#photo-image").bounding_box()
    marks = [mark.bounding_box() for mark in page.locator("#photo-boxes i").all()]
    scale = frame["width"] / 440
    for row, (left, top, right, bottom) in zip((marks[:5], marks[5:]), boxes, strict=True):
        found = (row[0]["x"], row[-1]["x"] + row[-1]["width"])
        np.testing.assert_allclose(found, frame["x"] + scale * np.array([left, right]), atol=8)
        assert all(frame["y"] + scale * top - 8 < m["y"] < frame["y"] + scale * bottom for m in row)


def test_an_example_photo(open_page):
    page = open_page("own")
    page.click("#photo-example")
    page.wait_for_selector("#photo:not([hidden])")
    assert len(page.inner_text("#photo-text").split("\n")) == 2


def test_a_photo_is_dropped(open_page):
    page = open_page("own")
    transfer = page.evaluate_handle(
        """bytes => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(bytes)], "photo.png", { type: "image/png" }));
          return transfer;
        }""",
        list(photo("8")[0]["buffer"]),
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
    page.wait_for_selector("#tuned-model:not([hidden])")
    assert "of your 2 samples" in page.inner_text("#finetune-words")
    with page.expect_download() as download:
        page.click("#tuned-model")
    download.value.save_as(tmp_path / "mine.safetensors")
    assert Network.load(tmp_path / "mine.safetensors").input_shape == (784,)
    page.click("#samples button")
    page.wait_for_selector("#samples-words:has-text('1 sample')")
    page.click("#forget")
    page.wait_for_selector("#samples-words:has-text('No samples')")
