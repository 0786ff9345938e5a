"""A training for test_mpi.py: `mpiexec -n 4 python -m tests.core.mpi_training FOLDER SETUP [FAULT]`."""

import hashlib
import os
import signal
import sys
from pathlib import Path

import byhand as bh
from byhand.training.checkpoints import Checkpoints, Interrupted
from tests.core.sharded import SETUPS, X, Y, make, train

FAULT_STEP = 3


class Fault(bh.Callback):
    """Something happens to the last process at a step."""

    def __init__(self, world, checkpoints, fault):
        self.fault, self.checkpoints = fault if world.rank == world.size - 1 else "", checkpoints

    def on_step(self, training):
        if training.step != FAULT_STEP:
            return
        if self.fault == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "raises":
            raise ZeroDivisionError("at this place")
        if self.fault == "asked":
            self.checkpoints.stop(2)


def main(folder, setup, fault=""):
    world = bh.World.join()
    layers, options = SETUPS[setup]
    network, checkpoints = make(*layers), Checkpoints(folder, "2 steps")
    callbacks = [Fault(world, checkpoints, fault)]
    options = options | {"validation": (X[:30], Y[:30]), "callbacks": callbacks, "shards": 4, "threads": 1}
    try:
        train(network, distributed=True, checkpoint=checkpoints, resume=True, **options)
    except Interrupted:
        said = "interrupted"
    else:
        said = hashlib.sha256(network.theta.tobytes() + network.state.tobytes()).hexdigest()
    (Path(folder) / f"said-by-{world.rank}").write_text(said)


if __name__ == "__main__":
    main(*sys.argv[1:])
