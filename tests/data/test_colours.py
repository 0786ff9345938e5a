"""Images in colours: from arrays, archives, folders and pictures to networks, in augmentation and in plots."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance

import byhand as b
from byhand import plots
from byhand.data import from_arrays, read_folder, read_image
from byhand.data.augment import Augment, ColourJitter, Elastic, Erase, Flip, Mixup, Noise, Rotate, Shift, Thickness
from byhand.data.samples import read_samples
from byhand.explaining.looking import image_shape, occlusion


def photographs(n=6, side=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3), np.uint8)


def one(step, images, seed=3):
    return Augment((step,))(images, np.random.default_rng(seed))


def test_arrays_say_their_shape():
    images = photographs()
    data = from_arrays(images, [0, 1] * 3)
    assert data.image_shape == (8, 8, 3) and (data.x_train == images.reshape(6, 192)).all()
    assert "8 × 8 pixels, coloured" in repr(data)
    assert from_arrays(images[..., :1], [0, 1] * 3).image_shape == (8, 8)
    with pytest.raises(b.ByhandError, match="which is not 4 × 4 × 3"):
        from_arrays(images.reshape(6, -1), [0, 1] * 3, image_shape=(4, 4, 3))
    with pytest.raises(b.ByhandError, match="must have the shape"):
        from_arrays(photographs().repeat(2, axis=3), [0, 1] * 3)


@pytest.mark.parametrize("step", [Flip(), Shift(2, 2), Rotate(20), Elastic(4, 2)])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_every_colour_goes_through_the_same_map(step, kind):
    images = photographs(70).astype(kind) if kind == np.uint8 else photographs(70) / np.float32(255)
    moved = one(step, images)
    assert moved.shape == images.shape
    for colour in range(3):
        np.testing.assert_array_equal(moved[..., colour], one(step, np.ascontiguousarray(images[..., colour])))


def test_pixels_of_all_colours():
    images = photographs() / np.float32(255)
    gone = one(Erase(1.0, (0.2, 0.4), fill=0.5), images) != images
    assert gone.any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(gone.all(axis=3), gone.any(axis=3))
    thick = one(Thickness((1, 1)), images)
    for colour in range(3):
        np.testing.assert_allclose(thick[..., colour], one(Thickness((1, 1)), images[..., colour]), atol=1e-6)
    noise = one(Noise(0.01), images) - images
    assert not np.allclose(noise[..., 0], noise[..., 1], atol=1e-3)
    t = np.eye(6)
    mixed = Augment((Mixup(1.0),))(images, np.random.default_rng(0), t=t)
    np.testing.assert_allclose(mixed, np.tensordot(t, images, 1), atol=1e-6)  # its targets are the shares


ENHANCED = [
    ("brightness", ImageEnhance.Brightness, 1.4),
    ("brightness", ImageEnhance.Brightness, 0.6),
    ("contrast", ImageEnhance.Contrast, 1.5),
    ("contrast", ImageEnhance.Contrast, 0.5),
    ("saturation", ImageEnhance.Color, 1.8),
    ("saturation", ImageEnhance.Color, 0.0),
]


@pytest.mark.parametrize(("name", "enhance", "factor"), ENHANCED)
def test_jitter_as_pillow_does_it(name, enhance, factor):
    factors = dict.fromkeys(("brightness", "contrast", "saturation"), (1.0, 1.0)) | {name: (factor, factor)}
    images = photographs()
    wanted = [np.asarray(enhance(Image.fromarray(image)).enhance(factor)) for image in images]
    np.testing.assert_allclose(one(ColourJitter(**factors), images) * 255, wanted, atol=2.5)  # Pillow rounds thrice


def test_jitter_of_grey_images_and_its_ranges():
    images = photographs()[..., 0]
    ones = {"brightness": (1, 1), "contrast": (1, 1)}
    np.testing.assert_allclose(one(ColourJitter(**ones, saturation=(0, 0)), images), images / 255, atol=1e-6)
    assert not np.allclose(one(ColourJitter(), images), images / 255, atol=1e-3)
    factors = one(ColourJitter((0.5, 1), (1, 1), (1, 1)), np.full((50, 2, 2, 3), 0.8)).reshape(50, -1)
    assert (np.ptp(factors, axis=1) < 1e-12).all() and len(np.unique(factors[:, 0])) == 50
    with pytest.raises(b.ByhandError, match="brightness"):
        ColourJitter(brightness=(-1, 1))
    with pytest.raises(b.ByhandError, match="Noise, Erase and ColourJitter"):
        Augment((ColourJitter(), Flip()))


def test_a_network_learns_colours_from_augmented_images():
    y = np.arange(90) % 3
    x = (np.eye(3)[y][:, np.newaxis, np.newaxis] * 200 + photographs(90, 6) // 5).astype(np.uint8)
    layers = [b.BatchNorm(), b.Conv2D(4), b.ReLU(), b.Flatten(), b.Dense(3)]
    network = b.Network((6, 6, 3), layers, b.CategoricalCrossEntropy(), inputs="grey levels")
    augment = Augment((Flip(), Shift(1, 1), ColourJitter(), Erase(0.5)))
    b.fit(network, x, y, epochs=8, batch_size=15, augment=augment, workers=0, progress=False)
    assert (network.predict(x) == y).mean() > 0.95


def colour_folder(folder, parts=("train", "test"), classes=("green", "red")):
    for part in parts:
        for name in classes:
            (folder / part / name).mkdir(parents=True)
            for i in range(2):
                Image.new("RGB", (5, 7), name).save(folder / part / name / f"{i}.png")
    return folder


def test_folders_in_colours_with_test_images(tmp_path):
    data = b.load(colour_folder(tmp_path), image_shape=(4, 4, 3))
    assert (data.image_shape, data.classes, data.y_train.tolist()) == ((4, 4, 3), ("green", "red"), [0, 0, 1, 1])
    assert data.x_test.shape == (4, 48)
    assert data.x_train.reshape(4, 16, 3)[2:].tolist() == [[[255, 0, 0]] * 16] * 2
    grey = b.load(tmp_path / "train")  # as before: grey, 28 × 28
    assert grey.image_shape == (28, 28) and grey.x_train[3, 0] == round(0.299 * 255)
    assert read_folder(tmp_path / "test", 4, colours=True)[0].shape == (4, 4, 4, 3)
    (tmp_path / "test" / "red").rename(tmp_path / "test" / "blue")
    with pytest.raises(b.ByhandError, match="other classes"):
        b.load(tmp_path)
    with pytest.raises(b.ByhandError, match="squares"):
        b.load(tmp_path, image_shape=(4, 5))


def test_pictures_for_a_network_in_colours(tmp_path):
    colour_folder(tmp_path)
    samples = read_samples(tmp_path / "train", (6, 6, 3))
    assert samples.x.shape == (4, 6, 6, 3) and samples.x[2:, ..., 0].min() == 255 and samples.x[2:, ..., 1].max() == 0
    assert read_image(tmp_path / "test" / "red" / "0.png", 3, colours=True).tolist() == [[[255, 0, 0]] * 3] * 3
    with pytest.raises(b.ByhandError, match="no square images"):
        read_samples(tmp_path / "train", (6, 5, 3))


def test_looking_into_a_network_of_colours():
    network = b.Network((8, 8, 3), [b.Conv2D(2, stride=4), b.Flatten(), b.Dense(3)], rng=0)
    image = photographs(1)[0] / np.float32(255)
    assert image_shape(network) == (8, 8, 3)
    fall = occlusion(network, image, 1, 1)
    black = image.copy()
    black[2, 5] = 0
    wanted = network.forward(image[None])[0, 1] - network.forward(black[None])[0, 1]
    assert fall.shape == (8, 8) and fall[2, 5] == pytest.approx(wanted, abs=1e-6)
    plots.decided(image, fall, fall, "1", 1)
    sheet = plots.digits(photographs(3), ["a", "b", "c"], ["a", "b", "a"], [1, 0.5, 0.3])
    assert sheet.get_axes()[0].images[0].get_array().shape == (8, 8, 3)
    assert plots.augmented(photographs(2), Augment.photographs(), np.random.default_rng(0)).get_axes()
    plots.neighbours(image, photographs(2), ["a", "b"], [1, 2])
