"""Pages of the site that are made from byhand itself: its lessons, its commands, and its API."""

import os
from html import escape
from pathlib import Path

PYODIDE = os.environ.get(
    "BYHAND_PYODIDE", "../pyodide/"
)  # where the site's readers get Pyodide, as seen from a page in made/

MODULES = {  # title: the modules whose names the page lists
    "Networks": ["byhand.network"],
    "Layers": ["byhand.layers"],
    "Losses": ["byhand.losses"],
    "Optimisers and schedules": ["byhand.optimizers", "byhand.schedules"],
    "Initialisers and regularisers": ["byhand.initializers", "byhand.regularizers"],
    "Training": ["byhand.training"],
    "Data": ["byhand.data"],
    "Metrics": ["byhand.metrics"],
    "Diagnosis and tuning": ["byhand.diagnosis", "byhand.tuning"],
    "Generating": ["byhand.generating"],
    "Reading": ["byhand.reading.reader", "byhand.reading.reading", "byhand.documents.batch"],
    "Plots": ["byhand.plots"],
    "scikit-learn's interface": ["byhand.interop.estimators", "byhand.interop.base"],
    "Files": ["byhand.storage", "byhand.core.config"],
    "Writing layers": ["byhand.layers.base", "byhand.core.plan", "byhand.core.passes", "byhand.testing"],
    "Errors": ["byhand.core.errors"],
}

# What scikit-learn adds to its estimators, whose descriptions refer to its own documentation.
LEFT_OUT = "   :exclude-members: set_fit_request, set_partial_fit_request, set_score_request, set_predict_request\n"


def write_pages(folder: Path) -> None:
    """Write them into `folder`, those only that changed, so that the others need not be built again."""
    folder.mkdir(exist_ok=True)
    _write(folder / "lessons.md", _lessons())
    _write(folder / "command-help.md", _commands())
    names = [_write(folder / f"api-{_slug(title)}.md", _api(title, modules)) for title, modules in MODULES.items()]
    _write(folder / "api.md", "# API\n\n```{toctree}\n" + "\n".join(names) + "\n```\n")


def _lessons() -> str:
    from byhand.lessons import CHAPTERS, lessons
    from byhand.lessons.program import exercise_program, lesson_program

    known = lessons()
    parts = [
        "# Lessons",
        "What each lesson prints; `byhand lesson NAME` prints it for you, `--plot FOLDER` draws its picture, and "
        "`--exercise` asks questions with fresh numbers. Under *Try it* is a program that you can change and run here, "
        "in the browser.",
    ]
    for chapter, names in CHAPTERS.items():
        parts.append(f"## {chapter}")
        for name in (name for name in names if name in known):
            lesson = known[name]
            after = (
                f" After {', '.join(f'[{other}](#{other})' for other in lesson.requires)}." if lesson.requires else ""
            )
            about = f"{lesson.title}. About {lesson.minutes} minutes.{after}"
            parts += [f"### {name}", about, _output(f"byhand lesson {name}")]
            if lesson.needs is None:  # the browser has no data sets
                parts.append(try_it("Try it: change the lesson's program", lesson_program(lesson)))
            parts.append(f"Practise it with fresh numbers: `byhand lesson {name} --exercise`.")
            parts.append(try_it("Try it: write answers between the quotes", exercise_program(name)))
    parts.append(TRY_IT_SCRIPT)
    return "\n\n".join(parts) + "\n"


def try_it(title: str, program: str) -> str:
    """A program that the reader can change and run; what it prints is shown below it."""
    rows = min(program.count("\n") + 1, 25)
    return f"""````{{raw}} html
<details class="try-it"><summary>{escape(title)}</summary>
<textarea rows="{rows}" spellcheck="false" aria-label="{escape(title)}">
{escape(program)}</textarea>
<button type="button" hidden>Run</button>
<output></output>
</details>
````"""


TRY_IT_SCRIPT = f"""```{{raw}} html
<link rel="stylesheet" href="../_static/try.css">
<script type="module">
import {{ tryIt }} from "../_static/try.js";
tryIt({{ pyodide: "{PYODIDE}", wheel: "../_static/byhand.whl" }});
</script>
```"""


def _commands() -> str:
    from byhand.cli.app import app
    from byhand.cli.main import load_commands

    load_commands()
    parts = ["# The help of every command"]
    for name, command in sorted(app.commands.items()):
        for words in [f"{name} {inner}" for inner in getattr(command, "commands", {})] or [name]:
            parts += [f"## byhand {words}", _output(f"byhand {words} --help")]
    return "\n\n".join(parts) + "\n"


def _api(title: str, modules: list[str]) -> str:
    from importlib import import_module

    parts = [f"# {title}"]
    for name in modules:
        imported = "   :imported-members:\n" if hasattr(import_module(name), "__all__") else ""
        parts.append(
            f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n   :show-inheritance:\n{imported}{LEFT_OUT}```"
        )
    return "\n\n".join(parts) + "\n"


def _output(command: str) -> str:
    return f"```{{eval-rst}}\n.. program-output:: {command}\n   :shell:\n```"


def _slug(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower())


def _write(path: Path, text: str) -> str:
    """Write a page; returns its name without the ending."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path.stem
