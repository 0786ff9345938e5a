"""Unfinished runs: their checkpoints, and how to resume them."""

import shlex
from pathlib import Path

from byhand.core.errors import ByhandError
from byhand.core.world import ALONE, World
from byhand.recipes import RECIPES
from byhand.recipes.config import RunConfig, parse_config
from byhand.training.checkpoints import Checkpoints

CHECKPOINTS = "checkpoints"  # the folder in a run's folder, as long as the run is not finished
CHECKPOINT_INTERVAL = "60 seconds"


def command(folder: Path, processes: int = 1) -> str:
    """The command that resumes the run in `folder`."""
    return f"{f'mpiexec -n {processes} ' * (processes > 1)}byhand train --resume {shlex.quote(str(folder))}"


def new_checkpoints(folder: Path, every: str | None, config: RunConfig, plots: bool, half: bool) -> Checkpoints:
    """The checkpoints of a new run, with the information needed to resume it."""
    every = every or CHECKPOINT_INTERVAL
    note = {"config": config.to_toml(), "plots": plots, "half": half, "every": every}
    return Checkpoints(folder / CHECKPOINTS, every, note)


def open_checkpoints(folder: Path, every: str | None = None, world: World = ALONE) -> tuple[Checkpoints, RunConfig]:
    """The checkpoints of an unfinished run, and its configuration, as the first process has them.

    Raises:
        ByhandError: there is no unfinished run in the folder, or its checkpoints are damaged.
    """
    found = world.first(Checkpoints(folder / CHECKPOINTS).newest)
    if found is None:
        finished = (folder / "model.safetensors").exists()
        raise ByhandError(
            f"{folder}: " + ("the run is finished." if finished else "holds no checkpoint to go on from.")
        )
    path, checkpoint = found
    note = checkpoint.note
    kinds = {"config": str, "plots": bool, "half": bool, "every": str}
    if not all(isinstance(note.get(name), kind) for name, kind in kinds.items()):
        raise ByhandError(f"{path}: was not written by byhand train; go on with it in Python, by fit(..., resume=...).")
    config = parse_config(note["config"].encode(), str(path), RECIPES)
    return Checkpoints(folder / CHECKPOINTS, every or note["every"], note), config
