"""byhand diagnose."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from byhand.cli.app import PATH, app, json_option
from byhand.cli.output import print_json

if TYPE_CHECKING:
    from byhand.diagnosis import Record

NO_PROBLEMS = {True: "Nothing seems wrong.", False: "The curves show nothing wrong."}  # by whether more was measured


@app.command(epilog="Example:  byhand diagnose runs/dense-1 --plot health.png")
@click.argument("run", type=PATH, help="A run folder, or its history.csv.")
@click.option("--plot", type=PATH, help="Plot gradients, dead and saturated units, and losses into this file.")
@json_option
def diagnose(run: Path, plot: Path | None, json: bool) -> None:
    """Report what went wrong in a training and what to try, most serious problems first."""
    from textwrap import fill

    from byhand.diagnosis import diagnose as examine
    from byhand.diagnosis import read_run
    from byhand.diagnosis.findings import hint, outcome, unknown
    from byhand.diagnosis.problem import WORDS

    record = read_run(run)
    problems = examine(record)
    if plot:
        draw_record(record, plot)
    if json:
        facts = {"run": str(run), "measured": record.measured, "outcome": outcome(record)}
        print_json(facts | {"problems": [problem.as_dict() for problem in problems]})
        return
    print(fill(f"{run}: {outcome(record)}", 100))
    for number, problem in enumerate(problems, 1):
        print(f"\n{number}. {problem.name[0].upper()}{problem.name[1:]} ({WORDS[problem.severity]})")
        for text in (problem.seen, f"Try: {problem.advice}"):
            print(fill(text, 100, initial_indent="   ", subsequent_indent="   "))
    if not problems:
        print(fill(f"{NO_PROBLEMS[record.measured]} {hint(record)}".strip(), 100))
    for text in [unknown(record)] * (not record.measured) + [f"Drawn into {plot}."] * (plot is not None):
        print("\n" + fill(text, 100))


def draw_record(record: "Record", path: Path) -> None:
    """Plot the measurements into a file."""
    from byhand import plots

    gradients = {record.label(number): column for number, column in record.of("gradient").items()}
    idle = {record.label(n): column for what in ("dead", "saturated") for n, column in record.of(what).items()}
    plots.save(plots.diagnosis(record.history, record.columns.get("epoch", []), gradients, idle), path)
