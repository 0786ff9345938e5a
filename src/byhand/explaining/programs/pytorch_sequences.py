"""Layers for sequences in PyTorch."""

# ruff: noqa: D102  (each method is called as the layer that it writes)

from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.explaining.programs.lines import require_plain
from byhand.explaining.programs.pytorch_layers import PyTorchRows
from byhand.initializers import Zeros


class PyTorchLines(PyTorchRows):
    """A network in PyTorch."""

    def Conv1D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        dilation = f", dilation={layer.dilation}" if layer.dilation > 1 else ""
        self._module(name, f"nn.Conv1d({in_shape[1]}, {layer.filters}, {layer.size}{dilation})")
        self._start(f"self.{name}.weight", layer.weights)
        self._start(f"self.{name}.bias", layer.biases)
        pad = (layer.size - 1) * layer.dilation
        self._call(f"self.{name}(F.pad({{}}.transpose(1, 2), ({pad}, 0))).transpose(1, 2)", plan, v)

    def Embedding(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if layer.padding is not None:
            self.line(f"mask = {v} != {layer.padding}", f"steps that are no padding, {self.shape(in_shape)}")
            self.masked = True
        self._module(name, f"nn.Embedding({layer.vocabulary}, {layer.units})")
        self._start(f"self.{name}.weight", layer.weights)
        self._call(f"self.{name}({{}})", plan, v)

    def _recurrent(self, layer: Any, in_shape: Shape, name: str, both: bool = False) -> None:
        require_plain(layer)
        kind, k = type(layer).__name__, layer.units
        if getattr(layer, "reset", "after") == "before":
            raise ByhandError("PyTorch has no GRU whose reset gate works before the product; use reset='after'.")
        more = f', nonlinearity="{layer.nonlinearity}"' if kind == "RNN" else ""
        more += ", bidirectional=True" if both else ""
        self._module(name, f"nn.{kind}({in_shape[1]}, {k}, batch_first=True{more})")
        for end in ("", "_reverse") if both else ("",):
            at = f"self.{name}."
            self._start(f"{at}weight_ih_l0{end}", layer.weights)
            self._start(f"{at}weight_hh_l0{end}", layer.recurrent)
            self._start(f"{at}bias_ih_l0{end}", layer.biases)
            self._start(f"{at}bias_hh_l0{end}", layer.biases if kind == "GRU" else Zeros())
            if kind == "GRU":  # byhand has one bias for two of the gates
                self.modules.append(f"nn.init.zeros_({at}bias_hh_l0{end}[:{2 * k}])")
                hold = f"lambda d: torch.cat([0 * d[:{2 * k}], d[{2 * k}:]])"
                self.modules.append(f"{at}bias_hh_l0{end}.register_hook({hold})  # one bias is enough there")
            else:
                self.modules.append(f"{at}bias_hh_l0{end}.requires_grad_(False)  # one bias is enough")
            if kind == "LSTM" and layer.forget_bias:
                fill = f"nn.init.constant_({at}bias_ih_l0{end}[{k} : {2 * k}], {layer.forget_bias})"
                self.modules.append(f"{fill}  # cells remember at first")

    def _run(self, layer: Any, in_shape: Shape, name: str, v: str) -> None:
        """Hand v through a recurrent module; without sequences v becomes the last states (directions, n, k)."""
        last = "(last, _)" if "LSTM" in layer.label() else "last"
        found = f"{v}, _" if layer.return_sequences else f"_, {last}"
        self.line(f"{found} = self.{name}({v})")
        if not layer.return_sequences:
            self.line(f"{v} = last", "the states after the last step")

    def _packed(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        """The same with a mask: the module sees the steps that are there."""
        self.line("lengths = mask.sum(dim=1).cpu()", "(n,)")
        self.line(f"{v} = nn.utils.rnn.pack_padded_sequence({v}, lengths, batch_first=True, enforce_sorted=False)")
        self._run(layer, in_shape, name, v)
        if layer.return_sequences:
            more = f"batch_first=True, total_length={in_shape[0]}"
            self.line(f"{v}, _ = nn.utils.rnn.pad_packed_sequence({v}, {more})", "zeros behind the end")
        else:
            self.masked = False

    def _one_way(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._recurrent(layer, in_shape, name)
        if self.masked:
            if layer.reverse:
                raise ByhandError("PyTorch can't go backward only through sequences with masks; use Bidirectional.")
            self._packed(layer, plan, in_shape, name, v)
            if not layer.return_sequences:
                self._call("{}[0]", plan, v)
            return
        turn = ".flip(1)" if layer.reverse else ""
        self.line(f"{v}, _ = self.{name}({v}{turn})", self.shape((in_shape[0], layer.units)))
        if not layer.return_sequences:
            self._call("{}[:, -1]", plan, v)
        elif turn:
            self._call("{}.flip(1)", plan, v)

    RNN = LSTM = GRU = _one_way

    def Bidirectional(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        k, inner = layer.layer.units, layer.layer
        self._recurrent(inner, in_shape, name, both=True)
        if self.masked:
            self._packed(inner, plan, in_shape, name, v)
            if not inner.return_sequences:
                self._call("torch.cat([{0}[0], {0}[1]], dim=-1)", plan, v)
        else:
            self.line(f"{v}, _ = self.{name}({v})", self.shape((in_shape[0], 2 * k)))
            if not inner.return_sequences:
                self.line(f"{v} = torch.cat([{v}[:, -1, :{k}], {v}[:, 0, {k}:]], dim=-1)", self.shape((2 * k,)))
        if layer.merge == "sum":
            self._call(f"{{0}}[..., :{k}] + {{0}}[..., {k}:]", plan, v)

    def encoder_decoder(self, layer: Any, plan: Plan, in_shape: Shape, path: str, v: str) -> None:
        names, source = [self.named(inner, f"{path}.{i}") for i, inner in enumerate(layer.layers)], layer.source
        for inner, name in zip(layer.layers, names, strict=True):
            self._recurrent(inner, in_shape, name)
        turn = ".flip(1)" if layer.layer.reverse else ""
        self.line(f"_, state = self.{names[0]}({v}[:, :{source}]{turn})", "after the source's last step")
        self.line(f"{v}, _ = self.{names[1]}({v}[:, {source}:], state)", self.shape(plan.out_shape))

    def LastStep(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if self.masked:
            self.line(f"last = {in_shape[0] - 1} - mask.flip(1).int().argmax(dim=1)", "the last step of each, (n,)")
        place = "torch.arange(len({0})), last" if self.masked else ":, -1"
        self.masked = False
        self._call(f"{{0}}[{place}]", plan, v)

    def FirstStep(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self.masked = False
        self._call("{}[:, 0]", plan, v)

    def StepsFrom(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if self.masked:
            self.line(f"mask = mask[:, {layer.first}:]", self.shape(plan.out_shape[:1]))
        self._call(f"{{}}[:, {layer.first}:]", plan, v)

    def MeanOverTime(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        masked, self.masked = self.masked, False
        part = "({} * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)"
        self._call(part if masked else "{}.mean(dim=1)", plan, v)

    def MaxOverTime(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        masked, self.masked = self.masked, False
        left = ".masked_fill(~mask[:, :, None], float('-inf'))" if masked else ""
        self._call(f"{{}}{left}.max(dim=1).values", plan, v)

    def RepeatVector(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(f"{{}}[:, None].expand(-1, {layer.times}, -1)", plan, v)

    # ---- attention ----

    def MultiHeadAttention(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if layer.rotary:
            raise ByhandError("PyTorch's attention doesn't turn queries and keys; rotary can't be written in it yet.")
        steps, d = in_shape
        more = f", dropout={layer.dropout}" if layer.dropout else ""
        more += "" if layer.bias else ", bias=False"
        self._module(name, f"nn.MultiheadAttention({d}, {layer.heads}{more}, batch_first=True)")
        self._start(f"self.{name}.in_proj_weight", layer.weights)
        self._start(f"self.{name}.out_proj.weight", layer.output_weights or layer.weights)
        if layer.bias:
            self._start(f"self.{name}.in_proj_bias", Zeros())
            self._start(f"self.{name}.out_proj.bias", Zeros())
        options = ["need_weights=False"]
        if self.masked:
            options.append("key_padding_mask=~mask")
        if layer.causal:
            self.line(
                f"later = torch.ones({steps}, {steps}, dtype=torch.bool, device={v}.device).triu(1)",
                "what no step sees",
            )
            options.append("attn_mask=later")
        self.line(f"{v}, _ = self.{name}({v}, {v}, {v}, {', '.join(options)})", self.shape(plan.out_shape))

    def LearnedPositions(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._module(name, f"nn.Embedding({layer.longest}, {in_shape[1]})")
        self._start(f"self.{name}.weight", layer.weights)
        self._call(f"{{}} + self.{name}.weight[:{in_shape[0]}]", plan, v)

    def SinusoidalPositions(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(f"{{0}} + torch.from_numpy(sinusoids{in_shape}).to({{0}})", plan, v)

    def ClassToken(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._module(name, f"nn.Parameter(torch.empty({in_shape[1]}))")
        self._start(f"self.{name}", layer.weights)
        if self.masked:
            self.line("mask = F.pad(mask, (1, 0), value=True)", "the token is there")
        self._call(f"torch.cat([self.{name}.expand(len({{0}}), 1, -1), {{0}}], dim=1)", plan, v)

    def PatchEmbedding(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._module(name, f"nn.Conv2d({in_shape[2]}, {layer.units}, {layer.size}, stride={layer.size})")
        self._start(f"self.{name}.weight.data.view({layer.units}, -1)", layer.weights)
        self._start(f"self.{name}.bias", Zeros())
        self._call(f"self.{name}({{}}).flatten(2).transpose(1, 2)", plan, v)

    def RMSNorm(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._module(name, f"nn.RMSNorm({in_shape[-1]}, eps={layer.epsilon})")
        self._call(f"self.{name}({{}})", plan, v)

    def TiedDense(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call(f"F.linear({{}}, self.{name}.weight)", plan, v)
