"""The steps that networks are made of, one family a file."""

from byhand.layers.activations import ELU, Activation, LeakyReLU, ReLU, Sigmoid, Softmax, Step, Tanh
from byhand.layers.base import Layer, Plan, plan_layers
from byhand.layers.batch_norm import BatchNorm
from byhand.layers.dense import Dense
from byhand.layers.dropout import Dropout
from byhand.layers.flatten import Flatten
from byhand.layers.layer_norm import LayerNorm
from byhand.layers.residual import Residual

__all__ = [
    "ELU",
    "Activation",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Plan",
    "ReLU",
    "Residual",
    "Sigmoid",
    "Softmax",
    "Step",
    "Tanh",
    "plan_layers",
]
