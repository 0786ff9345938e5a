"""Generative adversarial networks: one network draws images, the other distinguishes them from real ones."""

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.generating.gradient_penalty import GradientPenalty
from byhand.losses import Hinge, Loss, Wasserstein
from byhand.network import Network


class GAN:
    """A generator and its critic (the discriminator), with the gradients of both.

    Both losses are computed from the critic's scores. In a step of the critic, real images have the target 1 and drawn
    ones 0. In a step of the generator, drawn images have the target 1; the gradient by the critic's *input* is the
    gradient by the generator's *output*, and is propagated back through the generator. Goodfellow et al., "Generative
    adversarial nets" (2014), algorithm 1.

    With `classes`, both networks also get the class, as additional columns of their inputs (for images: further
    channels) that are 1 for the class and 0 for the others. Mirza and Osindero, "Conditional generative adversarial
    nets" (2014).

    Args:
        generator: from noise, and the class, to images with numbers from 0 to 1; without a loss.
        critic: from images, and the class, to one number; its loss is the critic's: `BinaryCrossEntropy`,
            `QuadraticCost`, `Hinge` or `Wasserstein`.
        classes: number of classes of a conditional GAN; 0 for none.
        generator_loss: the loss of the generator, on the critic's scores with target 1; by default that of the critic,
            and `Wasserstein` for `Hinge`. With `BinaryCrossEntropy` this is the non-saturating loss −log D(G(z)).

    Attributes:
        latent: the size of the noise vector.
        image_shape: the shape of one image.

    Raises:
        ByhandError: the networks do not fit each other.
    """

    def __init__(self, generator: Network, critic: Network, classes: int = 0, generator_loss: Loss | None = None):
        self.generator, self.critic, self.classes = generator, critic, classes
        if len(generator.input_shape) != 1 or not 0 <= classes < generator.input_shape[0]:
            raise ByhandError(
                f"The generator takes {generator.input_shape}; it has to take rows of noise and {classes} of classes."
            )
        self.latent = generator.input_shape[0] - classes
        self.image_shape = generator.plan[-1].out_shape
        wanted = (*self.image_shape[:-1], self.image_shape[-1] + classes)
        if critic.input_shape != wanted or critic.plan[-1].out_shape != (1,):
            raise ByhandError(
                f"The critic has to take {wanted} and give one number; it takes {critic.input_shape} and gives "
                f"{critic.plan[-1].out_shape}."
            )
        self._judge = critic.twin()  # the critic on the generator's turn: the same θ, its own loss and gradient
        default = Wasserstein() if isinstance(critic.loss, Hinge) else critic.loss
        self._judge.loss = generator_loss or default
        self._rows = 0

    def allocate(self, rows: int) -> None:
        """Allocate the arrays for batches of up to `rows` images."""
        if rows <= self._rows:
            return
        self._rows = rows
        shape, dtype = (rows, *self.critic.input_shape), self.critic.dtype
        self._seen, self._dseen = np.empty(shape, dtype), np.empty(shape, dtype)  # what the critic sees, and ∂L/∂ it
        self._z = np.empty((rows, self.latent), self.generator.dtype)
        self._told = np.empty((rows, *self.generator.input_shape), self.generator.dtype)  # noise and class
        self._ones, self._zeros = np.ones((rows, 1), dtype), np.zeros((rows, 1), dtype)
        self._drawing = self.generator.workspace(rows)
        self._scoring, self._judging = self.critic.workspace(rows), self._judge.workspace(rows, learns=False)

    def critic_gradient(self, real: Array, labels: Array | None, rng: np.random.Generator) -> float:
        """Write the critic's gradient on real images (n, ...) and as many drawn ones; returns the sum of both losses.

        Args:
            real: images (n, *image_shape).
            labels: their classes (n,), which the drawn ones get, too; None without classes.
            rng: of the noise, and of whatever is random in training.
        """
        self.allocate(len(real))
        loss = self._score(real, labels, self._ones, rng, add=False)
        drawn = self._draw(len(real), labels, rng)
        return loss + self._score(drawn, labels, self._zeros, rng, add=True)

    def generator_gradient(self, n: int, labels: Array | None, rng: np.random.Generator) -> float:
        """Write the generator's gradient on n images that it draws; returns its loss."""
        self.allocate(n)
        drawn = self._draw(n, labels, rng)
        dseen = self._dseen[:n]
        self._judge.forward(self._with_class(drawn, labels, self._seen[:n]), self._judging, rng)
        loss = self._judge.backward(self._ones[:n], self._judging, dx=dseen)
        self.generator.backward_from(dseen[..., : self.image_shape[-1]], self._drawing)
        return loss

    def penalty_gradient(
        self, penalty: GradientPenalty, real: Array, labels: Array | None, rng: np.random.Generator
    ) -> float:
        """Add to the critic's gradient that of the slope penalty, between real images (n, ...) and those last drawn.

        Each image is e real + (1 − e) drawn, with its own e from 0 to 1. Returns the penalty.
        """
        n = len(real)
        share = rng.random((n, *[1] * (real.ndim - 1))).astype(real.dtype)
        drawn = self._drawing.passes.layers[-1].y
        return penalty(self._with_class(share * real + (1 - share) * drawn, labels, self._seen[:n]))

    def draw(self, n: int, rng: np.random.Generator, labels: Array | None = None) -> Array:
        """n images (n, *image_shape) with numbers from 0 to 1.

        Args:
            n: how many.
            rng: of the noise.
            labels: their classes (n,), for a conditional GAN.
        """
        return self.decode(rng.standard_normal((n, self.latent)), labels)

    def decode(self, z: Array, labels: Array | None = None) -> Array:
        """The images (n, *image_shape) of noise z (n, latent), and classes (n,)."""
        told = np.empty((len(z), *self.generator.input_shape), self.generator.dtype)
        return self.generator.predict_proba(self._with_class(z, labels, told))

    def _score(self, images: Array, labels: Array | None, targets: Array, rng: np.random.Generator, add: bool) -> float:
        n = len(images)
        self.critic.forward(self._with_class(images, labels, self._seen[:n]), self._scoring, rng)
        return self.critic.backward(targets[:n], self._scoring, add=add)

    def _draw(self, n: int, labels: Array | None, rng: np.random.Generator) -> Array:
        z = self._z[:n]
        rng.standard_normal(out=z, dtype=z.dtype)
        return self.generator.forward(self._with_class(z, labels, self._told[:n]), self._drawing, rng)

    def _with_class(self, x: Array, labels: Array | None, out: Array) -> Array:
        return with_class(x, labels, self.classes, out)


def with_class(x: Array, labels: Array | None, classes: int, out: Array) -> Array:
    """X (n, ..., k) and the class as `classes` columns that are 1 for it, else 0: out (n, ..., k + classes).

    Raises:
        ByhandError: there are classes and no labels, or labels and no classes.
    """
    if (labels is None) != (classes == 0):
        given = "no labels" if labels is None else "labels"
        raise ByhandError(f"The networks are told {classes or 'no'} classes, but there are {given}.")
    out[..., : x.shape[-1]] = x
    if labels is not None:
        out[..., x.shape[-1] :] = 0
        out[np.arange(len(x)), ..., x.shape[-1] + labels] = 1
    return out
