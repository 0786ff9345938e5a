"""The recipe `race` in PyTorch, as a process of its own: python race_torch.py FOLDER_OF_MNIST --seed 0."""

import argparse
import json
import math
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

EPOCHS, BATCH, RATE = 1, 32, 0.015


def read(folder, part):
    """Images (n, 1, 28, 28) and labels (n,) of uncompressed IDX files."""
    images = np.fromfile(folder / f"{part}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 1, 28, 28)
    labels = np.fromfile(folder / f"{part}-labels-idx1-ubyte", np.uint8)[8:].astype(np.int64)
    return torch.from_numpy(images), torch.from_numpy(labels)


def network():
    """The layers, starting as byhand's do: He's normal, but for the last, which starts as Glorot says."""
    model = nn.Sequential(
        *(nn.Conv2d(1, 16, 5, stride=2), nn.BatchNorm2d(16), nn.ReLU(inplace=True)),
        *(nn.Conv2d(16, 32, 3), nn.MaxPool2d(2), nn.BatchNorm2d(32), nn.ReLU(inplace=True)),
        *(nn.Flatten(), nn.Linear(800, 128), nn.BatchNorm1d(128), nn.ReLU(inplace=True), nn.Linear(128, 10)),
    )
    for layer in model:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    nn.init.xavier_uniform_(model[-1].weight)
    return model.to(memory_format=torch.channels_last)


def one_cycle(done):
    """The learning rate where the share `done` of the training is over."""
    low = RATE / 25

    def cosine(start, end, share):
        return end + 0.5 * (start - end) * (1 + math.cos(math.pi * min(share, 1)))

    return cosine(low, RATE, done / 0.3) if done < 0.3 else cosine(RATE, low / 1e4, (done - 0.3) / 0.7)


def scaled(images):
    """Bytes as numbers from 0 to 1."""
    return images.to(torch.float32, memory_format=torch.channels_last).mul_(1 / 255)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    torch.set_flush_denormal(True)
    torch.manual_seed(arguments.seed)
    x, y = read(arguments.folder, "train")
    x_test, y_test = read(arguments.folder, "t10k")
    model, loss = network(), nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.Adam(model.parameters(), RATE, betas=(0.9, 0.99), fused=True)
    step, steps = 0, EPOCHS * math.ceil(len(x) / BATCH)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.param_groups[0]["lr"] = one_cycle(step / steps)
            loss(model(scaled(x[rows])), y[rows]).backward()
            optimizer.step()
            optimizer.zero_grad()
            step += 1
    model.eval()
    with torch.inference_mode():
        right = sum(
            int((model(scaled(images)).argmax(1) == labels).sum())
            for images, labels in zip(x_test.split(512), y_test.split(512), strict=True)
        )
    print(json.dumps({"accuracy": right / len(x_test)}))


if __name__ == "__main__":
    main()
