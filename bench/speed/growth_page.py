"""Growth as text: where byhand stops being the fastest."""

from typing import Any

from bench.speed.competitors import TITLES
from bench.speed.quiet import QUIET

Point = dict[str, Any]

NOTE = """\
Training by Adam with made-up samples that have no zeros to skip; a workload's figures above are of MNIST. Everybody has
the same threads, PyTorch runs eagerly (for small batches also with one thread), JAX compiles a whole epoch, or a step
for images and files. Medians of the rounds of one run, in which all take turns: `python -m bench.speed.growth
--gigabytes 10`, or with `--only batch,cores` for some of them. All figures are in
[speed-growth.json](speed-growth.json)."""


def fastest(point: Point, peers: tuple[str, ...] = ("torch", "jax")) -> dict[str, Any] | None:
    """The fastest manner of these peers at a point."""
    return min((c for c in point["competitors"] if c["peer"] in peers), key=lambda c: c["median"], default=None)


def ratio(point: Point) -> float | None:
    """byhand's time by the fastest peer's; None where one is missing, or others kept the machine busy."""
    own, peer = fastest(point, ("byhand",)), fastest(point)
    if own is None or peer is None or max(own["busy"], peer["busy"]) > QUIET:
        return None
    return own["median"] / peer["median"]


def section(figures: dict[str, Any]) -> str:
    """The page's section."""
    parts = [
        "## Growth",
        "![Time a sample by batch, width, depth, image, sequence, cores and file, of byhand, PyTorch and JAX]"
        "(images/speed-growth.png)",
        "\n".join(f"- {sentence(axis)}" for axis in figures["axes"]),
        NOTE,
    ]
    machine = figures["machine"]
    parts.append(f"Measured on: {machine['processor']}; {machine['threads']} threads.")
    missing = [f"- {TITLES.get(peer, peer)} was absent: {why}" for peer, why in figures["absent"].items()]
    for axis in figures["axes"]:
        for point in axis["points"]:
            missing += [
                f"- {axis['name']} {value(point)}: {f'{name} failed: ' if name else ''}{why}"
                for name, why in point["failures"].items()
            ]
    return "\n\n".join([*parts, *(["\n".join(missing)] if missing else [])])


def sentence(axis: dict[str, Any]) -> str:
    """Where byhand is the fastest, and where it is not."""
    known = [(point, r) for point in axis["points"] if (r := ratio(point)) is not None]
    unknown = len(axis["points"]) - len(known)
    head = f"**{axis['name'].capitalize()}** ({axis['title']}): "
    tail = f" {unknown} of {len(axis['points'])} points have no ratio: the machine was busy, or somebody failed."
    tail = tail if unknown else ""
    if not known:
        return head + "no ratios." + tail
    slower = [(point, r) for point, r in known if r > 1]
    unit = axis["unit"]
    if not slower:
        return f"{head}byhand is the fastest at every point, with {span([r for _, r in known])} of the time.{tail}"
    peers = " or ".join(sorted({TITLES[fastest(point)["peer"]] for point, _ in slower}))  # type: ignore[index]
    lost = f"{peers} is faster, byhand takes {span([r for _, r in slower])} of the time"
    first = known.index(slower[0])
    if first and known[first:] == slower:
        last, begin = known[first - 1][0], slower[0][0]
        return f"{head}byhand is the fastest up to {value(last)} ({unit}); from {value(begin)} on {lost}.{tail}"
    return (
        f"{head}at {', '.join(value(point) for point, _ in slower)} ({unit}) {lost}; elsewhere it is the fastest.{tail}"
    )


def value(point: Point) -> str:
    """Of the axis: 4,096 or 0.5."""
    number = point["value"]
    return f"{number:,.0f}" if number == int(number) else f"{number:g}"


def span(ratios: list[float]) -> str:
    """Least to greatest, as percentages."""
    low, high = f"{min(ratios):.0%}", f"{max(ratios):.0%}"
    return low if low == high else f"{low} to {high}"
