"""Programs in Keras."""

from collections.abc import Sequence

from byhand.core.errors import ByhandError
from byhand.explaining.programs.in_numpy import SINUSOIDS, closing_function, rate_lines
from byhand.explaining.programs.keras_layers import ONE_BIAS, OWN_LAYERS
from byhand.explaining.programs.keras_sequences import KerasLines
from byhand.explaining.programs.lines import batch_shape, layout
from byhand.explaining.programs.setup import ProgramSetup, constants, heading, loading
from byhand.losses import CTC, MAE, MSE, BinaryCrossEntropy, CategoricalCrossEntropy, Huber, QuadraticCost
from byhand.network import Network
from byhand.optimizers import SGD as Descent
from byhand.optimizers import AdaGrad, Adam, GradientDescent, Lion, Momentum, NAdam, Nesterov, Optimizer, RMSprop
from byhand.regularizers import L1, L2, ClipNorm, ClipValue, MaxNorm, Regularizer
from byhand.schedules import as_schedule


def in_keras(network: Network, setup: ProgramSetup) -> tuple[str, dict[str, str]]:
    """The program, and what the layer of each of byhand's is called, by its place in the network."""
    o = setup.optimizer
    lines = KerasLines(network, setup.regularizers, 0.0 if o.decoupled else o.weight_decay, setup.padded)
    shape, kind = tuple(network.input_shape), ', dtype="int32"' if network.inputs == "tokens" else ""
    model = f'''

def model():
    """The network, from samples x {batch_shape(network.input_shape)} to its last layer's output."""
    inputs = keras.Input({shape}{kind})
    x = inputs
{layout(lines.forward)}
    return keras.Model(inputs, x)
'''
    notes = (
        "Keras computes with TensorFlow, or with what the environment variable KERAS_BACKEND names: jax or torch. "
        "The running variance of its batch normalisation is divided by n, not n − 1."
        if "BatchNormalization" in model
        else "Keras computes with TensorFlow, or with what the environment variable KERAS_BACKEND names: jax or torch."
    )
    goal = keras_loss(network)
    own = [ONE_BIAS] * ("OneBias" in model) + [SINUSOIDS] * ("sinusoids(" in model)
    own += [text for name, text in OWN_LAYERS.items() if f" {name}(" in model]
    used = "".join(own) + model + goal
    imports = [name for name in ("layers", "ops") if f"{name}." in used]
    parts = [
        heading(network, setup, notes, "Keras"),
        f"\nimport keras\nimport numpy as np\nfrom keras import {', '.join(imports)}\n\n",
        "FLOAT = np.float32\n",
        constants(setup),
        *own,
        model,
        goal,
        keras_optimizer(o, setup.regularizers),
        rate_lines(setup),
        loading(network, setup),
        _training(setup),
        closing_function(network, setup, "    y = network.predict(x, batch_size=500, verbose=0)"),
    ]
    return "".join(parts), lines.names


def keras_loss(network: Network) -> str:
    """The class `Loss`."""
    loss, out = network.loss, network.plan[-1].out_shape
    k = out[-1]
    if network.task == "classes" and k > 1:
        target = f'ops.one_hot(ops.cast(t, "int32"), {k})'
    else:
        target = "ops.reshape(ops.cast(t, y.dtype), ops.shape(y))"
    e = getattr(loss, "label_smoothing", 0)
    if isinstance(loss, CategoricalCrossEntropy):
        if not e:
            code = ["return ops.mean(keras.losses.sparse_categorical_crossentropy(t, y, from_logits=True))"]
        else:
            smooth = f"from_logits=True, label_smoothing={e}"
            code = [f"t = {target}", f"return ops.mean(keras.losses.categorical_crossentropy(t, y, {smooth}))"]
    elif isinstance(loss, CTC):
        code = [
            't = ops.cast(t, "int32")',
            'lengths = ops.sum(ops.cast(t >= 0, "int32"), axis=1)',
            f"steps = ops.full_like(lengths, {out[0]})  # all of them; the last class is the blank",
            f"return ops.mean(ops.ctc_loss(ops.maximum(t, 0), y, lengths, steps, mask_index={k - 1}))",
        ]
    elif isinstance(loss, BinaryCrossEntropy):
        softer = [f"t = t * {1 - e} + {e / 2}"] if e else []
        sum_ = f"{k} * " if k > 1 else ""
        code = [f"t = {target}", *softer]
        code += [f"return {sum_}ops.mean(ops.binary_crossentropy(t, y, from_logits=True))"]
    elif isinstance(loss, QuadraticCost):
        code = [f"t = {target}", f"return {0.5 * k} * ops.mean(ops.square(y - t))"]
    elif isinstance(loss, MSE | MAE):
        code = [f"t = {target}", f"return ops.mean(ops.{'square' if isinstance(loss, MSE) else 'abs'}(y - t))"]
    elif isinstance(loss, Huber):
        code = [f"t = {target}", f"return ops.mean(keras.losses.huber(t, y, delta={loss.delta}))"]
    else:
        raise ByhandError(f"The loss {type(loss).__name__} can't be written in Keras yet.")
    body = "\n".join(f"        {line}" for line in code)
    return f'''

class Loss(keras.losses.Loss):
    """The mean loss of a batch."""

    def call(self, t, y):
        """Of outputs y, with targets t."""
{body}
'''


