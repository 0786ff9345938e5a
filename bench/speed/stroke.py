"""From the pen to the answer: digits are drawn on the page in Chromium, and the page's own clock is read.

    .venv/bin/python -m bench.speed.stroke [--digits 40] [--model dense]

Each digit is drawn with a mouse that moves once in a frame of a display with 60 frames a second. Two times are told:
from the pen's last movement until the page shows what it makes of the whole drawing, and the time that the page itself
writes below its answer. Needs Chromium and `pip install playwright`.
"""

import argparse
import os
import shutil

import numpy as np
from playwright.sync_api import Page, sync_playwright

from bench.speed.serve import a_server
from byhand.web.examples import examples

FRAME = 1000 / 60  # milliseconds between two movements
TOP, HEIGHT = 0.16, 0.68  # of a digit on the sheet
EVERY = 3  # of a hand's points: about 20 movements a digit
WATCH = """() => {
  window.strokes = [];
  let moved = 0;
  const sheet = document.querySelector("#sheet");
  for (const kind of ["pointerdown", "pointermove"])
    sheet.addEventListener(kind, (event) => { if (event.buttons) moved = event.timeStamp; }, true);
  new MutationObserver(() => window.strokes.push([moved, performance.now() - moved]))
    .observe(document.querySelector("#verdict-time"), { childList: true, characterData: true, subtree: true });
}"""


def draw(page: Page, strokes: list[list[list[float]]]) -> tuple[float, float, str]:
    """Draw a digit; the two times in milliseconds, and what the page reads."""
    page.click("#clear")
    page.wait_for_selector("#reading[aria-busy=false]", state="attached")
    box = page.locator("#sheet").bounding_box()
    assert box
    page.evaluate("window.strokes.length = 0")
    for stroke in strokes:
        places = [(box["x"] + box["width"] / 2 + x * box["height"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in [*places[1:-1:EVERY], places[-1]]:
            page.mouse.move(*place)
            page.wait_for_timeout(FRAME)
        page.mouse.up()
    page.wait_for_timeout(400)
    page.wait_for_selector("#reading[aria-busy=false]", state="attached")
    words = page.locator("#verdict-time").text_content() or ""
    told = "".join(sign for sign in words if sign.isdigit())
    return (
        page.evaluate("window.strokes.at(-1)[1]"),
        float(told or "nan"),
        page.locator("#verdict").text_content() or "",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--digits", type=int, default=40)
    parser.add_argument("--model", default="dense", help="the network that looks at the drawing")
    parser.add_argument("--workers", type=int, default=0)
    options = parser.parse_args()
    browser_file = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with a_server(options.workers) as port, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_file, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page.add_init_script(f"localStorage.setItem('byhand-model', JSON.stringify('{options.model}'))")
        page.goto(f"http://127.0.0.1:{port}/#/draw")
        page.wait_for_selector("#main[aria-busy=false]")
        page.wait_for_timeout(1500)
        page.evaluate(WATCH)
        hands = [examples(n // 10)[str(n % 10)] for n in range(options.digits)]
        hands = [[[(x * HEIGHT, TOP + y * HEIGHT) for x, y in stroke] for stroke in strokes] for strokes in hands]
        found = [draw(page, strokes) for strokes in hands]
        browser.close()
    stroke, drawing = (np.array([times[k] for times in found]) for k in (0, 1))
    right = sum(text == str(n % 10) for n, (_, _, text) in enumerate(found))
    print(
        f"{len(found)} digits, looked at by {options.model}: from the last movement to the answer a median of "
        f"{np.median(stroke):.0f} ms, 90 % within {np.quantile(stroke, 0.9):.0f} ms; on the page's own clock "
        f"{np.nanmedian(drawing):.0f} ms. {right} read as what they are; load {os.getloadavg()[0]:.1f}."
    )


if __name__ == "__main__":
    main()
