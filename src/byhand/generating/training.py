"""Training loops of two networks with two optimisers."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.checks import require_between, require_whole
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.generating.gan import GAN
from byhand.generating.gradient_penalty import GradientPenalty
from byhand.generating.learner import Images, Learner
from byhand.generating.vae import VAE
from byhand.optimizers import Optimizer
from byhand.training import History
from byhand.training.checkpoint import Checkpoint
from byhand.training.trees import Tree, difference, whole

SPREAD_IMAGES = 256  # are compared after each epoch


class GenerativeTrainer:
    """Base of both trainers: epochs over shuffled images, a history, and a state from which training goes on.

    One generator draws the order of the images, the noise, and whatever is random in the networks, so that the same
    seed gives the same bits.

    Args:
        model: the networks.
        learners: the networks with their optimisers.
        images: the data.
        rng: a random generator, or a seed.

    Attributes:
        history: a row of mean losses for each epoch.
    """

    model: GAN | VAE

    def __init__(self, model: GAN | VAE, learners: Iterable[Learner], images: Images, rng: np.random.Generator | int):
        self.model, self.learners, self.images = model, tuple(learners), images
        self.rng, self.history = np.random.default_rng(rng), History()

    def step(self, x: Array, labels: Array | None, epoch: float, epochs: int) -> dict[str, float]:
        """One step on images x (n, ...) with their classes, at `epoch` of `epochs`; returns figures for the history."""
        raise NotImplementedError

    def train(
        self,
        epochs: int,
        after_epoch: Callable[[], None] | None = None,
        after_step: Callable[[dict[str, float]], None] | None = None,
    ) -> History:
        """Train until there have been `epochs` epochs, those before a resumption included.

        Args:
            epochs: how many in all.
            after_epoch: called after each epoch, when it is in the history.
            after_step: called after each step, with its figures.

        Raises:
            TrainingDiverged: a gradient is not finite any more.
        """
        require_whole("epochs", epochs)
        while self.history.epochs < epochs:
            epoch, rows = self.history.epochs, []
            for i, (x, labels) in enumerate(self.images.shuffled(self.rng)):
                rows.append(self.step(x, labels, epoch + i / self.images.batches, epochs))
                if after_step:
                    after_step(rows[-1])
            names = dict.fromkeys(name for row in rows for name in row)
            means = {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}
            self.history.add({"epoch": epoch + 1} | means | self.measured())
            if after_epoch:
                after_epoch()
        return self.history

    def measured(self) -> dict[str, float]:
        """Further figures for the history, after an epoch."""
        return {}

    def identity(self) -> Tree:
        """What has to be the same for a training to go on."""
        return {
            "networks": [repr(learner.network) for learner in self.learners],
            "optimizers": [repr(learner.optimizer) for learner in self.learners],
            "images": len(self.images.x),
            "batch_size": self.images.batch_size,
        }

    def save(self, path: Path, note: Tree | None = None) -> None:
        """Write a checkpoint, from which `resume` goes on bit for bit; `note` is plain data to keep beside it."""
        tree = {
            "step": self.learners[0].steps,
            "learners": [learner.state() for learner in self.learners],
            "generator": self.rng.bit_generator.state,
            "history": self.history.columns,
        }
        Checkpoint(self.identity(), {}, tree, note or {}).write(path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            ByhandError: the file is not a checkpoint, is damaged, or belongs to another training.
        """
        found = Checkpoint.read(path)
        if differs := difference(found.identity, self.identity()):
            raise ByhandError(f"{path}: is the checkpoint of another training ({differs}).")
        try:
            for learner, state in zip(self.learners, found.training["learners"], strict=True):
                learner.restore(state)
            self.rng.bit_generator.state = found.training["generator"]
            self.history.columns.update(found.training["history"])
            whole(self.history.epochs, 1)
        except (KeyError, TypeError, ValueError) as error:
            raise ByhandError(f"{path}: is damaged ({error!r}).") from None


