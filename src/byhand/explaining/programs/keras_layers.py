"""Layers in Keras: the lines of the function that makes the model; see `keras_sequences` for sequences."""

# ruff: noqa: D102  (each method is called as the layer that it writes)

import textwrap
from collections.abc import Sequence
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.explaining.programs.lines import WIDEST
from byhand.explaining.programs.modules import ModuleLines
from byhand.initializers import Glorot, He, Identity, Initializer, Normal, Orthogonal, Uniform, Zeros
from byhand.network import Network
from byhand.regularizers import L1, L2, MaxNorm, Regularizer

UNSAID_STARTS = {"kernel": '"glorot_uniform"', "recurrent": '"orthogonal"'}  # what Keras takes if nothing is said
ONE_BIAS = '''

@keras.saving.register_keras_serializable()
class OneBias(keras.constraints.Constraint):
    """Keeps a GRU's second bias at zero for the two gates that need only one; b is (2, 3 k)."""

    def __call__(self, b):
        k = b.shape[1] // 3
        return ops.concatenate([b[:1], ops.concatenate([0 * b[1:, : 2 * k], b[1:, 2 * k :]], axis=1)])
'''

OWN_LAYERS = {
    "LearnedPositions": '''

@keras.saving.register_keras_serializable()
class LearnedPositions(layers.Layer):
    """Adds a learnt row of P (longest, k) to each step."""

    def __init__(self, longest, initializer, **options):
        super().__init__(**options)
        self.longest, self.initializer = longest, initializer

    def build(self, shape):
        self.P = self.add_weight(shape=(self.longest, shape[-1]), initializer=self.initializer, name="P")

    def call(self, x):
        return x + self.P[: x.shape[1]]
''',
    "ClassToken": '''

@keras.saving.register_keras_serializable()
class ClassToken(layers.Layer):
    """Puts a learnt row q (k,) before all steps."""

    def __init__(self, initializer, **options):
        super().__init__(**options)
        self.initializer = initializer

    def build(self, shape):
        self.q = self.add_weight(shape=(shape[-1],), initializer=self.initializer, name="token")

    def call(self, x):
        first = ops.broadcast_to(self.q, (ops.shape(x)[0], 1, x.shape[2]))
        return ops.concatenate([first, x], axis=1)
''',
    "TiedDense": '''

class TiedDense(layers.Layer):
    """y = x Wᵀ with an embedding's W (tokens, k)."""

    def __init__(self, embedding, **options):
        super().__init__(**options)
        self.embedding = embedding

    def call(self, x):
        return ops.matmul(x, ops.transpose(self.embedding.embeddings))
''',
}


