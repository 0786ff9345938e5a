"""Real processes under MPI, where one is installed: MPICH and Open MPI, both if BYHAND_MPIEXEC names them.

BYHAND_MPIEXEC=one/bin/mpiexec:other/bin/mpiexec; each has a Python with mpi4py beside it.
"""

import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.core.mpi_training import main
from tests.core.sharded import SETUPS

ROOT = Path(__file__).parents[2]
NAMED = os.environ.get("BYHAND_MPIEXEC", str(Path(sys.executable).parent / "mpiexec"))
LAUNCHERS = [Path(name) for name in NAMED.split(os.pathsep) if Path(name).exists()]
ROOT_MAY = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}  # in a container
AUGMENTED, AVERAGED = SETUPS
AT_MOST = 300  # seconds: a hang is a failure

pytest.importorskip("mpi4py")
pytestmark = [
    pytest.mark.skipif(not LAUNCHERS, reason="no MPI is installed"),
    pytest.mark.parametrize("mpiexec", LAUNCHERS, ids=lambda path: path.parents[1].name),
]


@cache
def flags(mpiexec):
    version = subprocess.run([mpiexec, "--version"], capture_output=True, text=True, env=os.environ | ROOT_MAY).stdout
    return ["--oversubscribe"] if "Open MPI" in version or "open-mpi" in version else []


def run(mpiexec, processes, *arguments):
    """The finished job of so many processes."""
    python = mpiexec.parent / "python"
    command = [mpiexec, *flags(mpiexec), "-n", str(processes), python, *map(str, arguments)]
    environment = os.environ | ROOT_MAY | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=AT_MOST)


def train(mpiexec, processes, folder, setup, fault=""):
    return run(mpiexec, processes, "-m", "tests.core.mpi_training", folder, setup, fault)


def said(done, folder):
    """What the processes of a job that ended well came to: digests, or "interrupted"."""
    assert done.returncode == 0, done.stderr
    return {file.read_text() for file in folder.glob("said-by-*")}


@cache
def alone(setup):
    """The digest of the same training in this process, without MPI."""
    with tempfile.TemporaryDirectory() as folder:
        main(folder, setup)
        return (Path(folder) / "said-by-0").read_text()


def test_a_training_has_the_same_bytes_in_one_process_and_in_four(mpiexec, tmp_path):
    assert said(train(mpiexec, 4, tmp_path, AUGMENTED), tmp_path) == {alone(AUGMENTED)}
    assert len(list(tmp_path.glob("said-by-*"))) == 4


def test_a_job_that_loses_a_process_ends_and_goes_on_bit_for_bit(mpiexec, tmp_path):
    lost = train(mpiexec, 2, tmp_path, AVERAGED, "killed")
    assert lost.returncode != 0 and lost.stderr + lost.stdout  # the launcher says it
    assert [file.stem for file in tmp_path.glob("step-*")] == ["step-000000000002"]
    assert said(train(mpiexec, 4, tmp_path, AVERAGED), tmp_path) == {alone(AVERAGED)}  # in more processes, too


def test_a_process_that_raises_ends_the_job_with_a_word(mpiexec, tmp_path):
    lost = train(mpiexec, 2, tmp_path, AVERAGED, "raises")
    assert lost.returncode != 0
    assert "process 1 of 2 failed (ZeroDivisionError: at this place) and ends the job" in lost.stderr


def test_a_process_that_is_asked_to_stop_stops_all_and_they_go_on(mpiexec, tmp_path):
    assert said(train(mpiexec, 2, tmp_path, AUGMENTED, "asked"), tmp_path) == {"interrupted"}
    assert said(train(mpiexec, 2, tmp_path, AUGMENTED), tmp_path) == {alone(AUGMENTED)}


def test_one_process_speaks_for_all_on_the_command_line(mpiexec, tmp_path):
    done = run(mpiexec, 2, "-m", "byhand", "train", "no-such-recipe", "--shards", 2)
    assert done.returncode != 0 and done.stderr.count("no-such-recipe") == 1
