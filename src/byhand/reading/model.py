"""A reader's file: its networks, how sure they are, and a card, in one safetensors file."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.network import Network
from byhand.storage import network_tensors

READER_KEY = "byhand-reader"  # in the file's header: what it holds


@dataclass(frozen=True)
class ReaderModel:
    """What a reader needs.

    Attributes:
        finder: finds numbers on a page (see `finder`).
        rows: read rows, all of the same signs.
        calibration: the powers of their probabilities that fit how often they are right, "row" and "sign"; "sure",
            below which rows are left out.
        card: where the networks come from: data and their licences, commands, seeds, figures.
        numbers: what numbers look like (see `reader_training.number_grams`); nothing where that does not count.
    """

    finder: Network
    rows: tuple[Network, ...]
    calibration: dict[str, float] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


def save_model(model: ReaderModel, path: str | Path, dtype: Any = "int8") -> None:
    """Write a reader's file; `dtype` as for `byhand.storage.save_network`.

    Raises:
        ByhandError: the file cannot be written.
    """
    from byhand.core.tensor_file import to_bytes

    networks = {"finder": model.finder} | {f"rows-{k + 1}": network for k, network in enumerate(model.rows)}
    tensors: dict[str, Any] = {}
    descriptions: dict[str, dict[str, str]] = {}
    for name, network in networks.items():
        found, descriptions[name] = network_tensors(network, path, dtype)
        tensors |= {f"{name}/{key}": tensor for key, tensor in found.items()}
    about = {"networks": descriptions, "calibration": model.calibration, "card": model.card, "numbers": model.numbers}
    write_atomically(Path(path), to_bytes(tensors, {READER_KEY: json.dumps(about, ensure_ascii=False, sort_keys=True)}))


def is_reader(path: str | Path) -> bool:
    """Whether a file is a reader's."""
    return _about(Path(path)) is not None


def load_model(path: str | Path) -> ReaderModel:
    """Read a reader's file.

    Raises:
        ByhandError: there is none, or it is damaged.
    """
    from byhand.core.tensor_file import safe_open, to_bytes

    path = Path(path)
    about = _about(path)
    if about is None:
        raise ByhandError(f"{path}: not a reader's file.")
    found: dict[str, Network] = {}
    with safe_open(path, "np") as file, TemporaryDirectory() as folder:
        for name, description in about["networks"].items():
            keys = [key for key in file.keys() if key.startswith(f"{name}/")]  # noqa: SIM118
            part = Path(folder) / "part.safetensors"
            part.write_bytes(to_bytes({key.split("/", 1)[1]: file.get_tensor(key) for key in keys}, description))
            try:
                found[name] = Network.load(part)
            except ByhandError as error:
                raise ByhandError(f"{path}: its network {name!r} is damaged ({error}).") from None
    rows = tuple(network for name, network in sorted(found.items()) if name.startswith("rows"))
    if "finder" not in found or not rows:
        raise ByhandError(f"{path}: a reader's file holds a finder and networks for rows.")
    return ReaderModel(found["finder"], rows, about["calibration"], about["card"], about["numbers"])


def _about(path: Path) -> dict[str, Any] | None:
    from byhand.core.tensor_file import SafetensorError, safe_open

    if path.is_dir() or not path.exists():
        raise ByhandError(f"{path}: there is no such model file.")
    try:
        with safe_open(path, "np") as file:
            text = (file.metadata() or {}).get(READER_KEY)
    except (SafetensorError, OSError):
        return None
    if text is None:
        return None
    try:
        about = {"numbers": {}} | json.loads(text)
        whole = all(isinstance(about[key], dict) for key in ("networks", "calibration", "card", "numbers"))
        whole = whole and all(isinstance(n, int) and n > 0 for n in about["numbers"].values())
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    if not whole:
        raise ByhandError(f"{path}: its description is damaged.")
    return dict(about)
