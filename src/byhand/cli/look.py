"""byhand look."""

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byhand.cli.app import PATH, app, json_option, model_file
from byhand.cli.output import percent, print_json
from byhand.core.errors import ByhandError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from byhand.core.types import Array
    from byhand.data import Dataset
    from byhand.network import Network

MAPPED = 2_000  # images on the map: more than that hide each other


@app.command(epilog="Example, after byhand demo:  byhand look out/demo 7")
@click.argument("model", type=PATH, help="A model file or a run folder.")
@click.argument(
    "image", help="A picture of one digit, the index of a test image, or a text for a network of characters."
)
@click.option("--out", type=PATH, default=Path("out/look"), help="Folder for the pictures.")
@click.option("--data", default="mnist", help="Name or path of the data set of test and training images.")
@click.option("--among", type=click.IntRange(2), default=10_000, help="Number of training images to compare with.")
@click.option("--patch", type=click.IntRange(1), help="Side of the square for occlusion, in pixels.")
@json_option
def look(model: Path, image: str, out: Path, data: str, among: int, patch: int | None, json: bool) -> None:
    """Draw how a network predicts an image: filters, feature maps, attention, decisive pixels, similar images."""
    from byhand import plots
    from byhand.data import load
    from byhand.exchange.loading import any_network
    from byhand.explaining.looking import image_shape

    network = any_network(model_file(model))
    if network.inputs == "tokens":
        _look_at_text(network, model, image, out, json)
        return
    dataset = load(data, image_shape=network.input_shape if len(network.input_shape) == 3 else (28, 28))
    shape = image_shape(network, dataset.image_shape)
    if dataset.x_train.shape[1] != prod(shape):
        sides = " × ".join(map(str, shape))
        raise ByhandError(f"{data}: its images do not have the network's {sides} pixels; choose others with --data.")
    ink, truth = _image(image, shape, dataset)
    report: dict[str, Any] = {"model": str(model), "image": image, "truth": truth}
    files = []
    for name, figure, facts in _pictures(network, ink, dataset, among, patch or max(1, round(min(shape[:2]) / 7))):
        files.append(str(out / f"{name}.png"))
        plots.save(figure, files[-1])
        report |= facts
    if json:
        print_json(report | {"files": files})
        return
    known, shown = ("", image) if truth is None else (f"; it is {truth}", f"Test image {image}")
    print(f"{shown}: read as {report['text']} ({percent(report['confidence'], 1)}){known}.")
    near = ", ".join(f"{n['label']} (image {n['sample']}, distance {n['distance']:.3g})" for n in report["nearest"][:3])
    print(f"Nearest of {report['compared']:,} training images: {near}.")
    print(f"Written to {out}: {', '.join(Path(file).name for file in files)}.")


def _look_at_text(network: "Network", model: Path, text: str, out: Path, json: bool) -> None:
    """Draw what each head looks at in a text: all of it, or its last characters where they predict the next."""
    from byhand import plots
    from byhand.data.sequences import lines_as_tokens
    from byhand.data.text import to_tokens
    from byhand.data.words import is_of_words, split_words
    from byhand.explaining.attention_maps import attention_maps

    longest, vocabulary = network.input_shape[0], network.vocabulary
    if not text or not (vocabulary or network.classes):
        raise ByhandError(f"{model}: give a network of characters or words a text to look at.")
    if vocabulary:  # each line of text has a class
        shown = split_words(text) if is_of_words(vocabulary) else list(text)
        tokens = lines_as_tokens([text], vocabulary, longest)[:, : len(shown)]
    else:
        text = text[-longest:]
        shown = list(text)
        tokens = to_tokens(text, network.classes or (), "the text")[None]
    network = network.reshaped((len(shown),))
    maps = attention_maps(network, network.as_input(tokens))
    if not maps:
        raise ByhandError(f"{model}: this network has no attention whose weights could be drawn.")
    file = out / "attention.png"
    plots.save(plots.attention_over_text(shown, [(name, a[0]) for name, a in maps]), file)
    if json:
        print_json(
            {
                "model": str(model),
                "text": text,
                "tokens": shown,
                "attention": {n: a[0].tolist() for n, a in maps},
                "files": [str(file)],
            }
        )
        return
    unit = "words" if is_of_words(vocabulary) else "characters"
    print(f"Written to {out}: {file.name}, the attention of {len(maps)} layers over {len(shown)} {unit}.")


