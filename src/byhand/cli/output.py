"""How the commands print: tables for people, JSON lines for programs."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from byhand.recipes import Run
    from byhand.training import Evaluation, RegressionEvaluation


def print_json(record: Any) -> None:
    """Print an object as one line of JSON."""
    print(json.dumps(record, ensure_ascii=False, allow_nan=False))


def make_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> "Table":
    """A table; the first `left` columns are left-aligned, the others right-aligned."""
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for i, header in enumerate(headers):
        table.add_column(header, justify="left" if i < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> None:
    """Print a table; see `make_table`."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # a file or a pipe has no width to keep to
    console.print(make_table(title, headers, rows, left))


def percent(value: float | None, digits: int = 2) -> str:
    """0.9274 → "92.74 %"; an en dash for None."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def print_run(run: "Run") -> None:
    """Print the figures of a run."""
    from byhand.training import RegressionEvaluation

    outcome, test = run.outcome, run.outcome.test
    rows = [("train", outcome.train), ("validation", outcome.validation)]
    if isinstance(test, RegressionEvaluation):
        rows += [("test", test.r2)]
        print_table("R²", ("data", "explained"), [(name, percent(value)) for name, value in rows if value is not None])
        label = run.dataset.table.label.name if run.dataset.table else "the label"
        print(f"Test rows: {errors_in_words(test, label)}.")
        return
    rows += [("test", test.accuracy)] if test else []
    print_table("Accuracy", ("data", "accuracy"), [(name, percent(value)) for name, value in rows if value is not None])
    if test:
        print_scores(test, run.dataset.classes)
        per_epoch = sorted(outcome.history["seconds"])[outcome.history.epochs // 2]
        print(
            f"{outcome.seconds:.1f} s of training, {per_epoch:.3f} s an epoch; one image takes "
            f"{1e6 * test.seconds_per_image:.0f} µs, {test.samples:,} together "
            f"{1e3 * test.seconds_per_batch:.0f} ms."
        )


def errors_in_words(result: "RegressionEvaluation", label: str) -> str:
    """How far predicted numbers are from the true ones, in a line."""
    return (
        f"{label} is predicted with a mean absolute error of {_amount(result.mae)} (root mean squared error "
        f"{_amount(result.rmse)}), R² {result.r2:.3f}, loss {result.loss:.4g}; {result.samples:,} rows"
    )


def _amount(value: float) -> str:
    """26380.4 → "26,380", 0.07886 → "0.07886"."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def print_scores(result: "Evaluation", classes: tuple[str, ...]) -> None:
    """Print precision, recall and F1 for each class and averaged."""
    s = result.scores
    names = classes if len(classes) == len(s.support) else tuple(map(str, range(len(s.support))))
    rows: list[tuple[str, ...]] = [
        (name, percent(s.precision[i]), percent(s.recall[i]), percent(s.f1[i]), f"{s.support[i]:,}")
        for i, name in enumerate(names)
    ]
    total = f"{result.samples:,}"
    rows += [
        (name, *map(percent, figures), total) for name, figures in (("macro", s.macro()), ("weighted", s.weighted()))
    ]
    print_table("Test samples by class", ("class", "precision", "recall", "F1", "samples"), rows)
