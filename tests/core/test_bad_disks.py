"""Checkpoints on disks that are full, too small for a file, or read-only: training goes on, and nothing breaks."""

import shutil
import subprocess
import warnings

import numpy as np
import pytest

from byhand import ByhandError, fit
from byhand.core.files import write_atomically
from byhand.training.checkpoint import Checkpoint
from byhand.training.checkpoints import Checkpoints
from tests.core.test_checkpoints import StopAt, X, Y, network

resource = pytest.importorskip("resource")


def train(folder, callbacks=(), **options):
    """θ of a training that writes a checkpoint of some 20 kB at each of its 8 steps, and what it warned of."""
    trained = network()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        checkpoints = Checkpoints(folder, "1 steps")
        fit(trained, X, Y, epochs=2, progress=False, callbacks=callbacks, checkpoint=checkpoints, **options)
    return trained.theta.tobytes(), [str(warning.message) for warning in said]


def steps(folder):
    return [Checkpoint.read(path).step for path in Checkpoints(folder).files()]


def mount(*arguments):
    try:
        done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False)
    except FileNotFoundError:
        done = None
    if done is None or done.returncode:
        pytest.skip("mounting a file system takes an administrator")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)
    yield folder
    while not subprocess.run(["umount", str(folder)], capture_output=True, check=False).returncode:
        pass  # until nothing is mounted there any more


def turn_read_only(folder):
    """As a disk does that fails: whoever has a file open keeps it, nothing else can be written."""
    mount("--bind", folder, folder)
    mount("-o", "remount,bind,ro", folder)


class At(StopAt):
    """Does something after a step."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def on_step(self, training):
        if training.step == self.step:
            self.action()


def test_a_limit_on_the_size_of_files(tmp_path):
    """Works everywhere: the system refuses to let a file grow beyond 8 kB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    wanted, said = train(tmp_path / "free")
    assert not said and steps(tmp_path / "free") == [7, 8]
    theta, said = train(tmp_path / "a", [At(3, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1])))])
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert theta == wanted and len(said) == 6
    assert "File too large" in said[-1] and "Training goes on; the last one is step-000000000002" in said[-1]
    assert steps(tmp_path / "a") == [1, 2] and not list((tmp_path / "a").glob(".*"))


def test_a_full_disk(small_disk, tmp_path):
    folder = small_disk
    wanted, _ = train(tmp_path / "free")
    fill = At(3, lambda: (folder / "other").write_bytes(bytes(shutil.disk_usage(folder).free)))
    theta, said = train(folder / "c", [fill])
    assert theta == wanted and len(said) == 6 and "No space left on device" in said[-1]
    assert steps(folder / "c") == [1, 2] and not list((folder / "c").glob(".*"))
    (folder / "other").unlink()
    with pytest.raises(ByhandError, match="No space left"):
        write_atomically(folder / "c" / "large", bytes(100_000))
    theta, said = train(folder / "c", [At(3, lambda: None)], resume=True)
    assert theta == wanted and not said and steps(folder / "c") == [7, 8]


def test_a_disk_that_turns_read_only(small_disk, tmp_path):
    folder = small_disk
    wanted, _ = train(tmp_path / "free")
    theta, said = train(folder / "c", [At(3, lambda: turn_read_only(folder))])
    assert theta == wanted and len(said) == 6 and "Read-only file system" in said[-1]
    assert steps(folder / "c") == [1, 2]
    with pytest.raises(ByhandError, match="Read-only file system"):
        train(folder / "new")
    subprocess.run(["umount", str(folder)], check=True)
    theta, said = train(folder / "c", [At(3, lambda: None)], resume=True)
    assert theta == wanted and not said and np.all(np.diff(steps(folder / "c")) == 1)
