"""Trainings of two networks, one of which draws: a VAE, or a GAN."""

from typing import Any

import numpy as np

from byhand.diagnosis import Record
from byhand.diagnosis.drawing_rules import collapsed_images
from byhand.generating import GAN, VAE, GANTrainer, VAETrainer
from byhand.layers import Dense, Sigmoid
from byhand.losses import BinaryCrossEntropy
from byhand.network import Network
from byhand.training.threads import computing
from byhand.web.catalogue import IMAGE_PIXELS
from byhand.web.gate import StepGate, Stopped
from byhand.web.job import Job, now
from byhand.web.observer import EACH_STEP, LOOKS, OBSERVING_SHARE, STEPS
from byhand.web.packed import json_number, packed
from byhand.web.settings import Settings, hidden_layers
from byhand.web.training_data import Data

LATENT = {"vae": 2, "gan": 16}  # numbers of which an image is drawn; two are a point in the plane
PENALTY = 1.0  # λ of the critic's gradient penalty, as in the recipe gan
SHOWN_IMAGES = 36  # of a look, always drawn from the same numbers


def make_drawer(settings: Settings) -> GAN | VAE:
    """Both networks as they start; the hidden layers of the one that draws come in the reverse order."""
    rng, latent = np.random.default_rng(settings.seed), LATENT[settings.network]
    drawing = (*hidden_layers(settings.hidden[::-1], settings.activation), Dense(IMAGE_PIXELS))
    loss = BinaryCrossEntropy()
    if settings.network == "vae":
        encoding = (*hidden_layers(settings.hidden, settings.activation), Dense(2 * latent))
        encoder = Network(IMAGE_PIXELS, encoding, rng=rng, inputs="grey levels")
        return VAE(encoder, Network(latent, drawing, loss, rng=rng))
    judging = (*hidden_layers(settings.hidden, "leaky-relu"), Dense(1))
    critic = Network(IMAGE_PIXELS, judging, loss, rng=rng, inputs="grey levels")
    return GAN(Network(latent, (*drawing, Sigmoid()), rng=rng), critic)


def drawing_network(drawer: GAN | VAE) -> Network:
    """The decoder, or the generator."""
    return drawer.decoder if isinstance(drawer, VAE) else drawer.generator


def train_drawer(job: Job, data: Data, gate: StepGate) -> None:
    """Train both networks of a job.

    Raises:
        Stopped: somebody stopped it, or it took too long.
        TrainingDiverged: a gradient is not finite any more.
    """
    settings, drawer, x = job.settings, job.drawer, data.x[: job.settings.images]
    assert drawer
    rest: dict[str, Any] = {"batch_size": settings.batch_size or len(x), "rng": settings.seed}
    trainer: GANTrainer | VAETrainer
    if isinstance(drawer, VAE):
        trainer = VAETrainer(drawer, x, optimizer=job.optimizer, **rest)
    else:
        rest |= {"generator_optimizer": job.optimizer, "critic_optimizer": job.optimizer}
        trainer = GANTrainer(drawer, x, penalty=PENALTY, **rest)
    observer = DrawerObserver(job, trainer, gate, data)
    with computing(job.network.ops, 1, 1), np.errstate(over="ignore", invalid="ignore"):
        observer.begin()
        trainer.train(settings.epochs, observer.after_epoch, observer.after_step)


class DrawerObserver:
    """Writes events to the journal of a job whose network draws.

    Args:
        job: the training's job.
        trainer: which trains it.
        gate: through which it goes after each step.
        data: whose held-back images a VAE's bound is estimated on.
    """

    def __init__(self, job: Job, trainer: GANTrainer | VAETrainer, gate: StepGate, data: Data):
        self.job, self.trainer, self.gate, self.data = job, trainer, gate, data
        self._steps: list[dict[str, float]] = []  # figures of the steps that were not told yet
        self._told, self._next_look = 0.0, 0.0

    def begin(self) -> None:
        """Report the number of steps per epoch and the initial network; pause before the first step if requested."""
        self.job.steps, self.job.epoch = self.trainer.images.batches, 1
        self.job.journal.add("training", self.job.to_json())
        self._look()
        self.gate.wait()
        self._end_if_asked()

    def after_step(self, figures: dict[str, float]) -> None:
        """Report the step, and pause if requested."""
        job, moment = self.job, now()
        job.step, job.epoch = job.step + 1, self.trainer.history.epochs + 1
        self._steps.append(figures)
        if moment - self._told >= STEPS:
            self._tell(moment)
        if moment >= self._next_look or 0 < job.pace <= EACH_STEP:
            self._look()
        self.gate.after_step()
        self._end_if_asked()

    def after_epoch(self) -> None:
        """Report the history, the images and the diagnosis."""
        model, row = self.trainer.model, self.trainer.history.last
        if isinstance(model, VAE):
            row = row | {"val_loss": model.bound(self.data.held_x, np.random.default_rng(0))}
        self.job.add_row(row)
        self._look()
        collapsed = collapsed_images(Record(self.trainer.history.columns), set())
        self.job.show_problems([collapsed] if collapsed else [])

    def _end_if_asked(self) -> None:
        if self.job.stopping:
            raise Stopped

    def _tell(self, moment: float) -> None:
        job = self.job
        means = {name: float(np.mean([figures[name] for figures in self._steps])) for name in self._steps[0]}
        if "loss" in means:  # a VAE's; a GAN has two
            job.note(job.step, means["loss"])
        figures = {name: json_number(mean) for name, mean in means.items()}
        record = {"step": job.step, "epoch": job.epoch, "loss": figures.get("loss"), "figures": figures}
        job.journal.add("step", record | {"learning_rate": job.settings.learning_rate})
        self._steps, self._told = [], moment

    def _look(self) -> None:
        """What it draws."""
        start, job = now(), self.job
        images = self.trainer.model.draw(SHOWN_IMAGES, np.random.default_rng(0)).reshape(-1, 28, 28)
        job.looked = {"step": job.step, "epoch": job.epoch, "images": packed(images)}
        job.journal.add("look", job.looked)
        self._next_look = now() + max(LOOKS, (now() - start) / OBSERVING_SHARE)
