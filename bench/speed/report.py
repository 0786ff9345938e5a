"""The figures as text: a table for the terminal, a page for the documentation."""

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.speed.competitors import TITLES
from bench.speed.growth_page import section
from bench.speed.prose import (
    EVERYONE_NOTE,
    FAIRNESS,
    INTRODUCTION,
    METHOD,
    OTHER_NOTE,
    PREDICTION_NOTE,
    PRODUCTS_NOTE,
    SIZE_NOTE,
    TRAINING_NOTE,
)
from bench.speed.quiet import QUIET

Row = dict[str, Any]
Figures = dict[str, Any]

PEERS = ("torch", "jax", "keras", "sklearn", "onnx")


def entry(row: Row, name: str) -> dict[str, Any] | None:
    """A competitor's figures by its name."""
    return next((c for c in row["competitors"] if c["name"] == name), None)


def fastest(row: Row, peers: Iterable[str] = PEERS, openblas: bool = False) -> dict[str, Any] | None:
    """The fastest manner of any of these peers; with `openblas` those that use it as the environment sets it."""
    found = [c for c in row["competitors"] if c["peer"] in peers and c["openblas"] in (False, openblas)]
    if openblas:
        again = {(c["peer"], c["manner"]) for c in found if c["openblas"]}
        found = [c for c in found if c["openblas"] or (c["peer"], c["manner"]) not in again]
    return min(found, key=lambda c: c["median"], default=None)


def ratio(own: dict[str, Any] | None, other: dict[str, Any] | None) -> float | None:
    """Our median time by theirs."""
    return own["median"] / other["median"] if own and other else None


def spread_of_ratio(own: dict[str, Any], other: dict[str, Any]) -> tuple[float, float]:
    """The least and the greatest ratio of any round, each to the same round of the other."""
    pairs = [a / b for a, b in zip(own["rounds"], other["rounds"], strict=True)]
    return min(pairs), max(pairs)


def disturbance(row: Row) -> float:
    """How many cores others kept busy before the rounds, in the median; 0 where nobody could say."""
    known = [c["busy"] for c in row["competitors"] if c["busy"] == c["busy"]]
    return statistics.median(known) if known else 0.0


def share_of_products(row: Row) -> float | None:
    """The bare products' time by ours: the achieved operations a second as a share of the machine's own."""
    own, bare = entry(row, "byhand"), fastest(row, ["products"])
    return bare["median"] / own["median"] if own and bare else None


