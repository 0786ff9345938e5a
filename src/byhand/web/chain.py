"""A mini-batch followed by hand: all its samples, and the chain from the loss to one weight with every sum's terms."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.explaining.blocks import blocks
from byhand.explaining.explain import trace
from byhand.layers import Activation, Dense
from byhand.network import Network
from byhand.web.catalogue import input_image_shape
from byhand.web.limits import Refusal
from byhand.web.packed import json_number, numbers, packed

MOST_SAMPLES = 200  # of a batch that is followed


@dataclass(frozen=True)
class RecordedStep:
    """A step that was made.

    Attributes:
        step: its number.
        network: as it was before.
        x: the batch (n, *input_shape).
        t: its targets (n, outputs).
        n: how many samples the step took its gradient from; more than there are in x if they are too many to follow.
    """

    step: int
    network: Network
    x: Array
    t: Array
    n: int

    def batch(self) -> dict[str, Any]:
        """Each sample's image, label, probabilities, loss, and how far they are off."""
        network, n = self.network, len(self.x)
        twin = network.twin()
        workspace = twin.workspace(n, share=False)
        twin.forward(self.x, workspace)
        twin.backward(self.t, workspace)
        _, loss = workspace.passes
        shape, classes = input_image_shape(network), network.classes or tuple(map(str, range(network.outputs)))
        return {
            "step": self.step,
            "n": self.n,
            "images": packed(np.rint(self.x.reshape(n, *shape) * 255).astype(np.uint8)) if shape else None,
            "labels": [classes[i] for i in self.t.argmax(axis=1)],
            "classes": list(classes),
            "probabilities": numbers(network.predict_proba(self.x)),
            "targets": numbers(self.t),
            "errors": numbers(n * loss.dy),
            "error": f"d{blocks(network)[-1].names['y']}",
            "losses": numbers(loss.cache.each),
        }

    def chain(self, layer: int, source: int, unit: int, sample: int, path: tuple[int, ...] = ()) -> dict[str, Any]:
        """How dW[source, unit] of a dense layer comes from the loss.

        Args:
            layer: the layer's number.
            source: the weight's row: which number comes in.
            unit: its column: the unit that it leads to.
            sample: of the batch, whose dz is followed from layer to layer.
            path: the units of the later dense layers to follow; the strongest where it says nothing.

        Raises:
            Refusal: no such weight or sample, or layers behind it that are neither dense nor activations.
        """
        network, found, n = self.network, blocks(self.network), len(self.x)
        if self.n > n:
            raise Refusal(422, f"Batches of at most {MOST_SAMPLES} samples are followed; this one has {self.n}.")
        later = [i for i in range(layer, len(found)) if isinstance(found[i].layer, Dense)]
        if layer >= len(found) or not isinstance(found[layer].layer, Dense):
            raise Refusal(422, f"Layer {layer} is not dense; see the layers of the training.")
        if not all(isinstance(block.layer, Dense | Activation) for block in found[layer:]):
            raise Refusal(422, "The chain is written out through dense layers and activations only.")
        rows, columns = network.p[layer].W.shape
        if source >= rows or unit >= columns or sample >= n:
            raise Refusal(422, f"There are weights [0 to {rows - 1}, 0 to {columns - 1}] and samples 0 to {n - 1}.")
        values = trace(network, self.x, self.t)
        names = found[layer].names
        x = values[names["x"]].reshape(n, -1)[:, source]
        dz = n * values[f"d{names['y']}"][:, unit]  # of each sample's own loss
        return {
            "name": f"d{names['W']}[{source}, {unit}]",
            "input": f"{names['x']}[{source}]",
            "value": json_number((x * dz).mean()),
            "weight": json_number(network.p[layer].W[source, unit]),
            "sample": sample,
            "terms": [
                {"value": json_number(a), "delta": json_number(d), "product": json_number(a * d)}
                for a, d in zip(x, dz, strict=True)
            ],
            "levels": self._levels(values, later, unit, sample, path),
        }

    def _levels(
        self, values: dict[str, Array], dense: list[int], unit: int, sample: int, path: tuple[int, ...]
    ) -> list[dict[str, Any]]:
        """dz of one unit of each dense layer, from the weight's up to the last, each by those behind it."""
        found, levels = blocks(self.network), []
        for place, i in enumerate(dense):
            z = found[i].names["y"]
            dz = len(self.x) * values[f"d{z}"][sample]  # (units,)
            follows = found[i + 1] if i + 1 < len(found) and isinstance(found[i + 1].layer, Activation) else None
            level: dict[str, Any] = {
                "layer": i,
                "unit": unit,
                "name": f"d{z}[{unit}]",
                "value": json_number(dz[unit]),
                "rule": [e.as_text(follows.names) for e in follows.backward] if follows else [],
                "sum": None,
                "slope": None,
                "terms": [],
            }
            after = None
            if place + 1 < len(dense):
                after = found[dense[place + 1]]
                W, behind = (
                    self.network.p[dense[place + 1]].W[unit],
                    len(self.x) * values[f"d{after.names['y']}"][sample],
                )
                products = W * behind
                level["terms"] = [
                    {"unit": k, "weight": json_number(W[k]), "delta": json_number(behind[k]), "product": json_number(v)}
                    for k, v in enumerate(products)
                ]
                level |= {"names": [after.names["W"], f"d{after.names['y']}"], "sum": json_number(products.sum())}
                level["slope"] = json_number(dz[unit] / products.sum()) if products.sum() else None
            levels.append(level)
            if after:
                said = path[place] if place < len(path) and path[place] < len(products) else None
                unit = int(np.abs(products).argmax()) if said is None else said
        return levels
