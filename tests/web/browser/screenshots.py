"""Pictures of the page for README and docs: `python -m tests.web.browser.screenshots OUT` writes OUT/serve-*.png.

It starts `byhand serve`, draws, looks inside, trains and brings a photo in Chromium (Debian's package, or any in the
path; the library is `pip install playwright`), and takes a picture of each view.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from byhand.handwriting.glyphs import drawn_writers
from byhand.handwriting.page import draw_page

TRAINED = "runs => document.querySelector('#runs').textContent.split('finished').length > runs"


@contextmanager
def server(models: list[str]) -> Iterator[str]:
    """Where a server with these networks listens."""
    command = [sys.executable, "-m", "byhand", "serve", "--port", "0", "--no-browser"]
    command += [part for model in models for part in ("--model", model)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        found = re.search(r"http://[\d.]+:\d+", process.stderr.readline())
        if not found:
            raise SystemExit(process.stderr.read())
        yield found[0]
        process.terminate()


def photo() -> bytes:
    """Two rows of digits on paper, drawn by the project."""
    rng = np.random.default_rng(2)
    page = draw_page(["40713", "1985"], drawn_writers(1, rng)[0], rng, (600, 880))
    png = BytesIO()
    Image.fromarray(page.picture).save(png, "PNG")
    return png.getvalue()


def rest(page: Page) -> None:
    page.wait_for_timeout(300)
    page.wait_for_selector("#reading[aria-busy=false]", state="attached")
    page.mouse.move(0, 0)


def draw(page: Page) -> None:
    page.wait_for_timeout(3000)  # until the server has loaded what a reading needs
    for digit in (1, 7):
        page.click(f"#examples button:nth-child({digit + 1})")
        rest(page)


def inside(page: Page) -> None:
    page.wait_for_selector("#unit[aria-busy=false]")


def convolutions(page: Page) -> None:
    page.check("input[value=small-conv]", force=True)
    rest(page)


def learn(page: Page) -> None:
    for runs, learning_rate in enumerate(("0.5", "0.05"), 1):
        page.fill("[name=learning_rate]", learning_rate)
        page.click("button[name=start]")
        page.wait_for_function(TRAINED, arg=runs, timeout=300_000)
    page.wait_for_selector("#back:enabled")  # its recorded steps, and what it says of the drawing, are there
    rest(page)


def plane(page: Page) -> None:
    page.select_option("#plane-settings [name=data]", "spiral")
    for name, value in {"hidden": "8 8", "learning_rate": "0.03", "noise": "0.1"}.items():
        page.fill(f"#plane-settings [name={name}]", value)
    page.select_option("#plane-settings [name=optimizer]", "adam")
    page.fill("#plane-speed", "6")
    page.click("#plane-play")
    page.wait_for_function("() => Number(document.querySelector('#plane-words').textContent.match(/\\d+/)[0]) >= 2000")
    page.click("#plane-play")


def own(page: Page) -> None:
    for count, digit in enumerate((7, 4, 2), 1):
        page.click("nav a[href='#/draw']")
        page.click(f"#examples button:nth-child({digit + 1})")
        page.click("nav a[href='#/own']")
        rest(page)
        page.click(f"#labels button:nth-child({digit + 1})")
        page.wait_for_selector(f"#samples li:nth-child({count})")
    page.click("nav a[href='#/draw']")
    page.click("#examples button:nth-child(6)")
    page.click("nav a[href='#/own']")
    rest(page)
    page.set_input_files("#photo-file", {"name": "photo.png", "mimeType": "image/png", "buffer": photo()})
    page.wait_for_selector("#photo:not([hidden])")


def family(kind: str) -> Callable[[Page], None]:
    """Look inside the last network that has attention, or states."""

    def show(page: Page) -> None:
        ids = [m["id"] for m in page.request.get("/api/v1/models").json()["models"] if kind in m["inside"]]
        page.check(f"input[value='{ids[-1]}']", force=True)
        page.wait_for_selector(f"#{kind}:not([hidden])")
        rest(page)

    return show


VIEWS = {"draw": draw, "inside": inside, "convolutions": convolutions, "learn": learn, "plane": plane, "own": own}
FAMILIES = {"attention": family("attention"), "states": family("states"), "make": rest}  # of networks that are named
INSIDE = ("convolutions", "attention", "states")
PARTS = {"attention": "#attention", "states": "#states", "make": "#make-images"}  # where the picture shows one section


def small(png: bytes) -> Image.Image:
    """A picture in 256 colours, the page's own among them."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    found = picture.quantize(256, Image.Quantize.MAXCOVERAGE)
    palette, corner = found.getpalette() or [], 3 * found.getpixel((2, 2))
    palette[corner : corner + 3] = picture.getpixel((2, 2))
    found.putpalette(palette)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="the folder that the pictures go into")
    parser.add_argument("--dark", action="store_true", help="in the dark")
    parser.add_argument("--only", choices=VIEWS | FAMILIES, help="one view")
    parser.add_argument(
        "--width", type=int, default=1440, help="of the window: 1440, 1024 (a projector), 390 (a telephone)"
    )
    parser.add_argument("--model", action="append", default=[], help="a network of a further family, and its view")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    size = {"width": options.width, "height": 900 if options.width > 500 else 844}
    browser_file = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with server(options.model) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_file, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=address, viewport=size, color_scheme="dark" if options.dark else "light", reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("#main[aria-busy=false]")
        for name, prepare in (VIEWS | (FAMILIES if options.model else {})).items():
            if options.only not in (None, name):
                continue
            page.click(f"nav a[href='#/{'inside' if name in INSIDE else name}']")
            rest(page)
            prepare(page)
            path = options.out / f"serve-{name}.png"
            part = PARTS.get(name)
            png = page.locator(part).screenshot() if part else page.screenshot(full_page=True)
            small(png).save(path, optimize=True)
            print(path)
        browser.close()


if __name__ == "__main__":
    main()
