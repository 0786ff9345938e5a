"""The picture: how many times as long as byhand each peer takes, in its fastest manner."""

from pathlib import Path
from typing import Any

from bench.speed.competitors import TITLES
from bench.speed.report import entry, fastest
from byhand.plots.canvas import BLUE, GREEN, ORANGE, PURPLE, SKY, dress, figure, save

MARKS = {
    "torch": (ORANGE, "s"),
    "jax": (BLUE, "o"),
    "keras": (PURPLE, "^"),
    "sklearn": (GREEN, "D"),
    "onnx": (SKY, "v"),
}
SHORT = {
    "W1": "784-256-10,\nfull batch",
    "W2": "784-10-10,\nfull batch",
    "W3": "784-30-10,\nbatch 10",
    "W4": "64-64-10,\nfull batch",
    "W4b": "64-64-10,\nAdam, batch 32",
    "W5": "784-256-128-10,\nAdam, batch 128",
    "W6": "two convolutions,\nAdam, batch 128",
    "W7": "LSTM 128, rows,\nbatch 128",
    "W8": "LSTM 256,\ncharacters",
    "W9": "small GPT,\ncharacters",
    "W10": "vision transformer,\nbatch 128",
    "one": "one image,\n784-256-10",
    "one-conv": "one image,\ntwo convolutions",
    "many": "10,000 images,\n784-256-10",
    "write-lstm": "one character,\nLSTM 256",
    "write-gpt": "one character,\nsmall GPT",
}


def draw(figures: dict[str, Any], path: Path) -> None:
    """A line for each workload, a mark for each peer; right of the line at 1 the peer is slower than byhand."""
    rows = [row for row in figures["rows"] if entry(row, "byhand")]
    picture = figure(8, 1.4 + 0.45 * len(rows))
    ax = picture.add_subplot()
    machine = figures["machine"]
    where = f"{machine['processor'].split(' (')[0]}, {machine['threads']} threads, float32"
    dress(ax, f"time as a multiple of byhand's: further right is slower\n({where})", "")
    ax.axvline(1, color="black", linewidth=1.5)
    seen = set()
    for y, row in enumerate(rows):
        own = entry(row, "byhand")
        for peer, (colour, marker) in MARKS.items():
            best = fastest(row, [peer])
            if own and best:
                label = None if peer in seen else TITLES[peer]
                seen.add(peer)
                times = best["median"] / own["median"]
                ax.plot(times, y, marker, color=colour, markersize=8, label=label, markeredgecolor="white")
    ax.set_xscale("log")
    ticks = [t for t in (0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200) if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.set_yticks(range(len(rows)), [SHORT[row["name"]] for row in rows], fontsize=9)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.plot([], [], color="black", linewidth=1.5, label="byhand")
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=len(seen) + 1, frameon=False, fontsize=9)
    save(picture, path)
