"""What README, CONTRIBUTING and docs/ name exists: links and their headings, files, modules, commands."""

import importlib.util
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from byhand.cli.app import app
from byhand.cli.main import load_commands

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
from pages import write_pages  # noqa: E402
from terms import PICTURES, lines, with_pictures  # noqa: E402

load_commands()
COMMANDS = set(app.commands)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The pages that the site's build adds, in a folder of their own."""
    folder = tmp_path_factory.mktemp("made")
    write_pages(folder)
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_exists(page, made):
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", text):
        linked = (page.parent / target) if target else page
        if target.startswith("made/"):
            linked = made / Path(target).name
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), f"{target}#{anchor}"
    for path in re.findall(r"`((?:src|tests|bench|docs|examples)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
    for module in re.findall(r"python -m ((?:bench|tests|byhand)[\w.]*)", text):
        assert importlib.util.find_spec(module), module
    code = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S) + re.findall(r"`([^`\n]+)`", text)
    for command in re.findall(r"^(?:\$ )?byhand ([a-z][a-z-]*)", "\n".join(code), re.M):
        assert command in COMMANDS, command


def test_every_page_is_linked_from_the_readme_or_the_sites_contents():
    linked = (ROOT / "README.md").read_text(encoding="utf-8").replace("docs/", "")
    contents = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    names = {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"}
    in_contents = {
        line.strip() for tree in re.findall(r"```{toctree}(.*?)```", contents, re.S) for line in tree.split()
    }
    assert names - in_contents == set()  # the site's contents have all
    assert all(f"({name}.md)" in linked for name in ("index", "learn", "use", "reference", "results", "making"))


def test_each_term_of_the_glossary_has_its_picture():
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [row for row in with_pictures(page).splitlines() if row.startswith("| ") and not row.startswith("| term ")]
    assert [row.split(" |")[0][2:] for row in rows] == list(PICTURES)
    for row in rows:
        ElementTree.fromstring(row[row.index("<svg") : row.index("</svg>") + len("</svg>")])
    with pytest.raises(KeyError, match="perceptron"):
        with_pictures(page + "| perceptron | a neuron with a threshold | – |\n")


def test_curves_are_drawn_to_their_scale():
    drawn = lines(([0, 1, 2], [0, 3, 6]), ([0, 2], [6, 6]), across=1)  # 102 × 46 pixels inside a margin of 5
    assert 'points="5.0,51.0 56.0,28.0 107.0,5.0"' in drawn
    assert 'points="5.0,5.0 107.0,5.0"' in drawn
    assert "M56.0 5V51" in drawn
