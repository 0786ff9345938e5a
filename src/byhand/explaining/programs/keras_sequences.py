"""Layers for sequences in Keras."""

# ruff: noqa: D102  (each method is called as the layer that it writes)

from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.explaining.programs.keras_layers import KerasRows, initializer_code, keras_name
from byhand.explaining.programs.lines import require_plain
from byhand.initializers import Zeros


class KerasLines(KerasRows):
    """A network in Keras."""

    def Conv1D(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        bias = "" if isinstance(layer.biases, Zeros) else f"bias_initializer={initializer_code(layer.biases)}"
        options = [f"{layer.filters}", f"{layer.size}", 'padding="causal"']
        options += [f"dilation_rate={layer.dilation}"] * (layer.dilation > 1)
        self._call("Conv1D", plan, v, *options, bias, self._weights("kernel", layer.weights, 3), keras_name(name))

    def Embedding(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if layer.padding is not None:
            self.line(
                f"mask = ops.not_equal({v}, {layer.padding})", f"steps that are no padding, {self.shape(in_shape)}"
            )
            self.masked = True
        start = self._weights("embeddings", layer.weights)
        given = f"{layer.vocabulary}, {layer.units}" + (f", {start}" if start else "")
        if self.tied:  # TiedDense asks for it by its name
            self.line(f"{name} = layers.Embedding({given}, {keras_name(name)})")
            self.line(f"{v} = {name}({v})", self.shape(plan.out_shape))
        else:
            self._call("Embedding", plan, v, given, keras_name(name))

    def _recurrent(self, layer: Any) -> str:
        """The expression of a recurrent layer, but for its last options."""
        require_plain(layer)
        kind = type(layer).__name__
        options = [f"{layer.units}"]
        options += filter(None, (self._weights("kernel", layer.weights), self._weights("recurrent", layer.recurrent)))
        if not isinstance(layer.biases, Zeros):
            options += [f"bias_initializer={initializer_code(layer.biases)}"]
        if kind == "RNN" and layer.nonlinearity != "tanh":
            options += [f'activation="{layer.nonlinearity}"']
        if kind == "LSTM" and layer.forget_bias != 1:
            options += ["unit_forget_bias=False"]
            if layer.forget_bias:
                options += [self._gates_biases(layer)]
        if kind == "GRU":
            options += ["bias_constraint=OneBias()" if layer.reset == "after" else "reset_after=False"]
        options += ["return_sequences=True"] * layer.return_sequences
        options += ["zero_output_for_mask=True"] * (layer.return_sequences and self.masked)
        return f"layers.{'SimpleRNN' if kind == 'RNN' else kind}({', '.join(options)}"

    def _gates_biases(self, layer: Any) -> str:
        """The biases of input, forget gate, cell and output (4 units,), where Keras' own options can't say them."""
        if not isinstance(layer.biases, Zeros):
            raise ByhandError("Keras takes an own bias of the forget gate only beside biases that start at 0.")
        gates = f"ops.array([0, {layer.forget_bias}, 0, 0], dtype)"
        return f"bias_initializer=lambda shape, dtype=None: ops.repeat({gates}, {layer.units})"

    def _one_way(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        back = ", go_backwards=True" if layer.reverse else ""
        inner = f"{self._recurrent(layer)}{back}, {keras_name(name)}"
        kind, _, given = inner.removeprefix("layers.").partition("(")
        self._call(kind, plan, v, given, call=self._masked(layer))
        if back and layer.return_sequences:
            self.line(f"{v} = ops.flip({v}, 1)", "the steps in the input's order again")

    RNN = LSTM = GRU = _one_way

    def _masked(self, layer: Any) -> str:
        """What a call of a recurrent layer gets beside x; without `return_sequences` there are no steps after it."""
        call = ", mask=mask" if self.masked else ""
        self.masked = self.masked and layer.return_sequences
        return call

    def Bidirectional(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if getattr(layer.layer, "forget_bias", 1) not in (0, 1):  # Keras copies the layer, and can't copy a function
            raise ByhandError("In both directions, Keras adds 1 or nothing to the forget gate's bias.")
        inner, merge = f"{self._recurrent(layer.layer)})", "sum" if layer.merge == "sum" else "concat"
        call = self._masked(layer.layer)
        self._call("Bidirectional", plan, v, inner, f'merge_mode="{merge}"', keras_name(name), call=call)

    def encoder_decoder(self, layer: Any, plan: Plan, in_shape: Shape, path: str, v: str) -> None:
        names, source = [self.named(inner, f"{path}.{i}") for i, inner in enumerate(layer.layers)], layer.source
        back = ", go_backwards=True" if layer.layer.reverse else ""
        for inner, name, more in zip(layer.layers, names, (f", return_state=True{back}", ""), strict=True):
            maker, _, given = self._recurrent(inner).partition("(")
            self._made(f"{name} = {maker}", f"{given}{more}, {keras_name(name)}")
        self.line(f"_, *state = {names[0]}({v}[:, :{source}])", "after the source's last step")
        self.line(f"{v} = {names[1]}({v}[:, {source}:], initial_state=state)", self.shape(plan.out_shape))

    def LastStep(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if not self.masked:
            self.line(f"{v} = {v}[:, -1]", self.shape(plan.out_shape))
            return
        self.masked, steps = False, in_shape[0]
        self.line(f'last = {steps - 1} - ops.argmax(ops.cast(ops.flip(mask, 1), "int32"), axis=1)', "(n,)")
        self.line(f"chosen = ops.cast(ops.one_hot(last, {steps}), {v}.dtype)", self.shape((steps,)))
        self.line(f"{v} = ops.sum({v} * ops.expand_dims(chosen, 2), axis=1)", self.shape(plan.out_shape))

    def FirstStep(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self.masked = False
        self.line(f"{v} = {v}[:, 0]", self.shape(plan.out_shape))

    def StepsFrom(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if self.masked:
            self.line(f"mask = mask[:, {layer.first}:]", self.shape(plan.out_shape[:1]))
        self.line(f"{v} = {v}[:, {layer.first}:]", self.shape(plan.out_shape))

    def MeanOverTime(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        call, self.masked = ", mask=mask" if self.masked else "", False
        self._call("GlobalAveragePooling1D", plan, v, call=call)

    def MaxOverTime(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        masked, self.masked = self.masked, False
        if masked:
            self.line(f'{v} = ops.where(ops.expand_dims(mask, 2), {v}, float("-inf"))', self.shape(in_shape))
        self._call("GlobalMaxPooling1D", plan, v)

    def RepeatVector(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("RepeatVector", plan, v, str(layer.times))

    # ---- attention ----

    def MultiHeadAttention(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if layer.rotary:
            raise ByhandError("Keras' attention doesn't turn queries and keys; rotary can't be written in it yet.")
        if self.limits:
            raise ByhandError("A limit of attention's weights can't be written in Keras yet.")
        options = [str(layer.heads), str(in_shape[1] // layer.heads), *["use_bias=False"] * (not layer.bias)]
        options += [f"dropout={layer.dropout}"] * bool(layer.dropout)
        options += [self._weights("kernel", layer.weights), keras_name(name)]
        call = f", {v}" + ", use_causal_mask=True" * layer.causal
        call += ", attention_mask=ops.expand_dims(mask, 1)" * self.masked
        self._call("MultiHeadAttention", plan, v, *options, call=call)

    def LearnedPositions(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("LearnedPositions", plan, v, f"{layer.longest}, {initializer_code(layer.weights)}", keras_name(name))

    def SinusoidalPositions(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self.line(f"{v} = {v} + sinusoids{in_shape}", self.shape(plan.out_shape))

    def ClassToken(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        if self.masked:
            self.line("mask = ops.pad(mask, ((0, 0), (1, 0)), constant_values=True)", "the token is there")
        self._call("ClassToken", plan, v, initializer_code(layer.weights), keras_name(name))

    def PatchEmbedding(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        options = f"{layer.units}", f"{layer.size}", f"strides={layer.size}", self._weights("kernel", layer.weights, 4)
        self._call("Conv2D", plan, v, *options, keras_name(name))
        self._call("Reshape", plan, v, f"{plan.out_shape}")

    def RMSNorm(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("RMSNormalization", plan, v, f"epsilon={layer.epsilon}", keras_name(name))

    def TiedDense(self, layer: Any, plan: Plan, in_shape: Shape, name: str, v: str) -> None:
        self._call("TiedDense", plan, v, name)
