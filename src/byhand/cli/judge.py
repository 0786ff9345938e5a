"""byhand judge."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from byhand.cli.app import PATH, app, json_option
from byhand.cli.output import percent, print_json, print_table
from byhand.core.errors import ByhandError


@app.command(epilog="Example:  byhand judge runs/cgan-1 --out out/cgan")
@click.argument("model", type=PATH, help="The run folder of a network that draws, or its model file.")
@click.option("--data", default="mnist", help="Name or path of the data set that the network learnt from.")
@click.option("--count", type=click.IntRange(100), default=10_000, help="How many images to draw and to compare with.")
@click.option(
    "--classifier", type=PATH, help="The classifier whose features are compared; the built-in one by default."
)
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
@click.option("--out", type=PATH, help="Folder for a picture of images and their nearest ones.")
@json_option
def judge(model: Path, data: str, count: int, classifier: Path | None, seed: int, out: Path | None, json: bool) -> None:
    """Compare the images that a network draws with training images, by a classifier's features."""
    from hashlib import sha256

    import numpy as np

    from byhand.data import load
    from byhand.generating.files import load_drawer
    from byhand.generating.judge import judge_images, nearest_images
    from byhand.generating.vae import VAE
    from byhand.network import Network
    from byhand.reading.reader import MODEL

    drawer, dataset, rng = load_drawer(model), load(data), np.random.default_rng(seed)
    if dataset.x_test is None or dataset.x_test[0].size != np.prod(drawer.image_shape):
        raise ByhandError(f"{data}: has no test images of {np.prod(drawer.image_shape)} pixels to compare with.")
    reader = Network.load(classifier or MODEL)
    test, train = dataset.x_test[:count], dataset.x_train[rng.permutation(len(dataset.x_train))[:count]]
    labels = np.arange(count) % drawer.classes if drawer.classes else None
    drawn = drawer.draw(count, rng, labels)
    theirs, floor = judge_images(reader, drawn, test, labels), judge_images(reader, train, test)
    facts: dict[str, Any] = {
        "model": str(model),
        "classifier": str(classifier or "built in"),
        "classifier_sha256": sha256((classifier or MODEL).read_bytes()).hexdigest(),
        "compared_with": len(test),
        "drawn": asdict(theirs),
        "training_images": asdict(floor),
    }
    scaled = dataset.x_train.astype(np.float32) / (255 if dataset.x_train.dtype == np.uint8 else 1)
    some = drawn.reshape(count, -1)[:500]
    index, distance = nearest_images(some, scaled)
    held = nearest_images(test[:500].astype(np.float32) / (255 if test.dtype == np.uint8 else 1), scaled)[1]
    facts["nearest_training_image"] = {"drawn": float(np.median(distance)), "test_images": float(np.median(held))}
    if isinstance(drawer, VAE):
        facts["bound_nats"] = drawer.bound(test, rng)
        facts["bound_nats_100_samples"] = drawer.bound(test[:1000], rng, samples=100)
    if out:
        _picture(out / "nearest.png", some[:20], scaled[index[:20]])
    if json:
        print_json(facts)
        return
    print_table("", ("", "drawn", "training images"), _rows(facts))
    print(
        f"{count:,} images of each against {len(test):,} test images, by the features of a classifier with SHA-256 "
        f"{facts['classifier_sha256'][:12]}…"
    )
    near = facts["nearest_training_image"]
    print(
        f"Distance to the nearest training image, in pixels (median of 500): {near['drawn']:.2f} from drawn images, "
        f"{near['test_images']:.2f} from test images."
    )
    if "bound_nats" in facts:
        print(
            f"Upper bound of −log p(x) of test images: {facts['bound_nats']:.1f} nats with one sample, "
            f"{facts['bound_nats_100_samples']:.1f} with 100 (the first 1,000 images)."
        )
    if out:
        print(f"Written to {out}: nearest.png (drawn images, and below each the nearest training image).")


def _rows(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """The table's rows."""
    both = (facts["drawn"], facts["training_images"])
    rows: list[tuple[str, ...]] = [("Fréchet distance", *(f"{one['frechet']:.4f}" for one in both))]
    for name in ("precision", "recall", "density", "coverage"):
        rows.append((name, *(f"{one[name]:.3f}" for one in both)))
    rows.append(("divergence of the classes from equal shares, nats", *(f"{one['divergence']:.4f}" for one in both)))
    rows.append(("mean confidence", *(percent(one["confidence"], 1) for one in both)))
    if both[0]["as_asked"] is not None:
        rows.append(("read as asked", percent(both[0]["as_asked"], 1), "–"))
    shares = [[f"{100 * share:.1f}" for share in one["histogram"]] for one in both]
    rows.append(("classes, %", *(" ".join(one) for one in shares)))
    return rows


def _picture(path: Path, drawn: Any, near: Any) -> None:
    """Drawn images in two rows, and below each row the nearest training images."""
    import numpy as np

    from byhand import plots
    from byhand.generating.sheets import as_images

    half = len(drawn) // 2
    pairs = np.stack([drawn[:half], near[:half], drawn[half:], near[half:]])
    plots.save(plots.tiles(as_images(pairs), rows=("drawn", "nearest", "drawn", "nearest")), path)
