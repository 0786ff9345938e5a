"""The networks with sequences in Keras, with byhand's first weights; of texts, the logits are (n, T, characters)."""

import keras
import numpy as np


class FirstToken(keras.layers.Layer):
    """A learnt row before all patches."""

    def build(self, shape):
        self.q = self.add_weight(shape=(shape[-1],), name="gamma")

    def call(self, x):
        q = keras.ops.broadcast_to(self.q, (keras.ops.shape(x)[0], 1, x.shape[-1]))
        return keras.ops.concatenate([q, x], axis=1)


class Positions(keras.layers.Layer):
    """A learnt row for each step."""

    def build(self, shape):
        self.P = self.add_weight(shape=shape[1:], name="positions")

    def call(self, x):
        return x + self.P


class Tied(keras.layers.Layer):
    """Products with the rows of an embedding."""

    def __init__(self, embedding):
        super().__init__()
        self.embedding = embedding

    def call(self, x):
        return keras.ops.matmul(x, keras.ops.transpose(self.embedding.embeddings))


class Filled:
    """Layers that get their weights once the model is there."""

    def __init__(self):
        self.waiting = []

    def __call__(self, layer, x, *weights, **options):
        self.waiting.append((layer, weights))
        return layer(x, **options)

    def fill(self):
        for layer, weights in self.waiting:
            layer.set_weights(weights)


def dense(put, p, name, x):
    weights = [p[f"{name}.{part}"] for part in "Wb" if f"{name}.{part}" in p]
    return put(keras.layers.Dense(weights[0].shape[1], use_bias=len(weights) > 1), x, *weights)


def normalized(put, p, name, x):
    return put(keras.layers.LayerNormalization(epsilon=1e-5), x, p[f"{name}.gamma"], p[f"{name}.beta"])


def block(put, p, name, heads, causal, x):
    """A pre-norm block."""
    W, out = p[f"{name}.0.1.W"], p[f"{name}.0.1.O"]
    d, biased = len(out), f"{name}.0.1.b" in p
    each, weights = (d, heads, d // heads), []
    for i in range(3):
        weights.append(W[:, i * d : (i + 1) * d].reshape(each))
        if biased:
            weights.append(p[f"{name}.0.1.b"][i * d : (i + 1) * d].reshape(each[1:]))
    weights += [out.reshape(heads, d // heads, d), *([p[f"{name}.0.1.c"]] if biased else [])]
    attention = keras.layers.MultiHeadAttention(heads, d // heads, use_bias=biased)
    h = normalized(put, p, f"{name}.0.0", x)
    x = x + put(attention, h, *weights, value=h, use_causal_mask=causal)
    h = dense(put, p, f"{name}.1.1", normalized(put, p, f"{name}.1.0", x))
    return x + dense(put, p, f"{name}.1.3", keras.activations.gelu(h, approximate=False))


def build(task, p, writes=False):
    """The model with its first weights; to write, an LSTM that takes one character and keeps its state."""
    model, put, steps = task.model, Filled(), task.input
    shape = {"batch_shape": (1, 1)} if writes else {"shape": steps}
    x = inputs = keras.Input(**shape, dtype="int32" if model["tokens"] else "float32")
    if model["tokens"]:
        embedding = keras.layers.Embedding(*p["0.W"].shape)
        x = put(embedding, x, p["0.W"])
    if model["kind"] == "lstm":
        first = int(model["tokens"])
        W, R, b = (p[f"{first}.{name}"] for name in "WRb")
        layer = keras.layers.LSTM(len(R), return_sequences=model["tokens"], stateful=writes)
        x = dense(put, p, str(first + 1), put(layer, x, W, R, b))
    else:
        first = 2
        if not model["tokens"]:
            first, (rows, units), s = 3, p["0.W"].shape, model["patch"]
            kernel = p["0.W"].reshape(s, s, rows // s**2, units)
            x = put(keras.layers.Conv2D(units, s, strides=s), x, kernel, p["0.b"])
            x = put(FirstToken(), keras.layers.Reshape((-1, units))(x), p["1.q"])
        x = put(Positions(), x, p[f"{first - 1}.P"])
        last = first + model["blocks"]
        for i in range(first, last):
            x = block(put, p, str(i), model["heads"], model["tokens"], x)
        x = normalized(put, p, str(last), x)
        x = Tied(embedding)(x) if model["tokens"] else dense(put, p, str(last + 2), x[:, 0])
    made = keras.Model(inputs, x)
    put.fill()
    return made


def writer(task, model, p):
    """A function that writes one more character, the likeliest one; attention goes through the whole text again."""
    import tensorflow as tf

    if task.model["kind"] == "lstm":
        model = build(task, p, writes=True)
        after = tf.function(lambda token: tf.argmax(model(token)[0, 0]))
        token = np.zeros((1, 1), np.int32)

        def write():
            token[0, 0] = found = int(after(tf.constant(token)))
            return found

        return write
    text, n = np.zeros((1, *task.input), np.int32), 1
    after = tf.function(lambda text, last: tf.argmax(model(text)[0, last]))

    def write():
        nonlocal n
        found = int(after(tf.constant(text), tf.constant(n - 1)))
        n = n % text.shape[1] + 1
        text[0, n - 1] = found
        return found

    return write