def seconds(value: float) -> str:
    """A time in a fitting unit, three digits."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if value * factor >= 0.9995 or unit == "µs":
            n = value * factor
            return f"{n:.0f} {unit}" if n >= 99.95 else f"{n:.1f} {unit}" if n >= 9.995 else f"{n:.2f} {unit}"
    raise AssertionError


def range_of(c: dict[str, Any]) -> str:
    """Median (least-greatest round)."""
    low, median, high = (seconds(value).split() for value in (min(c["rounds"]), c["median"], max(c["rounds"])))
    if low[1] == median[1] == high[1]:
        return f"{median[0]} ({low[0]}-{high[0]}) {median[1]}"
    return f"{' '.join(median)} ({' '.join(low)}-{' '.join(high)})"


def number(value: float | None, pattern: str = "{:.2f}") -> str:
    return "–" if value is None else pattern.format(value)


def grid(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def main_row(row: Row) -> list[str]:
    """A row of the main table."""
    own, alone, peer = entry(row, "byhand"), entry(row, "byhand, NumPy alone"), fastest(row)
    low, high = spread_of_ratio(own, peer) if own and peer else (None, None)
    alone_ratio = number(ratio(alone, peer))
    own_ratio = f"**{number(ratio(own, peer))}** ({number(low)}-{number(high)})" if own and peer else "–"
    if disturbance(row) > QUIET:
        own_ratio = alone_ratio = "machine busy"
    return [
        f"{row['name']}: {row['title']}",
        range_of(own) if own else "not yet",
        f"{peer['name']}: {range_of(peer)}" if peer else "–",
        own_ratio,
        number(row["goal"]),
        alone_ratio,
    ]


MAIN_HEAD = ["workload", "byhand", "fastest peer", "ratio (of single rounds)", "goal", "NumPy alone, ratio"]


def table(figures: Figures) -> str:
    """What the terminal shows."""
    lines = []
    for row in figures["rows"]:
        lines.append(" | ".join(main_row(row)))
        for c in sorted(row["competitors"], key=lambda c: c["median"]):
            accuracy = "" if c["accuracy"] is None else f"{c['accuracy']:7.2%}"
            lines.append(f"    {c['name']:<52} {range_of(c):<34} {accuracy:<8} {c['peak'] / 1e6:6.0f} MB")
        lines += [f"    {name}: failed: {why}" for name, why in row["failures"].items()]
        lines += [f"    {warning}" for warning in warnings(row)]
    lines += [f"{start['name']:<40} {range_of(start)}" for start in figures.get("starts", ())]
    lines += [f"{name}: {value / 1e6:.0f} MB" for name, value in figures.get("sizes", {}).items() if name != "imported"]
    lines += [f"absent: {TITLES.get(peer, peer)}: {why}" for peer, why in figures["absent"].items()]
    return "\n".join(lines)


def warnings(row: Row) -> list[str]:
    """What makes a row doubtful: a busy machine, or somebody who learns something else."""
    found = []
    if disturbance(row) > QUIET:
        found.append(f"Others kept {disturbance(row):.1f} cores busy during {row['name']}: there is no ratio.")
    reached = [c["accuracy"] for c in row["competitors"] if c["accuracy"] is not None]
    if reached and max(reached) - min(reached) > (0.03 if row["kind"] == "train" else 0.002):
        found.append(f"Accuracies of {row['name']} lie between {min(reached):.1%} and {max(reached):.1%}.")
    return found


def write_page(folder: Path) -> None:
    """Write speed.md from the figures in a folder: speed.json, and speed-growth.json and speed-on-*.json if any."""
    figures, growth, *others = (
        json.loads(path.read_text()) if path.exists() else None
        for path in (folder / "speed.json", folder / "speed-growth.json", *sorted(folder.glob("speed-on-*.json")))
    )
    (folder / "speed.md").write_text(page(figures, growth, others))


def page(figures: Figures, growth: Figures | None = None, others: Sequence[Figures] = ()) -> str:
    """docs/speed.md; with sections on growth and on other processors where there are figures of them."""
    training = [row for row in figures["rows"] if row["kind"] == "train"]
    predicting = [row for row in figures["rows"] if row["kind"] == "predict"]
    parts = [
        "# Speed",
        INTRODUCTION,
        "![Times of the peers as multiples of byhand's, for each workload](images/speed.png)",
        "## Training",
        grid(MAIN_HEAD, [main_row(row) for row in training]),
        TRAINING_NOTE + openblas_note(figures),
        "### Beside the machine's own matrix products",
        grid(
            ["workload", "operations", "byhand", "products alone", "share"],
            [products_row(row) for row in training if row["operations"]],
        ),
        PRODUCTS_NOTE,
        "## Prediction",
        grid([*MAIN_HEAD[:4], "of the products' speed"], [predict_row(row) for row in predicting]),
        PREDICTION_NOTE,
    ]
    if "starts" in figures:
        parts += [
            "## Start, size, memory",
            start_table(figures),
            size_table(figures),
            memory_table(training),
            SIZE_NOTE,
        ]
    if growth:
        parts.append(section(growth))
    for other in others:
        parts += [f"## On {other['machine']['processor']}", grid(MAIN_HEAD, [main_row(row) for row in other["rows"]])]
        parts += [OTHER_NOTE.format_map(other["machine"])]
    parts += ["## Everyone", EVERYONE_NOTE, *[details(row) for row in figures["rows"]]]
    parts += ["## How it is measured", METHOD, "## Where it might be unfair", FAIRNESS]
    parts += ["## The machine", machine(figures)]
    doubts = [warning for row in figures["rows"] for warning in warnings(row)]
    if figures["quick"]:
        fewer = [f"{row['name']} {row['rows']:,}" for row in training if row["batch"]]
        doubts.insert(0, f"A run with --quick: few manners of each peer, and few rows an epoch ({', '.join(fewer)}).")
    if doubts:
        parts += ["## Doubts about this run", "\n".join(f"- {doubt}" for doubt in doubts)]
    return "\n\n".join(parts) + "\n"


def openblas_note(figures: Figures) -> str:
    """The column for whatever the environment sets for OpenBLAS."""
    settings = figures["machine"]["openblas"]
    if not settings:
        return "\n\nWith the environment's own settings for OpenBLAS (`OPENBLAS_*`): none set."
    rows = []
    for row in figures["rows"]:
        own = next((c for c in row["competitors"] if c["peer"] == "byhand" and c["openblas"] and not c["manner"]), None)
        peer = fastest(row, openblas=True)
        if own and peer:
            rows.append([row["name"], range_of(own), f"{peer['name']}: {range_of(peer)}", number(ratio(own, peer))])
    said = ", ".join(f"`{name}={value}`" for name, value in settings.items())
    return f"\n\nWith {said}, as this environment sets it:\n\n" + grid([*MAIN_HEAD[:3], "ratio"], rows)


def products_row(row: Row) -> list[str]:
    own, bare, share = entry(row, "byhand"), fastest(row, ["products"]), share_of_products(row)
    giga = lambda c: f"{row['operations'] / c['median'] / 1e9:.0f} GFLOP/s" if c else "–"  # noqa: E731
    return [
        row["name"],
        f"{row['operations'] / 1e9:.3g}·10⁹",
        giga(own),
        f"{giga(bare)} ({bare['manner']})" if bare else "–",
        number(share, "{:.0%}"),
    ]


def predict_row(row: Row) -> list[str]:
    return [*main_row(row)[:4], number(share_of_products(row), "{:.0%}")]


def start_table(figures: Figures) -> str:
    return grid(["from the start of Python to its end", "time"], [[s["name"], range_of(s)] for s in figures["starts"]])


def size_table(figures: Figures) -> str:
    """Installed sizes, beside PyTorch's."""
    sizes = figures["sizes"]
    torch = sizes.get("torch")
    labels = {
        "default": "byhand with its default dependencies",
        "used": "of it what training, saving, loading and reading import",
        "torch": "PyTorch (CPU) with its dependencies",
    }
    rows = [
        [label, f"{sizes[key] / 1e6:.0f} MB", number(sizes[key] / torch if torch else None)]
        for key, label in labels.items()
        if key in sizes
    ]
    imports = ", ".join(f"{name} {size / 1e6:.1f}" for name, size in sizes.get("imported", {}).items())
    return grid(["installed", "size", "of PyTorch's"], rows) + f"\n\nImported (MB): {imports}."


