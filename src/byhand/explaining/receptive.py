"""Receptive fields."""

from collections.abc import Iterator
from dataclasses import dataclass

from byhand.explaining.blocks import Block, blocks
from byhand.layers.windows import Pair
from byhand.network import Network


@dataclass(frozen=True)
class Field:
    """A layer's receptive field.

    Attributes:
        name: what the layer's output is called in the network's equations.
        size: height and width of what one of its numbers has seen, in pixels of the input.
        stride: how far apart the fields of neighbouring numbers lie, down and across, in pixels of the input.
    """

    name: str
    size: Pair
    stride: Pair


def receptive_fields(network: Network) -> list[Field]:
    """The receptive field of every layer with windows, in order, including inner layers.

    A window that sees m places of a layer whose numbers have seen r pixels, s pixels apart, has seen r + (m − 1) s
    pixels; with a stride t its own numbers lie s t pixels apart.
    """
    found: list[Field] = []
    size, stride = (1, 1), (1, 1)
    for block in blocks(network):
        if len(block.plan.out_shape) != 3:
            break
        for field in _fields(block, size, stride):
            found.append(field)
            size, stride = field.size, field.stride
    return found


def _fields(block: Block, size: Pair, stride: Pair) -> Iterator[Field]:
    inside = False
    for child in block.children:
        for field in _fields(child, size, stride):
            yield field
            inside, size, stride = True, field.size, field.stride
    window = block.layer.window
    if window:
        (down, across), (r, c) = window.extent, stride
        size = size[0] + (down - 1) * r, size[1] + (across - 1) * c
        stride = r * window.stride[0], c * window.stride[1]
    if window or inside:
        yield Field(block.names["y"], size, stride)
