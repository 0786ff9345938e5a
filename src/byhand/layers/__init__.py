"""The steps that networks are made of, one family a file."""

from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.layers.activations import (
    ELU,
    Activation,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Step,
    Tanh,
    activation_of,
    spelled_out,
)
from byhand.layers.base import Layer, plan_layers
from byhand.layers.batch_norm import BatchNorm
from byhand.layers.columns import Columns
from byhand.layers.convolution import Conv2D
from byhand.layers.dense import Dense
from byhand.layers.dropout import Dropout, SpatialDropout
from byhand.layers.flatten import Flatten
from byhand.layers.layer_norm import LayerNorm
from byhand.layers.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D
from byhand.layers.residual import Residual

__all__ = [
    "ELU",
    "Activation",
    "AveragePool2D",
    "BatchNorm",
    "Columns",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool2D",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "MaxPool2D",
    "Pass",
    "Plan",
    "ReLU",
    "Residual",
    "Sigmoid",
    "Softmax",
    "SpatialDropout",
    "Step",
    "Tanh",
    "activation_of",
    "plan_layers",
    "spelled_out",
]
