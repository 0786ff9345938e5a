"""What a program is made of beside its network, and what every program begins and ends with."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from byhand.core.version import __version__
from byhand.data.sources import IDX_NAMES, SOURCES, Mirror
from byhand.network import Network
from byhand.optimizers import Adam, Optimizer
from byhand.regularizers import Regularizer

LANGUAGES = ("numpy", "pytorch", "keras", "jax")


@dataclass(frozen=True)
class ProgramSetup:
    """How a network is trained, for a program.

    Attributes:
        title: the program's name.
        about: what it takes and from whom, in a sentence or two.
        optimizer: how the parameters follow the gradient.
        epochs: how many times all samples are seen.
        batch_size: samples a step; None for all of them.
        regularizers: rules around each step.
        data: a data set's name, or a path.
        prepared: whether the recipe of that title makes its samples of the data set.
        padded: whether sequences end in steps of zeros, which only fill them up to the longest one's length.
        left_out: what belongs to the training and isn't in the program, in a few words each.
        writing: the lines that write the data's file, where neither a data set nor a recipe makes it.
    """

    title: str = "A network"
    about: str = ""
    optimizer: Optimizer = field(default_factory=Adam)
    epochs: int = 10
    batch_size: int | None = 32
    regularizers: Sequence[Regularizer] = ()
    data: str = "mnist"
    prepared: bool = False
    padded: bool = False
    left_out: tuple[str, ...] = ()
    writing: tuple[str, ...] = ()


def heading(network: Network, setup: ProgramSetup, notes: str, language: str) -> str:
    """The docstring of a program."""
    import textwrap

    about = f"{setup.about} " if setup.about else ""
    shape = " × ".join(map(str, network.input_shape))
    text = f"{about}An input is {shape}; the network has {network.size:,} parameters. {notes}"
    if setup.left_out:
        text += f" Not in this program: {'; '.join(setup.left_out)}."
    body = "\n".join(textwrap.wrap(text.replace("\\", "/").replace('"""', "'''"), 100))
    return f'"""{setup.title}, written in {language} by byhand {__version__}.\n\n{body}\n"""\n'


def constants(setup: ProgramSetup) -> str:
    """The number of epochs and the size of a batch."""
    batch = setup.batch_size or "None  # all samples"
    return f"EPOCHS = {setup.epochs}\nBATCH = {batch}\n"


def loading(network: Network, setup: ProgramSetup) -> str:
    """The function `load`, in NumPy."""
    shape = "".join(f", {size}" for size in network.input_shape)
    labels = "np.int64" if network.task == "classes" else "FLOAT"
    mirror = _idx_mirror(setup.data)
    if mirror is None:
        kind = "np.int64" if network.inputs == "tokens" else "FLOAT"
        divided = " / 255" if network.inputs == "grey levels" else ""
        name = "".join(c if c.isalnum() or c in "-_" else "-" for c in setup.data.rpartition("/")[2]) or "data"
        bytes_ = '    grey = 255 if data["x_train"].dtype == np.uint8 else 1\n' if divided else ""
        divided = " / grey" if divided else ""
        return f'''

def load():
    """Training and test samples: data from {name}.npz with x_train, y_train, x_test and y_test.

    byhand writes it so:

{_writing(setup, name)}
    """
    try:
        data = np.load("{name}.npz")
    except OSError:
        raise SystemExit("{name}.npz can't be read: write it by the lines in load's description.") from None
{bytes_}    pairs = []
    for part in ("train", "test"):
        x = (data[f"x_{{part}}"]{divided}).astype({kind}).reshape(-1{shape})
        pairs.append((x, data[f"y_{{part}}"].astype({labels})))
    return pairs
'''
    return f'''

def load():
    """Training and test samples, each (x, t); fetched into the folder data when they are first asked for."""
    url, pairs = "{mirror.url}", []
    source = np.lib.npyio.DataSource("data")
    files = {_pairs()}
    for images, labels in files:
        try:
            with source.open(url + images + ".gz", "rb") as file:
                x = np.frombuffer(file.read(), np.uint8, offset=16)
            with source.open(url + labels + ".gz", "rb") as file:
                t = np.frombuffer(file.read(), np.uint8, offset=8)
        except (OSError, EOFError):
            raise SystemExit(f"{{url}} can't be read: put its four files into {{source.abspath(url)}}.") from None
        pairs.append(((x / 255).astype(FLOAT).reshape(-1{shape}), t.astype({labels})))
    return pairs
'''


def _writing(setup: ProgramSetup, name: str) -> str:
    """The lines that write a data set as the program reads it."""
    parts = "data.x_train, data.y_train, data.x_test, data.y_test"
    lines = ["import byhand, numpy", f"data = byhand.load({setup.data!r})"]
    if setup.prepared:
        lines = ["import numpy", "from byhand import load", "from byhand.recipes import get_recipe"]
        lines.append(f"split = get_recipe({setup.title!r}).prepare(load({setup.data!r}), numpy.random.default_rng(0))")
        lines += ["train, test = split.train, split.test or split.validation"]
        parts = "train[0], train[1], test[0], test[1]"
    kinds = ("x_train", "y_train", "x_test", "y_test")
    given = ", ".join(f"{kind}={part}" for kind, part in zip(kinds, parts.split(", "), strict=True))
    lines.append(f'numpy.savez("{name}.npz", {given})')
    lines = [*setup.writing] or lines
    return "\n".join(f"        {line}" for line in lines)


def _idx_mirror(data: str) -> Mirror | None:
    """Where a data set's IDX files lie, compressed; None where it has none."""
    found = SOURCES.get(data)
    for place in found.places if found else ():
        if isinstance(place, Mirror) and all(f"{name}.gz" in place.files for name in IDX_NAMES):
            return place
    return None


def _pairs() -> str:
    pairs = zip(IDX_NAMES[::2], IDX_NAMES[1::2], strict=True)
    return "[\n" + "".join(f'        ("{images}", "{labels}"),\n' for images, labels in pairs) + "    ]"