def memory_table(training: list[Row]) -> str:
    """Peak memory of W5, W6 and W9, ours and that of PyTorch's fastest manner and of its plain one."""
    rows = []
    for row in training:
        if row["name"] not in ("W5", "W6", "W9"):
            continue
        own, quick, plain = entry(row, "byhand"), fastest(row, ["torch"]), entry(row, "PyTorch")
        cell = lambda c: f"{c['peak'] / 1e6:.0f} MB" if c else "–"  # noqa: E731
        share = number(own["peak"] / plain["peak"] if own and plain else None)
        rows.append([row["name"], cell(own), cell(plain), share, f"{cell(quick)} ({quick['name']})" if quick else "–"])
    return grid(["peak memory of training", "byhand", "PyTorch", "ratio", "PyTorch's fastest manner"], rows)


def details(row: Row) -> str:
    """Everyone's figures for one workload."""
    own = entry(row, "byhand")
    training = row["kind"] == "train"
    cells = []
    for c in sorted(row["competitors"], key=lambda c: c["median"]):
        accuracy = number(c["accuracy"], "{:.2%}")
        times = number(c["median"] / own["median"] if own else None)
        cells.append(
            [
                c["name"],
                range_of(c),
                times,
                seconds(c["setup"]),
                seconds(c["compilation"]) if c["compilation"] > 0.05 else "–",
                accuracy,
                f"{c['peak'] / 1e6:.0f}",
            ]
        )
    learnt = f"after {row['epochs']} {row['unit']}s" if training else "untrained"
    head = [row["name"], f"an {row['unit']}" if row["unit"][0] in "aeiou" else f"a {row['unit']}"]
    head += ["byhand = 1", "start-up", "compilation", f"right ({learnt})", "peak, MB"]
    failed = "".join(f"\n\n{name} failed: {why}" for name, why in row["failures"].items() if "Conv2D" not in why)
    return f"### {row['name']}: {row['title']}\n\n" + grid(head, cells) + failed


def machine(figures: Figures) -> str:
    """Processor, caches, versions."""
    m = figures["machine"]
    ours = [c for row in figures["rows"] for c in row["competitors"] if c["peer"] == "byhand" and not c["manner"]]
    kinds = sorted({c["ops"] for c in ours if c.get("ops")})
    memory = f"{m['memory'] / 2**30:.0f} GiB" if m["memory"] else "unknown"
    lines = [
        f"- {m['date']}",
        f"- {m['processor']}; {m['cores']} cores, {m['used']} of them used; {m['caches']}; memory {memory}",
        f"- {m['system']}; Python {m['python']}; byhand with NumPy {m['numpy']} and {m['blas']}",
        f"- {m['threads']} threads for everybody",
        f"- byhand's operations: {', '.join(kinds) or 'unknown'}",
    ]
    for peer in PEERS:
        found = [c for row in figures["rows"] for c in row["competitors"] if c["peer"] == peer]
        if found:
            versions = ", ".join(f"{name} {number}" for name, number in found[0]["versions"].items())
            lines.append(f"- {TITLES[peer]}: {versions}; products by {found[0]['blas']}")
    lines += [f"- {TITLES.get(peer, peer)} was absent: {why}" for peer, why in figures["absent"].items()]
    return "\n".join(lines)
