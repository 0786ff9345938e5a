"""Ways through latent space, and networks that draw as files."""

from statistics import NormalDist

import numpy as np
import pytest

from byhand import BinaryCrossEntropy, ByhandError, Dense, Network, Wasserstein
from byhand.generating import GAN, VAE
from byhand.generating.files import load_drawer, save_drawer, sides
from byhand.generating.latent import interpolation, latent_map
from byhand.generating.sheets import in_rows


def identity_gan(latent, classes=0):
    """A GAN that draws its noise, as it is."""
    generator = Network(latent + classes, [Dense(latent, bias=False)], rng=None)
    generator.p[0].W[:latent] = np.eye(latent)
    return GAN(generator, Network(latent + classes, [Dense(1)], Wasserstein()), classes)


def test_an_interpolation_goes_along_a_circle_from_end_to_end():
    z = interpolation(identity_gan(50), np.random.default_rng(0), 3, 5, None)
    assert z.shape == (3, 5, 50)
    a, b = np.random.default_rng(0).standard_normal((2, 3, 50))
    np.testing.assert_allclose(z[:, 0], a, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(z[:, -1], b, rtol=1e-5, atol=1e-6)
    lengths, ends = np.linalg.norm(z, axis=2), np.linalg.norm(np.stack([a, b]), axis=2)
    assert (lengths >= 0.9 * ends.min(axis=0)[:, None]).all()  # a straight line would sink to 0.7
    middle = (a + b) / (2 * np.cos(np.arccos((a * b).sum(1) / ends.prod(axis=0)) / 2))[:, None]
    np.testing.assert_allclose(z[:, 2], middle, rtol=1e-4, atol=1e-5)


def test_the_map_has_equal_shares_of_the_normal_distribution():
    grid = latent_map(identity_gan(2), 4)
    quantiles = [NormalDist().inv_cdf(share) for share in (0.125, 0.375, 0.625, 0.875)]
    np.testing.assert_allclose(grid[0, :, 0], quantiles, rtol=1e-5)  # across
    np.testing.assert_allclose(grid[:, 0, 1], quantiles[::-1], rtol=1e-5)  # upwards
    with pytest.raises(ByhandError, match="needs 2 latent numbers and no classes"):
        latent_map(identity_gan(3), 4)


def test_networks_that_draw_survive_their_files(tmp_path):
    gan = identity_gan(4, classes=3)
    vae = VAE(Network(4, [Dense(6)], rng=3), Network(3, [Dense(4)], BinaryCrossEntropy(), rng=4))
    for name, model, other in (("gan", gan, "critic"), ("vae", vae, "encoder")):
        folder = tmp_path / name
        folder.mkdir()
        save_drawer(model, folder)
        for path in (folder, folder / "model.safetensors"):
            again = load_drawer(path)
            assert (type(again), again.classes, again.latent) == (type(model), model.classes, model.latent)
            labels = np.array([2, 0]) if model.classes else None
            drawn = [one.draw(2, np.random.default_rng(0), labels) for one in (model, again)]
            np.testing.assert_array_equal(*drawn)
        np.testing.assert_array_equal(getattr(again, other).theta, getattr(model, other).theta)
        (folder / f"{other}.safetensors").unlink()
        with pytest.raises(ByhandError, match="does not draw"):
            load_drawer(folder)


def test_sheets():
    assert in_rows(np.ones((13, 4))).shape == (2, 10, 2, 2)
    assert in_rows(np.ones((13, 4)))[1, 3:].sum() == 0
    assert in_rows(np.ones((3, 4))).shape == (1, 3, 2, 2)
    assert sides((5, 3, 1)) == (5, 3)
    assert in_rows(np.ones((3, 5, 4, 1))).shape == (1, 3, 5, 4)
    assert in_rows(np.ones((3, 5, 4, 3))).shape == (1, 3, 5, 4, 3)
    with pytest.raises(ByhandError, match="5 pixels make no square"):
        sides((5,))
