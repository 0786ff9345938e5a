"""Layers in PyTorch: the modules of `__init__`, and the lines of `forward`; see `pytorch_sequences` for sequences."""

# ruff: noqa: D102  (each method is called as the layer that it writes)

from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.explaining.programs.modules import ModuleLines
from byhand.initializers import Glorot, He, Identity, Initializer, Normal, Orthogonal, Uniform, Zeros
from byhand.network import Network

Known = tuple[Any, Plan, Shape, str, str]  # layer, plan, in_shape, name, variable


class PyTorchRows(ModuleLines):
    """A network of rows and images in PyTorch; images are (n, channels, height, width) there.

    Attributes:
        modules: the lines of `__init__`.
    """

    library = "PyTorch"
    mask = "(x != 0).any(dim=-1)"

    def __init__(self, network: Network, padded: bool = False):
        self.modules: list[str] = []
        super().__init__(network, padded)

    def shape(self, shape: Shape) -> str:
        order = (shape[2], *shape[:2]) if len(shape) == 3 else shape
        return super().shape(order)

    def joined(self, parts: list[str], sides: int) -> str:
        return f"torch.cat([{', '.join(parts)}], dim={1 if sides == 3 else -1})"

    def _module(self, name: str, code: str) -> None:
        self.modules.append(f"self.{name} = {code}")

    def _start(self, tensor: str, initializer: Initializer, blocks: bool = False) -> None:
        """Fill a parameter."""
        if isinstance(initializer, Zeros):
            code = f"nn.init.zeros_({tensor})"
        elif isinstance(initializer, Normal):
            code = f"nn.init.normal_({tensor}, 0, {initializer.std})"
        elif isinstance(initializer, Uniform):
            code = f"nn.init.uniform_({tensor}, {initializer.low}, {initializer.high})"
        elif isinstance(initializer, Glorot):
            code = f"nn.init.xavier_{initializer.shape}_({tensor})"
        elif isinstance(initializer, He):
            code = f'nn.init.kaiming_{initializer.shape}_({tensor}, nonlinearity="relu")'
        elif isinstance(initializer, Orthogonal | Identity):
            what = f"orthogonal_(block, {initializer.scale})" if isinstance(initializer, Orthogonal) else "eye_(block)"
            if isinstance(initializer, Identity) and initializer.scale != 1:
                raise ByhandError("Identity(scale) can't be written in PyTorch yet.")
            self.modules += [f"for block in {tensor}.split({tensor}.shape[1]):", f"    nn.init.{what}"]
            return
        else:
            raise ByhandError(f"The initialiser {type(initializer).__name__} can't be written in PyTorch yet.")
        self.modules.append(code)

    # ---- rows ----

    def Dense(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        bias = "" if layer.bias else ", bias=False"
        self._module(name, f"nn.Linear({in_shape[-1]}, {layer.units}{bias})")
        self._start(f"self.{name}.weight", layer.weights)
        if layer.bias:
            self._start(f"self.{name}.bias", layer.biases)
        self.line(f"{v} = self.{name}({v})", self.shape(plan.out_shape))

    def _call(self, function: str, plan: Plan, v: str) -> None:
        self.line(f"{v} = {function.format(v)}", self.shape(plan.out_shape))

    def Sigmoid(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("torch.sigmoid({})", plan, v)

    def Tanh(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("torch.tanh({})", plan, v)

    def ReLU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("F.relu({})", plan, v)

    def LeakyReLU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(f"F.leaky_relu({{}}, {layer.negative_slope})", plan, v)

    def ELU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(f"F.elu({{}}, {layer.alpha})", plan, v)

    def GELU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(f'F.gelu({{}}, approximate="{"tanh" if layer.approximate else "none"}")', plan, v)

    def SiLU(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("F.silu({})", plan, v)

    def Softmax(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(f"F.softmax({{}}, dim={1 if len(in_shape) == 3 else -1})", plan, v)

    def Flatten(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        order = ".permute(0, 2, 3, 1)" if len(in_shape) == 3 else ""  # the channels of a pixel stay together
        self._call(f"{{}}{order}.flatten(1)", plan, v)

    def Reshape(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        there = ".permute(0, 2, 3, 1)" if len(in_shape) == 3 else ""
        back = ".permute(0, 3, 1, 2)" if len(plan.out_shape) == 3 else ""
        self._call(f"{{}}{there}.reshape(-1, {', '.join(map(str, plan.out_shape))}){back}", plan, v)

    def Columns(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("{}.squeeze(2).transpose(1, 2)", plan, v)

    def Dropout(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(f"F.dropout({{}}, {layer.rate}, self.training)", plan, v)

    def SpatialDropout(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(f"F.dropout2d({{}}, {layer.rate}, self.training)", plan, v)

    def BatchNorm(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        kind = "2d" if len(in_shape) == 3 else "1d"
        code = f"nn.BatchNorm{kind}({in_shape[-1]}, eps={layer.epsilon}, momentum={layer.momentum})"
        self._module(name, code)
        turn = ".transpose(1, 2)" if len(in_shape) == 2 else ""
        self._call(f"self.{name}({{}}{turn}){turn}", plan, v)

    def LayerNorm(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._module(name, f"nn.LayerNorm({in_shape[-1]}, eps={layer.epsilon})")
        there, back = (".movedim(1, -1)", ".movedim(-1, 1)") if len(in_shape) == 3 else ("", "")
        self._call(f"self.{name}({{}}{there}){back}", plan, v)

    # ---- images ----

    def _edges(self, layer: Any, plan: Plan, in_shape: Shape) -> tuple[int, int, int, int]:
        """How many pixels are added on the left, on the right, above and below."""
        w, (above, left) = layer.window, layer.window.pad(in_shape)
        below, right = (
            max(0, (plan.out_shape[i] - 1) * w.stride[i] + w.extent[i] - in_shape[i] - pad)
            for i, pad in enumerate((above, left))
        )
        return left, right, above, below

    def _padded(self, layer: Any, plan: Plan, in_shape: Shape, v: str, value: str = "") -> str:
        """The padding for a module whose own is the same on all sides; what isn't is added before it."""
        left, right, above, below = self._edges(layer, plan, in_shape)
        if left == right and above == below:
            return f", padding={(above, left)}" if above or left else ""
        self.line(f"{v} = F.pad({v}, {(left, right, above, below)}{value})")
        return ""

    def Conv2D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        w, padding = layer.window, self._padded(layer, plan, in_shape, v)
        more = f", stride={w.stride}" if w.stride != (1, 1) else ""
        more += padding + (f", dilation={w.dilation}" if w.dilation != (1, 1) else "")
        more += f", groups={layer.groups}" if layer.groups > 1 else ""
        more += "" if layer.bias else ", bias=False"
        self._module(name, f"nn.Conv2d({in_shape[-1]}, {layer.filters}, {w.size}{more})")
        self._start(f"self.{name}.weight", layer.weights)
        if layer.bias:
            self._start(f"self.{name}.bias", layer.biases)
        self.line(f"{v} = self.{name}({v})", self.shape(plan.out_shape))

    def MaxPool2D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        padding = self._padded(layer, plan, in_shape, v, ', value=float("-inf")')
        self._call(f"F.max_pool2d({{}}, {layer.window.size}, {layer.window.stride}{padding})", plan, v)

    def AveragePool2D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        left, right, above, below = self._edges(layer, plan, in_shape)
        if left != right or above != below:
            raise ByhandError(f"{layer.label()} pads one side more than the other, which PyTorch's pooling can't.")
        more = f", padding={(above, left)}, count_include_pad=False" if above or left else ""
        self._call(f"F.avg_pool2d({{}}, {layer.window.size}, {layer.window.stride}{more})", plan, v)

    def GlobalAveragePool2D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("{}.mean(dim=(2, 3))", plan, v)
