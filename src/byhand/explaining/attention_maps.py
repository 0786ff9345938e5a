"""The weights of attention, layer by layer."""

from byhand.core.passes import passes_of
from byhand.core.types import Array
from byhand.layers import ClassToken, MultiHeadAttention, PatchEmbedding
from byhand.network import Network


def attention_maps(network: Network, x: Array) -> list[tuple[str, Array]]:
    """(name, weights A (n, heads, queries, keys)) of every attention layer, for x as `as_input` gives it.

    Names are numbers of layers, those within others too: "4.1.2" is the second layer of the first one in layer 4.
    """
    workspace = network.workspace(len(x), share=False)
    network.forward(x, workspace)
    found = passes_of(MultiHeadAttention, network.layers, workspace.passes.layers)
    return [(name, at.cache.A) for name, _, at in found]


def over_patches(network: Network, a: Array) -> Array | None:
    """What each head looks at in an image: weights (heads, down, across) of its patches, from A (heads, T, keys).

    The class token's query where there is one, else the mean of all queries; None where the network has no patches.
    """
    first = network.layers[0]
    if not isinstance(first, PatchEmbedding):
        return None
    down, across = (side // first.size for side in network.input_shape[:2])
    token = any(isinstance(layer, ClassToken) for layer in network.layers)
    seen = a[:, 0, 1:] if token else a.mean(axis=1)
    return seen.reshape(len(a), down, across)
