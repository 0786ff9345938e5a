"""Has anything become slower? The ratios of two runs on the same kind of machine, row by row."""

from bench.speed.quiet import QUIET
from bench.speed.report import Figures, disturbance, entry, fastest, ratio

SLOWER = 1.15  # medians of five rounds differ by up to a tenth between runs of the same code
PLACE = ("processor", "threads")  # ratios of other processors or numbers of threads say nothing


def compared(now: Figures, before: Figures) -> tuple[list[str], list[str]]:
    """A line for each row that both runs have, and the names of those that are slower now.

    The ratio is byhand's time by that of its fastest peer in the same run, among the peers that both runs have.
    """
    differing = [
        f"{name}: {before['machine'][name]}" for name in PLACE if before["machine"][name] != now["machine"][name]
    ]
    if differing:
        return [f"Not compared: the stored figures are of another {'; '.join(differing)}."], []
    earlier = {row["name"]: row for row in before["rows"]}
    lines, worse = [], []
    for row in now["rows"]:
        name, old = row["name"], earlier.get(row["name"])
        if old is None:
            lines.append(f"{name}: not in the stored figures")
            continue
        if disturbance(row) > QUIET:
            lines.append(f"{name}: not compared, since the machine was busy")
            continue
        both = {c["name"] for c in row["competitors"]} & {c["name"] for c in old["competitors"]}
        ratios = []
        for of in (old, row):
            shared = of | {"competitors": [c for c in of["competitors"] if c["name"] in both]}
            ratios.append(ratio(entry(shared, "byhand"), fastest(shared)))
        if ratios[0] is None or ratios[1] is None:
            lines.append(f"{name}: no peer that both runs have")
            continue
        change = ratios[1] / ratios[0]
        if change > SLOWER:
            worse.append(name)
        lines.append(f"{name}: {ratios[0]:.2f} before, {ratios[1]:.2f} now{'  SLOWER' if change > SLOWER else ''}")
    return lines, worse
