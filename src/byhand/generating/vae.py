"""Variational autoencoders."""

from math import log, prod

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.losses import BinaryCrossEntropy
from byhand.network import Network

BOUND_ROWS = 500  # images whose bound is estimated at once


class VAE:
    """An encoder and a decoder, with the gradients of both.

    The encoder gives each image x a normal distribution q(z|x) of latent vectors, by its mean μ and log σ²; the decoder
    gives each z the probabilities p(x|z) of its pixels. Both minimise

        −E_q[log p(x|z)] + KL(q(z|x) ‖ N(0, 1)),

    an upper bound of −log p(x), estimated with one z = μ + σ ε, ε ~ N(0, 1), for each image: this way of drawing z has
    a derivative by μ and σ (the reparameterisation). Kingma and Welling, "Auto-encoding variational Bayes" (2014),
    eq. 10. Grey levels from 0 to 1 take the place of probabilities in the cross-entropy, as in most published code.

    Args:
        encoder: from images to 2k numbers, (μ, log σ²); without a loss.
        decoder: from k numbers to the logits of the pixels, with `BinaryCrossEntropy`.

    Attributes:
        classes: 0, because a VAE is not conditional.
        latent: k.
        image_shape: the shape of one image that the decoder draws.

    Raises:
        ByhandError: the networks do not fit each other.
    """

    classes = 0

    def __init__(self, encoder: Network, decoder: Network):
        self.encoder, self.decoder = encoder, decoder
        self.image_shape = decoder.plan[-1].out_shape
        self.latent = decoder.input_shape[0]
        if encoder.plan[-1].out_shape != (2 * self.latent,) or prod(encoder.input_shape) != prod(self.image_shape):
            raise ByhandError(
                f"The encoder has to give two numbers for each of the {self.latent} that the decoder takes, and to "
                f"take as many pixels as the decoder gives: it takes {encoder.input_shape} and gives "
                f"{encoder.plan[-1].out_shape}, the decoder gives {self.image_shape}."
            )
        if not isinstance(decoder.loss, BinaryCrossEntropy):
            raise ByhandError("The decoder of a VAE has the loss BinaryCrossEntropy: its outputs are logits of pixels.")
        self._rows = 0

    def allocate(self, rows: int) -> None:
        """Allocate the arrays for batches of up to `rows` images."""
        if rows <= self._rows:
            return
        self._rows, dtype = rows, self.encoder.dtype
        self._noise, self._z, self._dz = (np.empty((rows, self.latent), dtype) for _ in range(3))
        self._each, self._dmoments = np.empty(rows, dtype), np.empty((rows, 2 * self.latent), dtype)
        self._encoding, self._decoding = self.encoder.workspace(rows), self.decoder.workspace(rows)

    def gradient(self, x: Array, rng: np.random.Generator) -> tuple[float, float]:
        """Write both networks' gradients on images x (n, ...); returns the means of both terms of the loss, in nats."""
        n, ops = len(x), self.encoder.ops
        self.allocate(n)
        noise, z, dz, each, dmoments = (a[:n] for a in (self._noise, self._z, self._dz, self._each, self._dmoments))
        moments = self.encoder.forward(x.reshape(n, *self.encoder.input_shape), self._encoding, rng)
        rng.standard_normal(out=noise, dtype=noise.dtype)
        ops.draw_latent(moments, noise, z)
        self.decoder.forward(z, self._decoding, rng)
        reconstruction = self.decoder.backward(x.reshape(n, *self.image_shape), self._decoding, dx=dz)
        ops.normal_divergence(moments, each, scratch=z)
        ops.draw_latent_backward(moments, noise, dz, 1 / n, dmoments)
        self.encoder.backward_from(dmoments, self._encoding)
        return reconstruction, float(each.mean())

    def draw(self, n: int, rng: np.random.Generator, labels: Array | None = None) -> Array:
        """The pixels' probabilities (n, *image_shape) of n latent vectors from N(0, 1)."""
        return self.decode(rng.standard_normal((n, self.latent)), labels)

    def encode(self, x: Array) -> tuple[Array, Array]:
        """μ and log σ² (n, k) of images x (n, ...)."""
        mean, log_variance = np.split(self.encoder.predict_proba(x), 2, axis=1)
        return mean, log_variance

    def decode(self, z: Array, labels: Array | None = None) -> Array:
        """The pixels' probabilities (n, *image_shape) for latent vectors z (n, k).

        Raises:
            ByhandError: there are labels, which a VAE does not use.
        """
        if labels is not None:
            raise ByhandError("A VAE is not told classes; it draws whatever comes.")
        return self.decoder.predict_proba(np.asarray(z, self.decoder.dtype))

    def bound(self, x: Array, rng: np.random.Generator, samples: int = 1) -> float:
        """An upper bound of the mean of −log p(x) over images x (n, ...), in nats.

        With one sample it is the loss that is trained. With K samples for each image it is

            −log (1/K) Σ_k p(x|z_k) p(z_k) / q(z_k|x),   z_k ~ q(z|x),

        which comes closer the larger K is. Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders" (2016).
        With one sample, the closed form of the KL divergence is used, as in training.
        """
        x = self.encoder.as_input(x)
        pieces = (x[i : i + BOUND_ROWS] for i in range(0, len(x), BOUND_ROWS))
        return float(np.concatenate([self._bounds(piece, rng, samples) for piece in pieces]).mean())

    def _bounds(self, x: Array, rng: np.random.Generator, samples: int) -> Array:
        """The bound of every image (n,)."""
        mean, log_variance = (moment.astype(np.float64) for moment in self.encode(x))
        if samples == 1:
            noise = rng.standard_normal(mean.shape)
            divergence = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1)
            return divergence - self._log_likelihood(x, mean + np.exp(log_variance / 2) * noise)
        weights = np.empty((samples, len(x)))
        for k in range(samples):
            noise = rng.standard_normal(mean.shape)
            z = mean + np.exp(log_variance / 2) * noise
            log_prior = -0.5 * (z**2).sum(axis=1)
            log_q = -0.5 * (noise**2 + log_variance).sum(axis=1)  # both without ½ k log 2π, which cancels
            weights[k] = self._log_likelihood(x, z) + log_prior - log_q
        return log(samples) - np.logaddexp.reduce(weights, axis=0)

    def _log_likelihood(self, x: Array, z: Array) -> Array:
        """Log p(x|z) of every image, by the logits y: Σ x y − log(1 + e^y)."""
        y = self.decoder.forward(np.asarray(z, self.decoder.dtype)).astype(np.float64)
        each: Array = (x.reshape(y.shape) * y - np.logaddexp(0, y)).sum(axis=1)
        return each
