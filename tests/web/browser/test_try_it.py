""" "Try it" on the site's pages of lessons: programs are changed, run and stopped, with a stand-in for Pyodide."""

import http.server
import re
import shutil
import sys
import threading
from functools import partial

import pytest

from tests.web.browser.conftest import ROOT

sys.path.insert(0, str(ROOT / "docs"))
from pages import TRY_IT_SCRIPT, try_it

STAND_IN = """
export async function loadPyodide({ indexURL }) {
  let say, wheel, runs = 0;
  return {
    loadPackage: async () => {},
    runPython() {},
    unpackArchive(archive, kind) { wheel = `${kind} of ${archive.byteLength} bytes`; },
    setStdout({ batched }) { say = batched; },
    setStderr() {},
    globals: { get: () => (program) => {
      say(`run ${++runs} at ${indexURL} with a ${wheel}`);
      if (program.includes("while True")) for (;;);
      say(program);
    } },
  };
}
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing."""


def html(block):
    """What stands between the fences of a raw block."""
    return re.fullmatch(r"`+\{raw\} html\n(.*)\n`+", block, re.S)[1]


@pytest.fixture
def site(tmp_path):
    """A folder with one page of two programs, and the address at which it is served."""
    (tmp_path / "made").mkdir()
    programs = [html(try_it("First", "print('<b>')\n")), html(try_it("Second", "while True:\n    pass\n"))]
    (tmp_path / "made/lessons.html").write_text("<!doctype html>" + "\n".join([*programs, html(TRY_IT_SCRIPT)]))
    shutil.copytree(ROOT / "docs/static", tmp_path / "_static")
    (tmp_path / "_static/byhand.whl").write_bytes(b"12345")
    (tmp_path / "pyodide").mkdir()
    (tmp_path / "pyodide/pyodide.mjs").write_text(STAND_IN)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(chromium, site):
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{site[1]}/made/lessons.html")
    for summary in page.locator("summary").all():
        summary.click()
    yield page
    context.close()


def run_and_read(page, number):
    """Press the button of a program; its output when it has ended."""
    place = page.locator(".try-it").nth(number)
    place.locator("button").click()
    place.locator("button", has_text=re.compile("^Run$")).wait_for()
    return place.locator("output").text_content().strip()


def test_a_program_is_changed_and_run_again_in_the_same_python(page, site):
    assert run_and_read(page, 0) == f"run 1 at {site[1]}/pyodide/ with a wheel of 5 bytes\nprint('<b>')"
    page.locator("textarea").first.fill("print(2)")
    assert run_and_read(page, 0) == f"run 2 at {site[1]}/pyodide/ with a wheel of 5 bytes\nprint(2)"


def test_an_endless_program_is_stopped_and_python_starts_anew(page):
    place = page.locator(".try-it").nth(1)
    place.locator("button").click()
    place.locator("output", has_text="run 1").wait_for()
    assert place.locator("button").inner_text() == "Stop"
    assert page.locator("button").first.is_disabled()
    place.locator("button").click()
    assert run_and_read(page, 0).startswith("run 1 at ")


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("pyodide/pyodide.mjs", "Pyodide cannot be reached at {}/pyodide/."),
        ("_static/byhand.whl", "byhand's wheel cannot be reached at {}/_static/byhand.whl."),
    ],
)
def test_what_cannot_be_reached_is_said_in_one_sentence(page, site, missing, says):
    file = site[0] / missing
    content = file.read_bytes()
    file.unlink()
    wanted = f"{says.format(site[1])} In a terminal the program runs after: pip install byhand"
    assert run_and_read(page, 0) == wanted
    file.write_bytes(content)


def test_without_scripts_the_program_is_there_to_be_copied(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site[1]}/made/lessons.html")
    page.locator("summary").first.click()
    assert page.locator("textarea").first.input_value() == "print('<b>')\n"
    assert not page.locator("button").first.is_visible()
    context.close()
