"""A server from source, and Chromium to look at its page; both once a session."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import byhand

ROOT = Path(__file__).parents[3]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 740}
SIZES = [WIDE, {"width": 1024, "height": 768}, {"width": 390, "height": 844}, NARROW]  # a projector, telephones


@pytest.fixture(scope="session")
def address():
    """Where the server listens."""
    for library in ("starlette", "uvicorn"):
        pytest.importorskip(library, reason=f"byhand serve is tested where {library} is: pip install '.[dev]'")
    command = [sys.executable, "-m", "tests.web.browser.serve"]
    source = str(Path(byhand.__file__).parents[1])
    with subprocess.Popen(
        command, cwd=ROOT, env={"PYTHONPATH": f"{source}:{ROOT}"}, stderr=subprocess.PIPE, text=True
    ) as server:
        line = server.stderr.readline()
        found = re.search(r"http://[\d.]+:\d+", line)
        assert found, line + server.stderr.read()
        yield found[0]
        server.terminate()


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="the page is tested where playwright is installed")
    if not CHROMIUM:
        pytest.skip("the page is tested where Chromium is installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, address):
    """Open the page: open_page(view, **options of the browser's context).

    Afterwards nothing may have been asked of another host, and nothing may stand in the console.
    """
    contexts, wrong = [], []

    def elsewhere(route):
        wrong.append(f"asked for {route.request.url}")
        route.abort()

    def open_it(view="draw", **options):
        context = chromium.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **options})
        contexts.append(context)
        context.route(lambda url: not url.startswith((address, "data:", "blob:")), elsewhere)
        page = context.new_page()
        page.set_default_timeout(45_000)
        page.on("console", lambda message: message.type in ("error", "warning") and wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(error.stack))
        page.goto(f"{address}/#/{view}")
        page.wait_for_selector("#main[aria-busy=false]")
        rest(page)
        return page

    open_it.wrong = wrong
    yield open_it
    for context in contexts:
        context.close()
    assert wrong == []


def rest(page):
    """Wait until the page has read what is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_selector("#reading[aria-busy=false]", state="attached")