def _image(image: str, shape: tuple[int, ...], dataset: "Dataset") -> "tuple[Array, str | None]":
    """The image (height, width) or (height, width, 3) from 0 to 1, and its class if known.

    It is a prepared file, a file in colours as it is, or a test image by its index.
    """
    import numpy as np

    from byhand.data import read_image
    from byhand.pictures.prepare import prepare

    if not Path(image).exists() and image.isdecimal():
        x, y = dataset.x_train, dataset.y_train
        if dataset.x_test is not None and dataset.y_test is not None:
            x, y = dataset.x_test, dataset.y_test
        if int(image) >= len(x):
            raise ByhandError(f"there is no test image {image}; {dataset.name} has 0 to {len(x) - 1}.")
        row = x[int(image)]
        ink: Array = (row / np.float32(255 if row.dtype == np.uint8 else 1)).reshape(shape)
        return ink, dataset.classes[int(y[int(image)])]
    if shape[2:] == (3,) and shape[0] == shape[1]:
        return read_image(Path(image), shape[0], colours=True) / np.float32(255), None
    if shape != (28, 28):
        raise ByhandError(
            f"{image}: pictures are prepared as 28 × 28, but this network takes {' × '.join(map(str, shape))}; "
            "give the index of a test image."
        )
    prepared: Array = prepare(Path(image))[0] / np.float32(255)
    return prepared, None


def _pictures(
    network: "Network", ink: "Array", dataset: "Dataset", among: int, patch: int
) -> Iterator[tuple[str, "Figure", dict[str, Any]]]:
    """For each picture its name, the figure, and its content in numbers."""
    import numpy as np

    from byhand import plots
    from byhand.explaining.attention_maps import attention_maps, over_patches
    from byhand.explaining.looking import layer_outputs, occlusion
    from byhand.layers import Conv2D, Dense, Flatten

    x = network.as_input(ink.reshape((1, *network.input_shape)))
    p = network.predict_proba(x)[0]  # (outputs,)
    answer, top = int(network.decide(p[None])[0]), int(np.argmax(p))
    names = network.classes or dataset.classes
    name = names[answer] if answer < len(names) else str(answer)
    weights = np.eye(len(p))[[top]]
    fall = occlusion(network, ink, top, patch)
    gradient = network.input_gradient(x, weights).reshape(ink.shape)
    if ink.ndim == 3:
        gradient = gradient.sum(axis=2)  # of all three colours together
    facts = {"text": name, "confidence": float(p[top] if len(p) > 1 or answer else 1 - p[0])}
    yield "decided", plots.decided(ink, fall, gradient, names[top] if len(p) > 1 else "1", patch), facts

    seen = [(number, over_patches(network, a[0])) for number, a in attention_maps(network, x)]
    if drawn := [(number, a) for number, a in seen if a is not None]:
        yield "attention", plots.attention_over_image(ink, drawn), {}

    flat = []
    for i, (layer, y) in enumerate(zip(network.layers, layer_outputs(network, x), strict=True)):
        title = f"Layer {i + 1}, {layer.label()}"
        if isinstance(layer, Conv2D):
            yield f"layer-{i + 1}-filters", plots.filters(network.p[i].W, title), {}
        elif isinstance(layer, Dense) and i == 0 and ink.ndim == 2:
            yield "layer-1-weights", plots.first_layer_weights(network.p[0].W, ink.shape), {}
        if y.ndim == 4:
            yield f"layer-{i + 1}-maps", plots.feature_maps(y[0], title), {}
        elif y.ndim == 2 and not isinstance(layer, Flatten):
            flat.append((title, y[0]))
    after = f"The answer, after {network.loss.activation}" if network.loss.activation else "The answer"
    yield "units", plots.units([*flat[-4:], (after, p)], names), {}
    yield from _others(network, x, ink, dataset, among, name)


def _others(
    network: "Network", x: "Array", ink: "Array", dataset: "Dataset", among: int, name: str
) -> Iterator[tuple[str, "Figure", dict[str, Any]]]:
    """The most similar training images, and a map of training images."""
    import numpy as np

    from byhand import plots
    from byhand.explaining.looking import last_hidden, nearest, principal_plane

    count = min(among, len(dataset.x_train))
    chosen = np.sort(np.random.default_rng(0).choice(len(dataset.x_train), count, replace=False))
    images, labels = dataset.x_train[chosen], dataset.y_train[chosen]
    features = last_hidden(network, images.reshape((-1, *network.input_shape)))  # (count, k)
    own = last_hidden(network, x)[0]
    order, distance = nearest(own, features, 13)
    classes = [dataset.classes[k] for k in labels[order]]
    facts = [
        {"sample": int(i), "label": label, "distance": float(d)}
        for i, label, d in zip(chosen[order], classes, distance, strict=True)
    ]
    near = images[order].reshape((-1, *ink.shape))
    yield "nearest", plots.neighbours(ink, near, classes, distance), {"compared": count, "nearest": facts}
    step = -(-count // MAPPED)
    features, labels = features[::step], labels[::step]
    flat = principal_plane(features)
    drawn = plots.plane(flat(features), labels, dataset.classes, flat.shares, flat(own), name)
    yield "map", drawn, {"variance": list(flat.shares)}