class GANTrainer(GenerativeTrainer):
    """Turns of critic and generator: a step of the critic on each batch, a step of the generator every `critic_steps`.

    Args:
        gan: the networks.
        x: images (N, ...), bytes or numbers from 0 to 1.
        labels: their classes (N,), for a conditional GAN.
        generator_optimizer: the generator's.
        critic_optimizer: the critic's.
        batch_size: number of images per batch.
        critic_steps: number of steps of the critic for each step of the generator.
        clip: the critic's parameters are clipped to [−clip, clip] after each step; 0 for no clipping. For `Wasserstein`
            without penalty: Arjovsky, Chintala and Bottou (2017), algorithm 1.
        penalty: λ of the gradient penalty, 0 for none; see `GradientPenalty`.
        rng: a random generator, or a seed.

    Raises:
        ByhandError: an argument is out of range, or does not fit the networks.
    """

    def __init__(
        self,
        gan: GAN,
        x: Any,
        labels: Array | None = None,
        *,
        generator_optimizer: Optimizer,
        critic_optimizer: Optimizer,
        batch_size: int = 128,
        critic_steps: int = 1,
        clip: float = 0.0,
        penalty: float = 0.0,
        rng: np.random.Generator | int = 0,
    ):
        require_whole("batch_size", batch_size)
        require_whole("critic_steps", critic_steps)
        require_between("clip", clip, 0)
        require_between("penalty", penalty, 0)
        learners = Learner(gan.critic, critic_optimizer), Learner(gan.generator, generator_optimizer)
        images = Images(x, labels if gan.classes else None, gan.image_shape, batch_size, gan.critic.dtype)
        super().__init__(gan, learners, images, rng)
        self.gan, self.critic_steps, self.clip = gan, critic_steps, clip
        self._penalty = GradientPenalty(gan.critic, batch_size, penalty, gan.image_shape[-1]) if penalty else None
        gan.allocate(batch_size)

    def step(self, x: Array, labels: Array | None, epoch: float, epochs: int) -> dict[str, float]:
        """A step of the critic and, if it is the generator's turn, one of the generator."""
        gan, (critic, generator) = self.gan, self.learners
        figures = {"critic_loss": gan.critic_gradient(x, labels, self.rng)}
        if self._penalty:
            figures["penalty"] = gan.penalty_gradient(self._penalty, x, labels, self.rng)
        critic.step(epoch, epochs)
        if self.clip:
            gan.critic.ops.clip_value(gan.critic.theta, self.clip)
        if critic.steps % self.critic_steps == 0:
            figures["generator_loss"] = gan.generator_gradient(len(x), labels, self.rng)
            generator.step(epoch, epochs)
        return figures

    def measured(self) -> dict[str, float]:
        """How much drawn images differ from each other, in proportion to real ones; drawn with a generator of its own.

        spread = √(Σ of the pixels' variances of 256 drawn images / the same of real ones); for a conditional GAN within
        each class. 1 is as it should be, 0 is one image only.
        """
        rng = np.random.default_rng(0)
        real, labels = next(self.images.shuffled(rng, min(SPREAD_IMAGES, len(self.images.x))))
        drawn = self.gan.draw(len(real), rng, labels)
        return {"spread": float(np.sqrt(variance(drawn, labels) / max(variance(real, labels), 1e-12)))}


def variance(x: Array, labels: Array | None = None) -> float:
    """The sum of the variances of all numbers of samples x (n, ...); with labels (n,), within their classes."""
    x = x.reshape(len(x), -1).astype(np.float64)
    for label in [] if labels is None else np.unique(labels):
        x[labels == label] -= x[labels == label].mean(axis=0)
    return float(x.var(axis=0).sum())


class VAETrainer(GenerativeTrainer):
    """Encoder and decoder, which learn together from the same loss, each by its own optimiser.

    Args:
        vae: the networks.
        x: images (N, ...), bytes or numbers from 0 to 1.
        optimizer: of both.
        batch_size: number of images per batch.
        rng: a random generator, or a seed.
    """

    def __init__(
        self, vae: VAE, x: Any, *, optimizer: Optimizer, batch_size: int = 128, rng: np.random.Generator | int = 0
    ):
        require_whole("batch_size", batch_size)
        images = Images(x, None, vae.image_shape, batch_size, vae.encoder.dtype)
        super().__init__(vae, (Learner(vae.encoder, optimizer), Learner(vae.decoder, optimizer)), images, rng)
        self.vae = vae
        vae.allocate(batch_size)

    def step(self, x: Array, labels: Array | None, epoch: float, epochs: int) -> dict[str, float]:
        """A step of both."""
        reconstruction, divergence = self.vae.gradient(x, self.rng)
        for learner in self.learners:
            learner.step(epoch, epochs)
        return {"loss": reconstruction + divergence, "reconstruction": reconstruction, "divergence": divergence}
