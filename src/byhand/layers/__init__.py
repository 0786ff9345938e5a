"""The steps that networks are made of, one family a file."""

from byhand.layers.activations import ELU, Activation, LeakyReLU, ReLU, Sigmoid, Softmax, Step, Tanh
from byhand.layers.base import Layer, Plan
from byhand.layers.dense import Dense
from byhand.layers.flatten import Flatten

__all__ = [
    "ELU",
    "Activation",
    "Dense",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "Plan",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Step",
    "Tanh",
]