class KerasRows(ModuleLines):
    """A network of rows and images in Keras; its images are (n, height, width, channels), as byhand's are.

    Args:
        network: the network.
        rules: penalties and limits of weights, which Keras keeps with each layer.
        decay: λ of a weight decay that is added to the gradient.
        padded: whether sequences end in steps of zeros.
    """

    library = "Keras"
    mask = "ops.any(ops.not_equal(x, 0), axis=-1)"

    def __init__(self, network: Network, rules: Sequence[Regularizer] = (), decay: float = 0.0, padded: bool = False):
        self.l2 = sum(rule.rate for rule in rules if isinstance(rule, L2)) + decay
        self.l1 = sum(rule.rate for rule in rules if isinstance(rule, L1))
        self.tied = any(plan.shared for plan in network.plan)
        self.limits = [rule.limit for rule in rules if isinstance(rule, MaxNorm)]
        super().__init__(network, padded)

    def joined(self, parts: list[str], sides: int) -> str:
        return f"layers.Concatenate()([{', '.join(parts)}])"

    def _call(self, code: str, plan: Plan, v: str, *options: str, call: str = "") -> None:
        """Hand v through layers.Code(options), the call with further arguments."""
        maker, given = code if code in OWN_LAYERS else f"layers.{code}", ", ".join(o for o in options if o)
        self._made(f"{v} = {maker}", given, f"({v}{call})", self.shape(plan.out_shape))

    def _made(self, maker: str, given: str, after: str = "", comment: str = "") -> None:
        """The line `maker(given)after`; in several where it is long."""
        whole = f"{maker}({given}){after}"
        if len(whole) < WIDEST - 4:
            self.line(whole, comment)
            return
        self.line(f"{maker}(")
        for text in textwrap.wrap(given, WIDEST - 10, break_long_words=False):
            self.line(f"    {text}")
        self.line(f"){after}", comment)

    def _weights(self, kind: str, start: Initializer, sides: int = 2) -> str:
        """How a weight starts, and what is added to the loss or done after each step because of it."""
        code = initializer_code(start)
        found = [f"{kind}_initializer={code}"] * (code != UNSAID_STARTS.get(kind))
        if self.l1 or self.l2:
            terms = [f"l1={self.l1}"] * bool(self.l1) + [f"l2={0.5 * self.l2}"] * bool(self.l2)
            name = "L1L2" if len(terms) == 2 else terms[0][:2].upper()
            found.append(f"{kind}_regularizer=keras.regularizers.{name}({', '.join(terms)})")
        if self.limits:
            axes = list(range(sides - 1)) if sides > 2 else 0
            found.append(f"{kind}_constraint=keras.constraints.MaxNorm({min(self.limits)}, axis={axes})")
        return ", ".join(found)

    def _bias(self, layer: Any) -> str:
        if not layer.bias:
            return "use_bias=False"
        return "" if isinstance(layer.biases, Zeros) else f"bias_initializer={initializer_code(layer.biases)}"

    # ---- rows ----

    def Dense(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(
            "Dense",
            plan,
            v,
            f"{layer.units}",
            self._bias(layer),
            self._weights("kernel", layer.weights),
            keras_name(name),
        )

    def Sigmoid(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("Activation", plan, v, '"sigmoid"')

    def Tanh(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("Activation", plan, v, '"tanh"')

    def ReLU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("ReLU", plan, v)

    def LeakyReLU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("LeakyReLU", plan, v, f"negative_slope={layer.negative_slope}")

    def ELU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("ELU", plan, v, f"alpha={layer.alpha}")

    def GELU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self.line(f"{v} = ops.gelu({v}, approximate={layer.approximate})", self.shape(plan.out_shape))

    def SiLU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("Activation", plan, v, '"silu"')

    def Softmax(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("Softmax", plan, v)

    def Flatten(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("Flatten", plan, v)

    def Reshape(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("Reshape", plan, v, str(tuple(plan.out_shape)))

    Columns = Reshape

    def Dropout(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("Dropout", plan, v, str(layer.rate))

    def SpatialDropout(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("SpatialDropout2D", plan, v, str(layer.rate))

    def BatchNorm(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        options = f"momentum={round(1 - layer.momentum, 12)}", f"epsilon={layer.epsilon}", keras_name(name)
        self._call("BatchNormalization", plan, v, *options)

    def LayerNorm(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("LayerNormalization", plan, v, f"epsilon={layer.epsilon}", keras_name(name))

    # ---- images ----

    def Conv2D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        w = layer.window
        if max(w.stride) > 1 and max(w.dilation) > 1:
            raise ByhandError(f"{layer.label()} has both a stride and a dilation, which Keras' convolutions can't.")
        options = [f"{layer.filters}", f"{w.size}", *self._windowed(w)]
        options += [f"dilation_rate={w.dilation}"] * (w.dilation != (1, 1)) + [f"groups={layer.groups}"] * (
            layer.groups > 1
        )
        options += [self._bias(layer), self._weights("kernel", layer.weights, 4), keras_name(name)]
        self._call("Conv2D", plan, v, *options)

    def _windowed(self, w: Any) -> list[str]:
        if w.padding not in ("same", "valid"):
            raise ByhandError("Padding in pixels can't be written in Keras yet.")
        return [f"strides={w.stride}"] * (w.stride != (1, 1)) + ['padding="same"'] * (w.padding == "same")

    def ConvTranspose2D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        w = layer._window
        options = [f"{layer.filters}", f"{w.size}", *self._windowed(w), self._bias(layer)]
        self._call("Conv2DTranspose", plan, v, *options, self._weights("kernel", layer.weights, 4), keras_name(name))

    def UpSample2D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("UpSampling2D", plan, v, str(layer.size))

    def _pool(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        w, kind = layer.window, type(layer).__name__.replace("Pool", "Pooling")
        options = [f"{w.size}", f"{w.stride}"] if w.stride != w.size else [f"{w.size}"]
        self._call(kind, plan, v, *options, *[o for o in self._windowed(w) if o.startswith("padding")])

    MaxPool2D = AveragePool2D = _pool

    def GlobalAveragePool2D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("GlobalAveragePooling2D", plan, v)


def keras_name(name: str) -> str:
    """The option that names a layer."""
    return f'name="{name}"'


def initializer_code(start: Initializer) -> str:
    """The expression of an initialiser."""
    at = "keras.initializers."
    if isinstance(start, Zeros):
        return '"zeros"'
    if isinstance(start, Normal):
        return f"{at}RandomNormal(stddev={start.std})"
    if isinstance(start, Uniform):
        return f"{at}RandomUniform({start.low}, {start.high})"
    if isinstance(start, Glorot | He) and start.shape == "uniform":
        return f'"{type(start).__name__.lower()}_uniform"'
    if isinstance(start, Glorot | He):
        scale, mode = ("1.0", "fan_avg") if isinstance(start, Glorot) else ("2.0", "fan_in")
        return f'{at}VarianceScaling({scale}, "{mode}", "untruncated_normal")'
    if isinstance(start, Orthogonal):
        return '"orthogonal"' if start.scale == 1 else f"{at}Orthogonal(gain={start.scale})"
    if isinstance(start, Identity):
        return f"{at}Identity(gain={start.scale})"
    raise ByhandError(f"The initialiser {type(start).__name__} can't be written in Keras yet.")
