"""Networks that draw, as files: the one that draws in a model file, the other one beside it."""

from pathlib import Path

from byhand.core.errors import ByhandError
from byhand.core.types import Shape
from byhand.generating.gan import GAN
from byhand.generating.vae import VAE
from byhand.network import Network

DRAWS = "model.safetensors"  # the generator, or the decoder
CRITIC, ENCODER = "critic.safetensors", "encoder.safetensors"


def save_drawer(model: GAN | VAE, folder: Path) -> None:
    """Write both networks into `folder`, each into a file of its own, as `Network.save` does."""
    if isinstance(model, GAN):
        model.generator.save(folder / DRAWS)
        model.critic.save(folder / CRITIC)
    else:
        model.decoder.save(folder / DRAWS)
        model.encoder.save(folder / ENCODER)


def load_drawer(path: str | Path) -> GAN | VAE:
    """Read the networks that `save_drawer` wrote.

    Args:
        path: the folder, or the model file in it.

    Raises:
        ByhandError: a file is missing or damaged, or the networks do not fit each other.
    """
    path = Path(path)
    file = path / DRAWS if path.is_dir() else path
    draws = Network.load(file)
    for name in (CRITIC, ENCODER):
        if (other := file.parent / name).exists():
            break
    else:
        raise ByhandError(f"{path}: does not draw; a network that does has {CRITIC} or {ENCODER} beside it.")
    if name == ENCODER:
        return VAE(Network.load(other), draws)
    critic = Network.load(other)
    return GAN(draws, critic, critic.input_shape[-1] - draws.plan[-1].out_shape[-1])


def sides(shape: Shape) -> tuple[int, int]:
    """The height and width of images that a network gives as arrays of this shape: rows, or (h, w, channels).

    Raises:
        ByhandError: it gives rows whose pixels make no square.
    """
    if len(shape) > 1:
        return shape[0], shape[1]
    side = round(shape[0] ** 0.5)
    if side * side != shape[0]:
        raise ByhandError(f"{shape[0]} pixels make no square image.")
    return side, side
