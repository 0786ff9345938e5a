"""Two networks that learn from each other agree with PyTorch; their gradients with central differences."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from byhand import (
    BinaryCrossEntropy,
    ByhandError,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxPool2D,
    Network,
    ReLU,
    Reshape,
    Tanh,
    Wasserstein,
)
from byhand.generating import GAN, VAE, GANTrainer, GradientPenalty, VAETrainer
from byhand.testing import central_differences
from tests.core.test_pytorch import by_case
from tests.golden import generative_cases as cases
from tests.golden.make import FOLDER, compute_generative

CLOSE = {"rtol": 1e-9, "atol": 1e-10}


@pytest.fixture(scope="module")
def golden():
    return by_case(load_file(FOLDER / "torch_generative.safetensors"))


@pytest.fixture(scope="module")
def live():
    pytest.importorskip("torch")
    return by_case(compute_generative())


@pytest.fixture(params=["golden", "live"])
def figures(request):
    return request.getfixturevalue(request.param)


def gan_trainer(case, rng=8):
    gan, (images, labels) = case.gan(), cases.gan_images(case)
    optimizers = {"generator_optimizer": case.optimizer, "critic_optimizer": case.optimizer}
    return GANTrainer(gan, images, labels, batch_size=cases.BATCH, rng=rng, **optimizers, **(case.options or {}))


@pytest.mark.parametrize("case", cases.GANS, ids=lambda case: case.name)
def test_ten_steps_of_a_gan(case, figures):
    wanted, trainer, found = figures[case.name], gan_trainer(case), {"critic": [], "generator": [], "penalty": []}
    names = {"critic_loss": "critic", "generator_loss": "generator", "penalty": "penalty"}
    for x, labels in trainer.images.shuffled(trainer.rng):
        for name, value in trainer.step(x, labels, 0, 1).items():
            found[names[name]].append(value)
    for name, values in found.items():
        np.testing.assert_allclose(values, wanted[name], **CLOSE, err_msg=name)
    np.testing.assert_allclose(trainer.gan.critic.theta, wanted["critic_theta"], **CLOSE)
    np.testing.assert_allclose(trainer.gan.generator.theta, wanted["generator_theta"], **CLOSE)


def test_ten_steps_of_a_vae(figures):
    trainer = VAETrainer(cases.vae(), cases.vae_images(), optimizer=cases.VAE_OPTIMIZER, batch_size=cases.BATCH, rng=8)
    steps = [trainer.step(x, None, 0, 1) for x, _ in trainer.images.shuffled(trainer.rng)]
    losses = [[step["reconstruction"], step["divergence"]] for step in steps]
    np.testing.assert_allclose(losses, figures["vae"]["losses"], **CLOSE)
    np.testing.assert_allclose(trainer.vae.encoder.theta, figures["vae"]["encoder_theta"], **CLOSE)
    np.testing.assert_allclose(trainer.vae.decoder.theta, figures["vae"]["decoder_theta"], **CLOSE)


CRITICS = [
    [Dense(1)],
    [Dense(6), ReLU(), Dense(1, bias=False)],
    [Dense(6), LeakyReLU(0.2), Dense(5), Dense(4), ReLU(), ReLU(), Dense(1)],
]


ROWS_OF_PIXELS = [Reshape((5, 4, 1)), Conv2D(3, (3, 2), 2), LeakyReLU(0.2), Flatten(), Dense(1)]
IMAGES = [Conv2D(4, 3, padding="valid"), ReLU(), Conv2D(6, 2, groups=2, dilation=2, bias=False), Flatten(), Dense(1)]


@pytest.mark.parametrize(
    ("layers", "shape", "columns"),
    [
        *[(layers, (7,), columns) for layers in CRITICS for columns in (4, 7)],
        (ROWS_OF_PIXELS, (20,), 20),
        (IMAGES, (5, 6, 3), 1),
        (IMAGES, (5, 6, 3), 3),
    ],
)
def test_the_gradient_penalty_has_the_gradient_of_autograd(layers, shape, columns):
    torch = pytest.importorskip("torch")
    from tests.golden.torch_images import in_a_row

    rng = np.random.default_rng(0)
    critic = Network(shape, layers, Wasserstein(), rng=1, dtype=np.float64)
    critic.theta = critic.theta + rng.standard_normal(critic.size)
    before = critic.gradient = rng.standard_normal(critic.size)
    x = rng.standard_normal((5, *shape))
    penalty = GradientPenalty(critic, 9, 3.0, columns)
    values = [penalty(x)]
    found = critic.gradient - before
    values.append(penalty(x[:3]))  # fewer rows, and again: nothing is left from before
    theta = torch.tensor(critic.theta, requires_grad=True)

    def autograd(rows):
        seen = torch.tensor(rows, requires_grad=True)
        y = in_a_row(critic.layers, critic.arena.views(theta), seen)
        (slopes,) = torch.autograd.grad(y.sum(), seen, create_graph=True)
        return 3.0 * ((slopes[..., :columns].flatten(1).norm(dim=1) - 1) ** 2).mean()

    value = autograd(x)
    (wanted,) = torch.autograd.grad(value, theta)
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(values, [value.detach(), autograd(x[:3]).detach()], rtol=1e-12)


def test_the_gradient_penalty_has_the_gradient_of_central_differences():
    critic = Network(4, [Dense(5), LeakyReLU(0.2), Dense(3), ReLU(), Dense(1)], Wasserstein(), rng=1, dtype=np.float64)
    x = np.random.default_rng(2).standard_normal((3, 4))
    penalty = GradientPenalty(critic, 3)
    critic.gradient = np.zeros(critic.size)
    penalty(x)
    found = critic.gradient.copy()
    slopes, kinks = central_differences(lambda: penalty(x), critic.theta)
    assert not kinks.any()
    np.testing.assert_allclose(found, slopes, rtol=1e-6, atol=1e-7)


def test_the_history_has_the_means_of_what_each_step_tells():
    made, told = gan_trainer(cases.GANS[5], rng=3), []
    made.train(2, after_step=told.append)
    assert len(told) == 2 * made.images.batches
    second = [figures["critic_loss"] for figures in told[made.images.batches :]]
    assert made.history["critic_loss"][1] == pytest.approx(np.mean(second))


def test_a_training_goes_on_bit_for_bit_from_its_checkpoint(tmp_path):
    case = cases.GANS[5]
    whole, first, second = (gan_trainer(case, rng=3) for _ in range(3))
    whole.train(3)
    first.train(1, after_epoch=lambda: first.save(tmp_path / "one.safetensors"))
    second.rng = np.random.default_rng(99)
    second.resume(tmp_path / "one.safetensors")
    second.train(3)
    for name in ("critic", "generator"):
        np.testing.assert_array_equal(getattr(second.gan, name).theta, getattr(whole.gan, name).theta)
    assert second.history.columns == whole.history.columns
    other = gan_trainer(cases.GANS[0])
    with pytest.raises(ByhandError, match="checkpoint of another training"):
        other.resume(tmp_path / "one.safetensors")


def test_the_bound_by_importance_sampling_is_closer():
    """Where decoder and encoder are linear and known, −log p(x) is known too: here p(x|z) does not depend on z."""
    vae = cases.vae()
    vae.decoder.theta = np.zeros(vae.decoder.size)  # every pixel has probability ½
    x = cases.vae_images()
    exact = 8 * np.log(2)
    one, many = vae.bound(x, np.random.default_rng(0)), vae.bound(x, np.random.default_rng(0), samples=2000)
    divergence = one - exact
    assert divergence > 0.05
    assert abs(many - exact) < 0.1 * divergence


def test_vae_draws_probabilities():
    vae = cases.vae()
    drawn = vae.draw(5, np.random.default_rng(0))
    assert drawn.shape == (5, 8)
    assert ((drawn > 0) & (drawn < 1)).all()


def test_a_conditional_gan_draws_what_it_is_told():
    """The generator's image depends on the class alone here: its weights of the noise are zero."""
    gan = GAN(network(5, [Dense(8)]), network(11, [Dense(1)], Wasserstein()), classes=3)
    W = np.zeros((5, 8))
    W[2:, :3] = np.eye(3)
    gan.generator.theta = np.concatenate([W.ravel(), np.zeros(8)])
    drawn = gan.draw(4, np.random.default_rng(0), np.array([2, 0, 1, 1]))
    np.testing.assert_array_equal(drawn[:, :3], np.eye(3)[[2, 0, 1, 1]])
    with pytest.raises(ByhandError, match="no labels"):
        gan.draw(4, np.random.default_rng(0))


