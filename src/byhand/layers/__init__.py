"""Layers."""

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
from byhand.layers.attention.block import TransformerBlock
from byhand.layers.attention.cross import CrossAttention
from byhand.layers.attention.decoder_block import DecoderBlock
from byhand.layers.attention.multi_head import MultiHeadAttention
from byhand.layers.attention.patches import ClassToken, FirstStep, PatchEmbedding
from byhand.layers.attention.positions import LearnedPositions, SinusoidalPositions
from byhand.layers.attention.tied import TiedDense
from byhand.layers.base import Layer, plan_layers
from byhand.layers.batch_norm import BatchNorm
from byhand.layers.columns import Columns
from byhand.layers.convolution import Conv2D
from byhand.layers.dense import Dense
from byhand.layers.dropout import Dropout, SpatialDropout
from byhand.layers.flatten import Flatten
from byhand.layers.layer_norm import LayerNorm
from byhand.layers.minibatch_std import MinibatchStd
from byhand.layers.parallel import Parallel, Sequential
from byhand.layers.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D
from byhand.layers.reshape import Reshape
from byhand.layers.residual import Residual
from byhand.layers.rms_norm import RMSNorm
from byhand.layers.sequences.bidirectional import Bidirectional
from byhand.layers.sequences.conv1d import Conv1D
from byhand.layers.sequences.embedding import Embedding
from byhand.layers.sequences.encoder_decoder import EncoderDecoder
from byhand.layers.sequences.gru import GRU
from byhand.layers.sequences.lstm import LSTM
from byhand.layers.sequences.over_time import LastStep, MaxOverTime, MeanOverTime, RepeatVector, StepsFrom
from byhand.layers.sequences.rnn import RNN
from byhand.layers.sequences.split_steps import SplitSteps
from byhand.layers.smooth_activations import GELU, SiLU
from byhand.layers.spectral_norm import SpectralNorm
from byhand.layers.upsampling import ConvTranspose2D, UpSample2D

__all__ = [
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "AveragePool2D",
    "BatchNorm",
    "Bidirectional",
    "ClassToken",
    "Columns",
    "Conv1D",
    "Conv2D",
    "ConvTranspose2D",
    "CrossAttention",
    "DecoderBlock",
    "Dense",
    "Dropout",
    "Embedding",
    "EncoderDecoder",
    "FirstStep",
    "Flatten",
    "GlobalAveragePool2D",
    "LastStep",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LearnedPositions",
    "MaxOverTime",
    "MaxPool2D",
    "MeanOverTime",
    "MinibatchStd",
    "MultiHeadAttention",
    "Parallel",
    "Pass",
    "PatchEmbedding",
    "Plan",
    "RMSNorm",
    "ReLU",
    "RepeatVector",
    "Reshape",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SinusoidalPositions",
    "Softmax",
    "SpatialDropout",
    "SpectralNorm",
    "SplitSteps",
    "Step",
    "StepsFrom",
    "Tanh",
    "TiedDense",
    "TransformerBlock",
    "UpSample2D",
    "activation_of",
    "plan_layers",
    "spelled_out",
]
