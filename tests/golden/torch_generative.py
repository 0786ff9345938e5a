"""The cases of generative_cases.py in PyTorch, by its own functions and derivatives, in float64."""

import numpy as np
import torch
import torch.nn.functional as F

from byhand import BinaryCrossEntropy, Dense, Hinge, QuadraticCost, RMSprop
from tests.golden import generative_cases as cases
from tests.golden.torch_images import in_a_row, padded


def run_spectral(layer, data):
    """y, dx, dW, db, u and v of every training pass, and y outside training after the last."""
    x, dy, W, b = (torch.tensor(data[name]) for name in ("x", "dy", "W", "b"))
    inner = layer.layer
    if isinstance(inner, Dense):
        module = torch.nn.Linear(W.shape[0], W.shape[1], dtype=torch.float64)
        order, prepare, back = (1, 0), lambda x: x, lambda y: y
    else:
        module = torch.nn.Conv2d(W.shape[2], W.shape[3], inner.kernel, dtype=torch.float64)
        order, back = (3, 2, 0, 1), lambda y: y.permute(0, 2, 3, 1)
        prepare = lambda x: padded(x.permute(0, 3, 1, 2), inner.kernel, (1, 1), (1, 1), "same")  # noqa: E731
    with torch.no_grad():
        module.weight.copy_(W.permute(order))
        module.bias.copy_(b)
    torch.nn.utils.parametrizations.spectral_norm(module, n_power_iterations=layer.iterations)
    norm = module.parametrizations.weight[0]
    norm._u.copy_(torch.tensor(data["u"]))
    v = torch.tensor(data["v"])  # PyTorch's rows are (in, height, width), ours (height, width, in)
    norm._v.copy_(v if W.ndim == 2 else v.reshape(W.shape[:3]).permute(2, 0, 1).reshape(-1))
    result = {}
    for i in range(cases.PASSES):
        seen = x[i].clone().requires_grad_()
        module.zero_grad()
        y = back(module(prepare(seen)))
        y.backward(dy[i])
        gradient = module.parametrizations.weight.original.grad
        dW = gradient.T if W.ndim == 2 else gradient.permute(2, 3, 1, 0)
        figures = {"y": y.detach(), "dx": seen.grad, "dW": dW, "db": module.bias.grad, "u": norm._u}
        result |= {f"{name}{i}": value.clone().numpy() for name, value in figures.items()}
    module.eval()
    return result | {"y": back(module(prepare(x[0]))).detach().numpy()}


def run_deviation(layer, data):
    """y and dx."""
    x = torch.tensor(data["x"], requires_grad=True)
    deviation = (x.var(dim=0, unbiased=False) + layer.epsilon).sqrt().mean()
    y = torch.cat([x, deviation.expand(*x.shape[:-1], 1)], dim=-1)
    y.backward(torch.tensor(data["dy"]))
    return {"y": y.detach().numpy(), "dx": x.grad.numpy()}


def critic_loss(loss, y, t):
    """The mean loss of scores y (n, 1)."""
    if isinstance(loss, BinaryCrossEntropy):
        return F.binary_cross_entropy_with_logits(y, t)
    if isinstance(loss, QuadraticCost):
        return F.mse_loss(y, t) / 2
    sign = 2 * t - 1
    return (F.relu(1 - sign * y) if isinstance(loss, Hinge) else -sign * y).mean()


def run_critic(loss, data):
    """L and dy."""
    y = torch.tensor(data["y"], requires_grad=True)
    value = critic_loss(loss, y, torch.tensor(data["t"]))
    value.backward()
    return {"L": value.detach().numpy(), "dy": y.grad.numpy()}


class Twin:
    """A network's forward pass by PyTorch, and its optimiser."""

    def __init__(self, network, optimizer):
        self.network, self.theta = network, torch.tensor(network.theta, requires_grad=True)
        if isinstance(optimizer, RMSprop):
            options = {"alpha": optimizer.rho, "eps": optimizer.epsilon}
            self.optimizer = torch.optim.RMSprop([self.theta], lr=optimizer.learning_rate, **options)
        else:
            options = {"betas": (optimizer.beta1, optimizer.beta2), "eps": optimizer.epsilon}
            self.optimizer = torch.optim.Adam([self.theta], lr=optimizer.learning_rate, **options)

    def __call__(self, x):
        return in_a_row(self.network.layers, self.network.arena.views(self.theta), x)

    def step(self, loss):
        self.theta.grad = None
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())


