"""What README, CONTRIBUTING and docs/ name exists: links and their headings, files, modules, commands."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import typer.main

from byhand.cli.app import app
from byhand.cli.main import load_commands

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
from pages import write_pages  # noqa: E402

load_commands()
COMMANDS = set(typer.main.get_command(app).commands)
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