def network(inputs, layers, loss=None):
    return Network(inputs, layers, loss)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GAN(network(4, [Dense(8)]), network(9, [Dense(1)], Wasserstein())), r"has to take \(8,\)"),
        (lambda: GAN(network(4, [Dense(8)]), network(8, [Dense(2)], Wasserstein())), "and give one number"),
        (lambda: GAN(network(3, [Dense(5)]), network(8, [Dense(1)], Wasserstein()), 3), "rows of noise"),
        (lambda: GAN(network(3, [Dense(8)]), network(7, [Dense(1)], Wasserstein()), -1), "rows of noise"),
        (lambda: VAE(network(8, [Dense(5)]), network(3, [Dense(8)], BinaryCrossEntropy())), "two numbers for each"),
        (lambda: VAE(network(8, [Dense(6)]), network(3, [Dense(8)], Wasserstein())), "has the loss BinaryCrossEntropy"),
        (lambda: GradientPenalty(network(8, [Dense(5), Tanh(), Dense(1)]), 3), "the critic has Tanh"),
        (
            lambda: GradientPenalty(network((4, 4, 1), [MaxPool2D(), Flatten(), Dense(1)]), 3),
            "the critic has MaxPool2D",
        ),
    ],
)
def test_networks_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ByhandError, match=message):
        make()


def test_data_that_do_not_fit_are_refused():
    gan, optimizers = (
        cases.GANS[5].gan(),
        {"generator_optimizer": cases.VAE_OPTIMIZER, "critic_optimizer": cases.VAE_OPTIMIZER},
    )
    images = np.zeros((4, 8))
    for x, labels, message in (
        (images[:, :7], [0] * 4, "have to be of shape"),
        (images, [0] * 3, "There are 4 images"),
        (images - 1, [0] * 4, "from 0 to 1"),
    ):
        with pytest.raises(ByhandError, match=message):
            GANTrainer(gan, x, np.array(labels), **optimizers)
    with pytest.raises(ByhandError, match="told 3 classes, but there are no labels"):
        GANTrainer(gan, images, **optimizers).train(1)
