"""The trainings of one server: each in a thread of its own, a few at a time, kept to be compared."""

import itertools
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError, TrainingDiverged
from byhand.core.types import Array
from byhand.diagnosis import Watch
from byhand.optimizers import Adam, Optimizer
from byhand.training import fit
from byhand.web.catalogue import Model
from byhand.web.drawers import drawing_network, make_drawer, train_drawer
from byhand.web.gate import StepGate, Stopped
from byhand.web.job import Job, Own, share_right
from byhand.web.keeping import KeepingFolder
from byhand.web.limits import Limits, Refusal
from byhand.web.observer import Observer
from byhand.web.settings import DRAWING, OPTIMIZER_CHOICES, build, read_settings
from byhand.web.slots import Slots, Turn
from byhand.web.training_data import CONFUSION_SAMPLES, Data, mnist

PACE = 1000  # steps a second
NAME = 40  # characters of a training's name at most
OWN_SHARE = 0.2  # of the images of a fine-tuning are the learner's own, where 50 copies of each suffice
COPIES = 50
FINETUNE = {"model": None, "epochs": 3, "learning_rate": 0.0005, "images": 2_000, "seed": 0, "name": ""}
log = logging.getLogger("byhand.web")


class Trainings:
    """Begins trainings, and finds them again.

    Args:
        limits: the server's.
        data: where the images come from.
        keeper: where those that ended are kept.
    """

    def __init__(self, limits: Limits, data: Callable[[], Data] = mnist, keeper: KeepingFolder | None = None):
        self.limits, self._data, self.keeper = limits, data, keeper or KeepingFolder()
        self._jobs: dict[str, Job] = {job.id: job for job in self.keeper.runs()}
        self._lock = threading.Lock()
        self._slots = Slots(limits.trainings)
        self._closed = False

    def begin(self, table: Mapping[str, Any], session: str) -> Job:
        """A new training by a JSON object of settings, `name` and `paused`.

        Raises:
            Refusal: settings that are none, or too many trainings that wait.
            ByhandError: layers that do not fit together.
        """
        rest = dict(table)
        name, paused = _name(rest.pop("name", "")), rest.pop("paused", False)
        if type(paused) is not bool:
            raise Refusal(422, "paused must be true or false.")
        pace = rest.pop("pace", 0)
        if type(pace) not in (int, float) or not 0 <= pace <= PACE:
            raise Refusal(422, f"pace must be a number of steps a second from 0 (as many as can be) to {PACE}.")
        settings = read_settings(rest, self.limits)
        self._check_room(session)
        drawer = None
        if settings.network in DRAWING:
            drawer, optimizer = make_drawer(settings), OPTIMIZER_CHOICES[settings.optimizer](settings.learning_rate)
            network = drawing_network(drawer)
        else:
            network, optimizer = build(settings, self.limits)
        job = Job(_key(), session, settings, network, optimizer, name, paused, pace=float(pace), drawer=drawer)
        return self._start(job)

    def finetune(self, table: Mapping[str, Any], model: Model, own: Own, session: str) -> Job:
        """Some epochs more for a network, on own drawings mixed with MNIST's.

        Raises:
            Refusal: settings that are none, a network that reads rows, or too many trainings that wait.
        """
        if unknown := sorted(set(table) - set(FINETUNE)):
            raise Refusal(422, f"There is no setting {unknown[0][:40]!r}; there are {', '.join(FINETUNE)}.")
        if model.reads != "digit" or len(model.classes) != 10:
            raise Refusal(422, "Only a network that reads one digit an image learns from own drawings.")
        rest = FINETUNE | dict(table)
        name, _ = _name(rest.pop("name")), rest.pop("model")
        settings = replace(read_settings(rest, self.limits), batch_size=32, optimizer="adam", hidden=())
        self._check_room(session)
        copy = model.network.copy()
        optimizer: Optimizer = Adam(settings.learning_rate)
        return self._start(Job(_key(), session, settings, copy, optimizer, name or model.id, own=own))

    def get(self, key: str) -> Job:
        """The training of that id.

        Raises:
            Refusal: there is none.
        """
        job = self._jobs.get(key)
        if job is None:
            raise Refusal(404, "There is no such training; it may be too long ago, or the server was started anew.")
        return job

    def of(self, session: str) -> list[Job]:
        """A browser's trainings, the newest first."""
        with self._lock:
            return [job for job in reversed(self._jobs.values()) if job.session == session]

    def all(self) -> list[Job]:
        """Everybody's, the newest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def forget(self, key: str) -> None:
        """Stop a training, and let it go."""
        self.get(key).stop()
        with self._lock:
            self._jobs.pop(key, None)
        self.keeper.drop_run(key)

    def close(self, seconds: float = 3.0) -> None:
        """Stop all of them, and wait for that."""
        self._closed = True
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.stop()
        for job in jobs:
            if job.thread:
                job.thread.join(seconds)

    def ahead(self, job: Job) -> int:
        """How many trainings wait that began before this one."""
        before = itertools.takewhile(lambda other: other is not job, list(self._jobs.values()))
        return sum(other.state == "waiting" for other in before)

    def _check_room(self, session: str) -> None:
        if self._closed:
            raise Refusal(503, "The server is shutting down.", 10)
        with self._lock:
            waiting = sum(not job.ended for job in self._jobs.values())
            if waiting >= self.limits.waiting + self.limits.trainings:
                raise Refusal(429, f"{waiting} trainings are not finished yet; wait for one, or stop one.", 10)
            own = sum(not job.ended for job in self._jobs.values() if job.session == session)
            if own >= self.limits.browser_trainings:
                raise Refusal(429, f"You have {own} trainings under way; wait for one, or stop one.", 10)
            too_many = max(0, len(self._jobs) + 1 - self.limits.kept)
            for job in [job for job in self._jobs.values() if job.ended][:too_many]:
                del self._jobs[job.id]  # the oldest
                self.keeper.drop_run(job.id)

    def _start(self, job: Job) -> Job:
        job.ahead = partial(self.ahead, job)
        with self._lock:
            self._jobs[job.id] = job
        job.thread = threading.Thread(target=self._run, args=(job,), name=f"training {job.id}", daemon=True)
        job.thread.start()
        return job

    def _run(self, job: Job) -> None:
        turn = Turn(self._slots)
        try:
            data = self._data()
            job.turn("waiting")
            if turn.take(lambda: job.stopping):
                job.turn("running")
                (train_drawer if job.drawer else _train)(job, data, StepGate(job, turn, self.limits))
            job.turn("stopped" if job.stopping else "finished")
        except Stopped:
            job.turn("stopped")
        except ByhandError as error:  # it diverged, or there are no data
            job.turn("failed", str(error))
        except MemoryError:
            job.turn("failed", "There is not enough memory for this training; try a smaller network.")
        except Exception as error:  # a fault of ours must not leave a page waiting
            log.exception("training %s", job.id)
            job.turn("failed", f"A fault in byhand ended it: {type(error).__name__}.")
        finally:
            turn.give()
            self._keep(job)

    def _keep(self, job: Job) -> None:
        """Keep a training that has ended, unless its owner let it go meanwhile."""
        try:
            self.keeper.keep_run(job)
        except ByhandError as error:  # its weights are not finite, or the disk is full
            log.warning("training %s is not kept: %s", job.id, error)
        if job.id not in self._jobs:
            self.keeper.drop_run(job.id)


def _train(job: Job, data: Data, gate: StepGate) -> None:
    settings, network, watch = job.settings, job.network, Watch()
    shape = (-1, *network.input_shape)
    x, y = data.x[: settings.images], data.y[: settings.images]
    if job.own:
        job.own.before = share_right(network, job.own)
        x, y = mixed(x, y, job.own)
    held = data.held_x.reshape(shape), data.held_y
    observer = Observer(job, gate, (held[0][:CONFUSION_SAMPLES], held[1][:CONFUSION_SAMPLES]), watch)
    try:
        fit(
            network,
            x.reshape(shape),
            y,
            validation=held,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            optimizer=job.optimizer,
            rng=settings.seed,
            callbacks=[watch, observer],
            progress=False,
            threads=1,
        )
    except TrainingDiverged:
        observer.diagnose()
        raise
    if job.own:
        job.own.after = share_right(network, job.own)


def mixed(x: Array, y: Array, own: Own) -> tuple[Array, Array]:
    """MNIST's images with copies of the learner's own behind them."""
    copies = min(COPIES, max(1, round(OWN_SHARE * len(x) / (1 - OWN_SHARE) / len(own.y))))
    return np.concatenate([x, *[own.x] * copies]), np.concatenate([y, *[own.y.astype(y.dtype)] * copies])


def _key() -> str:
    return secrets.token_urlsafe(9).replace("_", "a").replace("-", "b")


def _name(value: Any) -> str:
    if not isinstance(value, str) or len(value) > NAME or not value.isprintable():
        raise Refusal(422, f"name must be text of at most {NAME} characters.")
    return value
