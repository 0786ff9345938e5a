"""How Sphinx builds the site: `make docs`. Lessons, commands and the API are written from byhand itself."""

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from pages import write_pages
from terms import with_pictures

from byhand import __version__

HERE = Path(__file__).parent
os.environ |= {
    "COLUMNS": "92",
    "NO_COLOR": "1",
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
}

project, author, copyright, release = "byhand", "the byhand authors", "the byhand authors", __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinxcontrib.programoutput"]
exclude_patterns = ["pages.py", "terms.py", "conf.py"]
html_theme, html_title, html_static_path = "furo", "byhand", ["static"]
html_css_files = ["site.css"]
html_show_copyright = html_show_sphinx = html_copy_source = html_show_sourcelink = False
myst_heading_anchors = 4
suppress_warnings = ["myst.strikethrough"]
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
strip_signature_backslash = True  # napoleon writes classes\\_ for classes_
programoutput_use_ansi = False
nitpicky = False

PROJECT_LINK = re.compile(r"\[([^\]]+)\]\(\.\./(?!docs)([^)\s]*)\)")  # to a file outside docs/
PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changes.md"}


def keep_links_inside(app, docname, source):
    """Links to files that the site does not have become their names; those to pages that it has stay links.

    The glossary gets its pictures.
    """

    def inside(match):
        name, _, anchor = match[2].partition("#")
        return f"[{match[1]}]({PAGES[name]}{'#' + anchor if anchor else ''})" if name in PAGES else match[1]

    source[0] = PROJECT_LINK.sub(inside, source[0])
    if docname == "glossary":
        source[0] = with_pictures(source[0])
    if docname in ("contributing", "changes"):
        name = {page: name for name, page in PAGES.items()}[f"{docname}.md"]
        text = (HERE.parent / name).read_text(encoding="utf-8")
        text = re.sub(r"\]\(docs/", "](", text)
        source[0] = re.sub(r"\[([^\]]+)\]\((?:README\.md|LICENSE|src/|tests/|bench/|examples/)[^)]*\)", r"\1", text)


def plain_text(app, what, name, obj, options, lines):
    """Docstrings are plain text with Google's sections: stars, bars and underscores mean themselves.

    Indented equations keep their lines.
    """
    example = equations = False
    text = [line for line in lines if line.strip()]
    base = min((len(line) - len(line.lstrip()) for line in text), default=0)
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        example = line.lstrip().startswith((">>>", "...")) or (example and bool(line.strip()))
        equations = indent >= base + 4 and (equations or (i > 0 and not lines[i - 1].strip()))
        if not example:
            parts = re.split(r"(``[^`]+``|`[^`]+`|^\s*\w+_: )", line)
            parts[::2] = [re.sub(r"([*|\\]|_\b)", r"\\\1", part) for part in parts[::2]]
            lines[i] = "".join(parts)
            if equations and line.strip():
                lines[i] = " " * indent + "| " + lines[i].lstrip()


def setup(app):
    """Write the pages that are made, then hear of every page and docstring."""
    app.connect("builder-inited", lambda app: write_pages(HERE / "made"))
    app.connect("source-read", keep_links_inside)
    app.connect("autodoc-process-docstring", plain_text, priority=400)
