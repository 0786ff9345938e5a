"""Keras on TensorFlow: `fit`, or a whole epoch as one function of TensorFlow's."""

from contextlib import suppress

import common
import keras
import numpy as np
import sequences_keras
import tensorflow as tf

LOSSES = {
    "softmax": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "sigmoid": lambda t, z: tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=t, logits=z), 1),
    "quadratic": lambda t, a: 0.5 * tf.reduce_sum(tf.square(a - t), 1),
}


def build(task, parameters):
    """The network with its first weights."""
    if task.model:
        return sequences_keras.build(task, parameters)
    layers = [keras.Input(task.input)]
    for layer in task.layers:
        kind = layer["type"]
        if kind == "dense":
            layers.append(keras.layers.Dense(layer["out"]))
        elif kind == "conv":
            layers.append(keras.layers.Conv2D(layer["out"], layer["size"], padding=layer["padding"]))
        elif kind == "pool":
            layers.append(keras.layers.MaxPooling2D(layer["size"]))
        elif kind == "flatten":
            layers.append(keras.layers.Flatten())
        else:
            layers.append(keras.layers.Activation(kind))
    model = keras.Sequential(layers)
    for layer, pair in zip(model.layers, parameters, strict=True):
        if pair:
            layer.set_weights(pair)
    return model


def make_optimizer(task):
    rate = task.optimizer["rate"]
    if task.optimizer["type"] == "adamw":
        beta2, decay, clip = (task.optimizer[name] for name in ("beta2", "decay", "clip"))
        made = keras.optimizers.AdamW(rate, decay, beta_2=beta2, epsilon=1e-8, global_clipnorm=clip)
        made.exclude_from_weight_decay(var_names=["gamma", "beta"])
        return made
    return keras.optimizers.Adam(rate, epsilon=1e-8) if task.optimizer["type"] == "adam" else keras.optimizers.SGD(rate)


class Taking(keras.callbacks.Callback):
    """Takes turns between the epochs of one `fit`, so that it is set up once."""

    def __init__(self, turns):
        super().__init__()
        self.turns = common.EpochByEpoch(turns)

    def on_epoch_begin(self, epoch, logs=None):
        if not self.turns.before():
            raise StopIteration

    def on_epoch_end(self, epoch, logs=None):
        self.turns.after()


def fit(task, arrays, model, turns):
    """All turns by `fit`."""
    options = task.options
    x, t = arrays.x, arrays.y if task.loss == "softmax" else arrays.t
    per_call = getattr(options, "steps_per_execution", 1)
    model.compile(
        make_optimizer(task),
        LOSSES[task.loss],
        jit_compile=getattr(options, "jit", "auto"),
        steps_per_execution=min(per_call, -(-task.rows // (task.batch or task.rows))),
    )
    turns.ready()
    with suppress(StopIteration):
        model.fit(
            x,
            t,
            batch_size=task.batch or task.rows,
            epochs=10**9,
            shuffle=task.batch is not None,
            verbose=0,
            callbacks=[Taking(turns)],
        )


def loop(task, arrays, model, turns):
    """All turns by one function that trains a whole epoch."""
    optimizer, loss = make_optimizer(task), LOSSES[task.loss]
    optimizer.build(model.trainable_variables)
    x, t = tf.constant(arrays.x), tf.constant(arrays.y if task.loss == "softmax" else arrays.t)
    jit, batch, n = getattr(task.options, "jit", False), task.batch, task.rows

    @tf.function(jit_compile=jit)
    def step(xb, tb):
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(loss(tb, model(xb, training=True)))
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(value, variables), variables)

    @tf.function
    def epoch(order):
        for i in tf.range(n // batch):
            rows = order[i * batch : (i + 1) * batch]
            rows.set_shape([batch])
            step(tf.gather(x, rows), tf.gather(t, rows))
        if n % batch:
            rows = order[n // batch * batch :]
            step(tf.gather(x, rows), tf.gather(t, rows))

    @tf.function
    def steps(count):
        for _ in tf.range(count):
            step(x, t)

    shuffle = common.shuffles(task)

    def train(epochs):
        if batch is None:
            steps(tf.constant(epochs))
            return
        for _ in range(epochs):
            epoch(tf.constant(shuffle()))

    turns.run(train)


def predict(task, arrays, model, turns):
    """All turns by single calls."""
    x = arrays.x_test[:1] if task.calls == "one" else arrays.x_test

    @tf.function(jit_compile=getattr(task.options, "jit", False), input_signature=[tf.TensorSpec(x.shape, tf.float32)])
    def classify(x):
        return tf.argmax(model(x, training=False), 1)

    classify = classify.get_concrete_function()
    if task.calls == "one":
        turns.time_calls(lambda: int(classify(tf.constant(x))[0]))
    else:
        turns.time_calls(lambda: classify(tf.constant(x)).numpy())


def main():
    task, arrays, turns = common.begin()
    tf.config.threading.set_intra_op_parallelism_threads(task.threads)
    model = build(task, arrays.parameters(task))
    if task.kind == "predict" and task.model:
        turns.time_calls(sequences_keras.writer(task, model, arrays.parameters(task)))
    elif task.kind == "predict":
        predict(task, arrays, model, turns)
    elif getattr(task.options, "loop", "fit") == "fit":
        fit(task, arrays, model, turns)
    else:
        loop(task, arrays, model, turns)
    peak = common.peak_memory()
    classes = np.argmax(np.concatenate([model(p) for p in np.array_split(arrays.x_test, 10)]), -1)
    common.finish(turns, task, classes, ["keras", "tensorflow-cpu"], peak, threads=task.threads, blas="oneDNN, Eigen")


if __name__ == "__main__":
    main()
