"""Real processes that are told to stop, killed, or lost while they write, and go on."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from byhand import LSTM, Dense, Embedding
from byhand.recipes import RECIPES
from byhand.recipes.config import RunConfig
from byhand.training.checkpoint import Checkpoint
from byhand.training.checkpoints import Checkpoints
from tests.cli.test_commands import byhand, data  # noqa: F401  (fixtures)

ROOT = Path(__file__).parents[2]
TRAIN = ("--epochs", 60, "--hidden", "8", "--no-plots")


def process(*arguments, code="from byhand.cli.main import main; main()"):
    """`byhand` with these arguments, in a process of its own."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_checkpoint(folder):
    files, end = Checkpoints(folder / "checkpoints"), time.monotonic() + 60
    while not files.files():
        assert time.monotonic() < end
        time.sleep(0.002)
    return files


def history(folder):
    """history.csv without its last column, the seconds."""
    return [line.rpartition(",")[0] for line in (folder / "history.csv").read_text().splitlines()]


def same(a, b):
    names = ("model.safetensors", "config.toml", "diagnosis.json", "network.txt")
    assert history(a) == history(b)
    assert [(a / name).read_bytes() for name in names] == [(b / name).read_bytes() for name in names]
    assert {path.name for path in a.iterdir()} == {path.name for path in b.iterdir()}


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_told_to_stop_says_how_to_go_on_and_does(byhand, data, tmp_path, number, status):  # noqa: F811
    run = process("train", "--data", data, *TRAIN, "--checkpoint-every", "2 steps", "--out", "cut run")
    wait_for_checkpoint(tmp_path / "cut run")
    run.send_signal(number)
    _, err = run.communicate(timeout=60)
    assert run.returncode == status
    told = re.search(r"after step ([\d,]+) was written. Resume with: byhand (.*)", err)
    assert Checkpoints("cut run/checkpoints").newest()[1].step == int(told[1].replace(",", ""))
    status, _, err = byhand("train", "--data", data, *TRAIN, "--out", "cut run")
    assert status == 2 and "unfinished run; go on with byhand train --resume 'cut run'" in err
    status, _, err = byhand("train", "--resume", "cut run", "--epochs", 3)
    assert status == 2 and "leave out" in err
    assert byhand(*shlex.split(told[2]), "--checkpoint-every", "never")[::2] == (0, "")
    assert byhand("train", "--data", data, *TRAIN, "--out", "whole")[0] == 0
    same(tmp_path / "cut run", tmp_path / "whole")
    status, _, err = byhand("train", "--resume", "cut run")
    assert status == 2 and "the run is finished" in err


def test_a_killed_run_goes_on_with_the_state_that_its_layers_carried(byhand, tmp_path):  # noqa: F811
    (tmp_path / "a.txt").write_text("to be or not to be " * 2_500)
    layers = (Embedding(7, 4), LSTM(8, return_sequences=True), Dense(7))
    recipe = replace(RECIPES["shakespeare-lstm"], layers=layers, epochs=30)
    (tmp_path / "small.toml").write_text(RunConfig(recipe, "a.txt", 0).to_toml())
    run = process("train", "--config", "small.toml", "--no-plots", "--checkpoint-every", "9 steps", "--out", "cut")
    wait_for_checkpoint(tmp_path / "cut")
    run.kill()
    run.communicate()
    assert 0 < Checkpoints("cut/checkpoints").newest()[1].step < 600
    assert byhand("train", "--resume", "cut", "--checkpoint-every", "never")[::2] == (0, "")
    assert byhand("train", "--config", "small.toml", "--no-plots", "--out", "whole")[0] == 0
    same(tmp_path / "cut", tmp_path / "whole")


def test_a_second_signal_leaves_at_once_with_the_last_checkpoint_whole(byhand, data, tmp_path):  # noqa: F811
    run = process("train", "--data", data, *TRAIN, "--checkpoint-every", "1 steps", "--out", "run")
    files = wait_for_checkpoint(tmp_path / "run")
    run.send_signal(signal.SIGINT)
    run.send_signal(signal.SIGINT)
    assert "Resume with" in run.communicate(timeout=60)[1] and run.returncode == 130
    assert [Checkpoint.read(path).step for path in files.files()]


LOST = """
import os, byhand.core.files
from byhand.cli.main import main

def replace(source, target, replace=os.replace):
    if str(target).endswith("step-000000000005.safetensors"):
        os._exit(9)
    replace(source, target)

os.replace = replace
main()
"""


def test_a_process_lost_between_writing_and_renaming_leaves_nothing_broken(byhand, data, tmp_path):  # noqa: F811
    run = process("train", "--data", data, *TRAIN, "--checkpoint-every", "1 steps", "--out", "run", code=LOST)
    run.communicate(timeout=60)
    folder = tmp_path / "run/checkpoints"
    assert run.returncode == 9
    assert [Checkpoint.read(path).step for path in Checkpoints(folder).files()] == [3, 4]
    assert len(list(folder.glob(".step-000000000005*.part"))) == 1
    assert byhand("train", "--resume", "run", "--checkpoint-every", "never")[0] == 0
    assert byhand("train", "--data", data, *TRAIN, "--out", "whole")[0] == 0
    same(tmp_path / "run", tmp_path / "whole")


def test_a_folder_in_which_another_process_trains_is_refused(byhand, data, tmp_path):  # noqa: F811
    run = process("train", "--data", data, *TRAIN, "--checkpoint-every", "1 steps", "--out", "run")
    wait_for_checkpoint(tmp_path / "run")
    for options in (("--data", data, "--overwrite", "--out", "run"), ("--resume", "run")):
        status, _, err = byhand("train", *options)
        assert status == 2 and "another process is training into it" in err
    run.kill()
    run.communicate()
    assert byhand("train", "--resume", "run", "--checkpoint-every", "never")[0] == 0


def test_killed_at_random_moments_it_ends_in_the_same_bytes():
    command = [sys.executable, "-m", "bench.reliability.kill", "--rounds", "3", "--seed", str(os.getpid())]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    counts = {name: int(count) for name, count in re.findall(r"^(\S.*?) {2,}(\d+)$", done.stdout, re.M)}
    assert done.returncode == 0, done.stdout + done.stderr
    assert counts["rounds"] == 3 and counts["kills"] >= 3 and counts["differences"] == counts["broken files"] == 0