def keras_optimizer(o: Optimizer, rules: Sequence[Regularizer]) -> str:
    """The function `optimizer`."""
    options = ["learning_rate(0)"]
    if isinstance(o, GradientDescent | Descent | Momentum):
        kind, momentum = "SGD", getattr(o, "momentum", 0)
        ahead = isinstance(o, Nesterov) or getattr(o, "nesterov", False)
        options += [f"momentum={momentum}"] * bool(momentum) + ["nesterov=True"] * ahead
    elif isinstance(o, NAdam):
        raise ByhandError("Keras' NAdam has a momentum decay of its own; take Adam.")
    elif isinstance(o, Adam):
        kind = type(o).__name__
        options += [f"beta_1={o.beta1}", f"beta_2={o.beta2}", f"epsilon={o.epsilon}"]
    elif isinstance(o, RMSprop):
        kind = "RMSprop"  # its ε stands under the root
        options += [f"rho={o.rho}", f"momentum={o.momentum}", f"epsilon={o.epsilon**2}", f"centered={o.centred}"]
    elif isinstance(o, AdaGrad):
        kind = "Adagrad"
        options += ["initial_accumulator_value=0.0", f"epsilon={o.epsilon**2}"]
    elif isinstance(o, Lion):
        kind = "Lion"
        options += [f"beta_1={o.beta1}", f"beta_2={o.beta2}"]
    else:
        raise ByhandError(f"Keras has no optimiser {type(o).__name__}.")
    decay = o.weight_decay if o.decoupled else 0
    options += [f"weight_decay={decay}"] * bool(decay or kind == "AdamW")
    clips = [i for i, rule in enumerate(rules) if isinstance(rule, ClipValue | ClipNorm)]
    added = [i for i, rule in enumerate(rules) if isinstance(rule, L1 | L2)]
    if clips and ((o.weight_decay and not o.decoupled) or any(i > clips[0] for i in added)):
        raise ByhandError("Keras clips a gradient after penalties and weight decay are added to it, not before.")
    for rule in rules:
        if isinstance(rule, ClipValue):
            options.append(f"clipvalue={rule.limit}")
        elif isinstance(rule, ClipNorm):
            options.append(f"global_clipnorm={rule.limit}")
        elif not isinstance(rule, L1 | L2 | MaxNorm):
            raise ByhandError(f"The rule {type(rule).__name__} can't be written in Keras yet.")
    leave = (
        '\n    made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "scale", "token"])' if decay else ""
    )
    about = ", which makes weights, and no biases, smaller" if decay else ""
    return f'''

def optimizer():
    """The optimiser{about}."""
    made = keras.optimizers.{kind}({", ".join(options)}){leave}
    return made
'''


def _training(setup: ProgramSetup) -> str:
    if as_schedule(setup.optimizer.learning_rate).per_step:
        steps, rate = (
            '''

class Rate(keras.callbacks.Callback):
    """Sets the learning rate before each step."""

    def on_epoch_begin(self, epoch, logs=None):
        """Note the epoch."""
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        """Set the rate."""
        self.model.optimizer.learning_rate = learning_rate(self.epoch + batch / self.params["steps"])
''',
            "Rate()",
        )
    else:
        steps, rate = "", "keras.callbacks.LearningRateScheduler(learning_rate)"
    return f'''{steps}

def train(x, t):
    """Train for EPOCHS epochs; returns the network."""
    network = model()
    network.compile(optimizer(), Loss())
    rates = {rate}
    network.fit(x, t, batch_size=BATCH or len(x), epochs=EPOCHS, callbacks=[rates], verbose=2)
    return network
'''
