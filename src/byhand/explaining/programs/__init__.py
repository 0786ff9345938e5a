"""A network and its training as a program: in NumPy alone with every line of the backward pass, in PyTorch,
in Keras, in JAX.

`program(network, "numpy")` gives the text; `ProgramSetup` says how the network is trained.
"""

from byhand.core.errors import ByhandError
from byhand.explaining.programs.setup import LANGUAGES, ProgramSetup
from byhand.network import Network


def program(network: Network, language: str = "numpy", setup: ProgramSetup | None = None) -> str:
    """A complete program of this network, its training and its data.

    Args:
        network: the network; the program begins with parameters as its initialisers draw them.
        language: "numpy", "pytorch", "keras" or "jax".
        setup: how it is trained; Adam, 10 epochs on MNIST by default.

    Raises:
        ByhandError: another language, or a part that can't be written in it yet.
    """
    return written(network, language, setup or ProgramSetup())[0]


def written(network: Network, language: str, setup: ProgramSetup) -> tuple[str, dict[str, str]]:
    """The program, and what each parameter and each number of the state is called in it."""
    if language not in LANGUAGES:
        raise ByhandError(f"A program can be in {', '.join(LANGUAGES)}, not in {language!r}.")
    if language in ("numpy", "jax"):
        from byhand.explaining.programs.in_numpy import in_jax, in_numpy

        return (in_numpy if language == "numpy" else in_jax)(network, setup)
    if language == "keras":
        from byhand.explaining.programs.in_keras import in_keras

        return in_keras(network, setup)
    from byhand.explaining.programs.in_pytorch import in_pytorch

    return in_pytorch(network, setup)


__all__ = ["LANGUAGES", "ProgramSetup", "program"]