def told(x, labels, classes):
    """x with one-hot classes on its last axis."""
    if labels is None:
        return x
    hot = F.one_hot(torch.tensor(labels), classes).double()
    return torch.cat([x, hot.reshape(len(x), *[1] * (x.ndim - 2), classes).expand(*x.shape[:-1], classes)], dim=-1)


def run_gan(case):
    """Losses and parameters of ten steps of the critic, with the generator's turns between them."""
    gan, (images, labels), rng = case.gan(), cases.gan_images(case), np.random.default_rng(8)
    options = {"critic_steps": 1, "clip": 0.0, "penalty": 0.0} | (case.options or {})
    critic, generator = Twin(gan.critic, case.optimizer), Twin(gan.generator, case.optimizer)
    generator_loss = cases.Wasserstein() if isinstance(case.loss, Hinge) else case.loss
    order, figures = rng.permutation(len(images)), {"critic": [], "generator": [], "penalty": []}
    ones, zeros = torch.ones(cases.BATCH, 1).double(), torch.zeros(cases.BATCH, 1).double()
    for i in range(cases.STEPS):
        rows = order[i * cases.BATCH : (i + 1) * cases.BATCH]
        real, known = torch.tensor(images[rows]), None if labels is None else labels[rows]

        def draw(known=known):
            noise = torch.tensor(rng.standard_normal((cases.BATCH, gan.latent)))
            return generator(told(noise, known, case.classes))

        def score(x, known=known):
            return critic(told(x, known, case.classes))

        drawn = draw().detach()
        loss = critic_loss(case.loss, score(real), ones) + critic_loss(case.loss, score(drawn), zeros)
        figures["critic"].append(float(loss.detach()))
        if options["penalty"]:
            share = torch.tensor(rng.random((cases.BATCH, 1)))
            between = (share * real + (1 - share) * drawn).requires_grad_()
            (slopes,) = torch.autograd.grad(score(between).sum(), between, create_graph=True)
            penalty = options["penalty"] * ((slopes.norm(dim=1) - 1) ** 2).mean()
            figures["penalty"].append(float(penalty.detach()))
            loss = loss + penalty
        critic.step(loss)
        if options["clip"]:
            with torch.no_grad():
                critic.theta.clamp_(-options["clip"], options["clip"])
        if (i + 1) % options["critic_steps"] == 0:
            figures["generator"].append(generator.step(critic_loss(generator_loss, score(draw()), ones)))
    thetas = {"critic_theta": critic.theta.detach().numpy(), "generator_theta": generator.theta.detach().numpy()}
    return {name: np.array(values) for name, values in figures.items()} | thetas


def run_vae():
    """Losses and parameters of ten steps."""
    vae, images, rng = cases.vae(), cases.vae_images(), np.random.default_rng(8)
    encoder, decoder = Twin(vae.encoder, cases.VAE_OPTIMIZER), Twin(vae.decoder, cases.VAE_OPTIMIZER)
    order, losses = rng.permutation(len(images)), []
    for i in range(cases.STEPS):
        x = torch.tensor(images[order[i * cases.BATCH : (i + 1) * cases.BATCH]])
        mean, log_variance = encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.tensor(rng.standard_normal(mean.shape))
        reconstruction = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
        prior = torch.distributions.Normal(torch.zeros(()).double(), torch.ones(()).double())
        found = torch.distributions.Normal(mean, torch.exp(0.5 * log_variance))
        divergence = torch.distributions.kl_divergence(found, prior).sum()
        decoder.theta.grad = None
        losses.append([float(reconstruction.detach()) / len(x), float(divergence.detach()) / len(x)])
        encoder.step((reconstruction + divergence) / len(x))
        decoder.optimizer.step()
    thetas = {"encoder_theta": encoder.theta.detach().numpy(), "decoder_theta": decoder.theta.detach().numpy()}
    return {"losses": np.array(losses)} | thetas


def run() -> dict[str, np.ndarray]:
    """Every figure, by "case/quantity"."""
    result = {}
    for layer, in_shape in cases.SPECTRAL:
        result[layer.label()] = run_spectral(layer, cases.spectral_data(layer, in_shape))
    for layer, in_shape in cases.DEVIATIONS:
        result[str(layer)] = run_deviation(layer, cases.deviation_data(layer, in_shape))
    for loss in cases.CRITICS:
        result[str(loss)] = run_critic(loss, cases.critic_data())
    result |= {case.name: run_gan(case) for case in cases.GANS} | {"vae": run_vae()}
    return {f"{case}/{name}": value for case, figures in result.items() for name, value in figures.items()}
