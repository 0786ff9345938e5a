"""One library's dense GAN, in a process of its own: `python gan.py LIBRARY IMAGES.npy`.

Each line that it reads is a number of steps to take; it answers with their seconds, as JSON. The networks and the
training are those of byhand's recipe `gan`: a step is one of the critic, with its gradient penalty, and one of the
generator.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np

NOISE, BATCH, PENALTY, RATE = 100, 128, 1.0, 0.001


def of_byhand(images: np.ndarray) -> Callable[[np.ndarray], object]:
    from byhand.data import from_arrays
    from byhand.recipes.drawing import gan

    data = from_arrays(images.reshape(-1, 28, 28), np.zeros(len(images), int), classes=["0"])
    trainer = gan.begin(data, 0)
    return lambda x: trainer.step(x, None, 0, 1)


def of_torch(images: np.ndarray) -> Callable[[np.ndarray], object]:
    import os

    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(0)
    hidden = [(NOISE, 256), (256, 512)]
    parts = [part for a, b in hidden for part in (nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU())]
    generator = nn.Sequential(*parts, nn.Linear(512, 784), nn.Sigmoid())
    critic = nn.Sequential(
        *(nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1))
    )
    loss, betas = nn.BCEWithLogitsLoss(), (0.5, 0.999)
    of_critic = torch.optim.Adam(critic.parameters(), RATE, betas, fused=True)
    of_generator = torch.optim.Adam(generator.parameters(), RATE, betas, fused=True)

    def step(x: np.ndarray) -> None:
        real, n = torch.from_numpy(x), len(x)
        drawn = generator(torch.randn(n, NOISE)).detach()
        share = torch.rand(n, 1)
        between = (share * real + (1 - share) * drawn).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = PENALTY * ((slope.norm(dim=1) - 1) ** 2).mean()
        of_critic.zero_grad()
        (loss(critic(real), torch.ones(n, 1)) + loss(critic(drawn), torch.zeros(n, 1)) + penalty).backward()
        of_critic.step()
        of_generator.zero_grad()
        loss(critic(generator(torch.randn(n, NOISE))), torch.ones(n, 1)).backward()
        of_generator.step()

    return step


def main() -> None:
    images = np.load(sys.argv[2])  # (n, 784) bytes
    step = {"byhand": of_byhand, "torch": of_torch}[sys.argv[1]](images)
    batches = (images[: len(images) // BATCH * BATCH].reshape(-1, BATCH, 784) / 255).astype(np.float32)
    done = 0
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            start = time.perf_counter()
            step(batches[done % len(batches)])
            times.append(time.perf_counter() - start)
            done += 1
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
