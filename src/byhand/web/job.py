"""A training: settings, state, curves and controls."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.diagnosis import Problem
from byhand.generating import GAN, VAE
from byhand.network import Network
from byhand.optimizers import Optimizer
from byhand.web.catalogue import Model, input_image_shape, layer_facts
from byhand.web.chain import RecordedStep
from byhand.web.journal import Journal
from byhand.web.limits import Refusal
from byhand.web.look import verdict
from byhand.web.packed import json_number
from byhand.web.settings import CLASSES, Settings

ENDED = ("finished", "stopped", "failed")
POINTS = 400  # of the curve of losses
STEP_SECONDS = 20.0  # for which one waits for a single step


@dataclass
class Own:
    """Drawings for fine-tuning: images (n, 784), labels (n,), and the accuracies before and after."""

    x: Array
    y: Array
    before: float | None = None
    after: float | None = None


@dataclass
class Job:
    """A training; can be used from any thread.

    Attributes:
        id: its key.
        session: the browser that began it.
        settings: what it was told.
        network: what is trained.
        optimizer: its optimiser.
        name: what its owner calls it.
        paused: whether it begins standing still.
        own: the learner's own drawings, for a fine-tuning.
        pace: steps a second at most; 0 for as many as can be.
        drawer: both networks, where the trained one draws; None where it reads.
    """

    id: str
    session: str
    settings: Settings
    network: Network
    optimizer: Optimizer
    name: str = ""
    paused: bool = False
    own: Own | None = None
    pace: float = 0.0
    drawer: GAN | VAE | None = None
    ahead: Callable[[], int] = lambda: 0  # how many trainings wait before it
    state: str = "loading"
    error: str | None = None
    epoch: int = 0
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    history: dict[str, list[float | None]] = field(default_factory=dict)
    curve: list[tuple[int, float | None]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    looked: dict[str, Any] | None = None
    recorded: RecordedStep | None = None  # the last single step
    drawing: Array | None = None
    stopping: bool = False
    journal: Journal = field(default_factory=Journal)
    changed: threading.Condition = field(default_factory=threading.Condition)
    wanted: int = 0  # the number of the last single step that was asked for
    begun: int = 0  # and of the last one that was begun
    made: tuple[int, dict[str, Any]] | None = None  # the last one that was made: its number, and what it did
    asking: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None

    @property
    def ended(self) -> bool:
        """Whether the training has ended."""
        return self.state in ENDED

    @property
    def model(self) -> Model:
        """A copy of the current network."""
        return Model(self.id, self.network, {"name": self.name or self.id})

    def turn(self, state: str, error: str | None = None) -> None:
        """Change the state and tell all listeners."""
        with self.changed:
            self.state, self.error = state, error or self.error
            self.changed.notify_all()
        self.journal.add("end" if self.ended else "training", self.to_json())
        if self.ended:
            self.journal.close()

    def note(self, step: int, loss: float) -> None:
        """Add a point to the loss curve; drops every second one if there are too many."""
        self.curve.append((step, json_number(loss)))
        if len(self.curve) > POINTS:
            del self.curve[1::2]

    def add_row(self, figures: Mapping[str, float]) -> None:
        """Add an epoch to the history and tell all listeners."""
        row = {name: json_number(value) for name, value in figures.items()}
        before = self.history  # which others may be reading: it is replaced, not changed
        self.history = {name: [*before.get(name, ()), value] for name, value in row.items()}
        self.journal.add("epoch", row)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Report problems if they have changed."""
        found = [{key: p.as_dict()[key] for key in ("name", "severity", "seen", "advice")} for p in problems]
        if found != self.problems:
            self.problems = found
            self.journal.add("problems", {"problems": found})

    def pause(self) -> None:
        """Pause after the current step."""
        self._still_going("paused")
        with self.changed:
            self.paused = True

    def resume(self) -> None:
        """Continue."""
        self._still_going("resumed")
        with self.changed:
            self.paused = False
            self.changed.notify_all()

    def stop(self) -> None:
        """Stop after the current step and keep the network."""
        with self.changed:
            self.stopping, self.paused = True, False
            self.changed.notify_all()

    def keep_pace(self, steps: float) -> None:
        """Make so many steps a second at most from now on; 0 for as many as can be."""
        self._still_going("made slower or faster")
        with self.changed:
            self.pace = steps
            self.changed.notify_all()

    def one_step(self) -> dict[str, Any]:
        """Make one step while paused, and return what it did.

        Raises:
            Refusal: it draws, does not stand still, ends, or needs more than STEP_SECONDS for a step.
        """
        if self.drawer:
            raise Refusal(409, "Networks that draw do not stop after single steps; make the training slow instead.")
        with self.asking, self.changed:
            if self.state != "paused":
                raise Refusal(409, f"One step at a time goes only while it is paused; it is {self.state}.")
            self.wanted += 1
            mine = self.wanted
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.state != "paused" or (self.made and self.made[0] == mine), STEP_SECONDS)
            if self.made and self.made[0] == mine:
                return self.made[1]
            if self.state != "paused":
                raise Refusal(409, self.error or f"The training does not stand still any more; it is {self.state}.")
            raise Refusal(503, f"The step is not done after {STEP_SECONDS:.0f} seconds; it goes on, so look again.", 5)

    def judge(self, image: Array | None) -> dict[str, Any] | None:
        """Set the drawing to predict during the training, and return its current prediction.

        Raises:
            Refusal: the network draws.
        """
        self.model.require_digit()
        self.drawing = image
        return None if image is None else verdict(self.model, image)

    def _still_going(self, what: str) -> None:
        if self.ended:
            raise Refusal(409, f"It has ended ({self.state}), and cannot be {what}.")

    def short(self) -> dict[str, Any]:
        """As much of it as a list of everybody's runs shows."""
        facts = self.to_json()
        last = {name: column[-1] for name, column in facts["history"].items() if column}
        wanted = ("id", "name", "kind", "state", "settings", "epoch", "epochs")
        return {name: facts[name] for name in wanted} | {
            "accuracy": last.get("val_accuracy"),
            "loss": last.get("val_loss"),
        }

    def to_json(self) -> dict[str, Any]:
        """The training as plain data for the page."""
        curve = list(self.curve)
        own = self.own and {"before": self.own.before, "after": self.own.after, "count": len(self.own.y)}
        return {
            "id": self.id,
            "name": self.name,
            "kind": "finetune" if self.own else "training",
            "state": self.state,
            "settings": self.settings.to_json(),
            "parameters": self.network.size,
            "layers": layer_facts(self.network),
            "image_shape": input_image_shape(self.network),
            "reads": self.model.reads,
            "inside": list(self.model.inside),
            "input_shape": list(self.network.input_shape),
            "classes": list(self.network.classes or CLASSES),
            "epoch": self.epoch,
            "epochs": self.settings.epochs,
            "step": self.step,
            "steps": self.steps,
            "history": {name: list(column) for name, column in self.history.items()},
            "curve": {"step": [s for s, _ in curve], "loss": [loss for _, loss in curve]},
            "seconds": json_number(self.seconds),
            "error": self.error,
            "problems": self.problems,
            "own": own,
            "pace": self.pace,
            "ahead": self.ahead() if self.state == "waiting" else 0,
        }


def share_right(network: Network, own: Own) -> float:
    """The accuracy on the drawings."""
    return float(np.mean(network.predict(own.x.reshape(-1, *network.input_shape)) == own.y))


def now() -> float:
    """Monotonic seconds."""
    return time.monotonic()
