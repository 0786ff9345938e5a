"""Sums over processes have the bits of sums in order; a failure of one process is known to all."""

import io
import os
import sys
import threading
import time

import numpy as np
import pytest

import byhand as bh
from byhand.core import world as worlds
from byhand.core.world import SMALL, World, ending_together
from tests.core.threads_as_processes import Ended, together


def in_order(rows):
    total = rows[0].copy()
    for row in rows[1:]:
        total = total + row
    return total


@pytest.mark.parametrize("n", [1, 7, SMALL, SMALL + 1, 2 * SMALL + 5])
@pytest.mark.parametrize("size, rows", [(1, 4), (2, 2), (3, 1), (4, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_have_the_bits_of_a_sum_in_the_order_of_ranks_and_rows(n, size, rows, dtype):
    parts = (np.random.default_rng(0).standard_normal((size, rows, n)) * 10.0 ** np.arange(rows)[:, None]).astype(dtype)

    def work(world):
        out = np.empty(n, dtype)
        for _ in range(2):  # the second time in the same room
            world.add_up(parts[world.rank], out)
        return out

    wanted = in_order(parts.reshape(-1, n))
    assert n == 1 or size * rows < 4 or (wanted != parts.reshape(-1, n)[::-1].sum(0)).any()  # the order shows
    assert {out.tobytes() for out in together(size, work)} == {wanted.tobytes()}


def test_the_small_interface():
    def work(world):
        x = np.arange(6.0).reshape(2, 3) + world.rank
        return (
            world.all_sum(x),
            world.largest(world.rank == 1),
            world.gather(world.rank),
            world.first(lambda: world.rank),
        )

    for total, largest, everyone, first in together(3, work):
        np.testing.assert_array_equal(total, 3 * np.arange(6.0).reshape(2, 3) + 3)
        assert (largest, everyone, first) == (1, [0, 1, 2], 0)
    alone = World()
    assert (alone.rank, alone.size, alone.largest(3), alone.gather("a"), alone.first(list)) == (0, 1, 3, ["a"], [])
    np.testing.assert_array_equal(alone.all_sum(np.eye(2)), np.eye(2))


def test_what_fails_in_the_first_process_fails_in_all():
    def work(world):
        def refuse():
            raise bh.ByhandError("The folder is taken.")

        with pytest.raises(bh.ByhandError, match="taken"):
            world.first(refuse)
        return world.first(lambda: 7)

    assert together(2, work) == [7, 7]


def test_an_error_of_all_is_raised_in_all_and_that_of_one_ends_the_job(monkeypatch, capfd):
    def same(world):
        with pytest.raises(bh.ByhandError, match="in each"), ending_together(world):
            raise bh.ByhandError("in each")
        return True

    assert together(2, same) == [True, True]
    monkeypatch.setattr(worlds, "FAILING_TOGETHER", 0.05)

    def one(world):
        with ending_together(world):
            if world.rank == 1:
                raise ZeroDivisionError("at my place")
            world.largest(0)

    with pytest.raises(Exception) as caught:
        together(2, one)
    assert not isinstance(caught.value, ZeroDivisionError)  # the first process was waiting, and is ended
    assert "process 1 of 2 failed (ZeroDivisionError: at my place) and ends the job" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="needs a pipe that tells how full it is")
def test_the_last_word_is_waited_for_until_somebody_has_read_it():
    reading, writing = os.pipe()
    read = []

    def read_late():
        time.sleep(0.3)
        read.append(os.read(reading, 100))

    with os.fdopen(writing, "w") as stream:
        print("the last word", file=stream, flush=True)
        reader = threading.Thread(target=read_late)
        reader.start()
        worlds.wait_until_read(stream)
        assert read == [b"the last word\n"]
        reader.join()
    os.close(reading)
    worlds.wait_until_read(stream)  # closed, missing, in memory: nobody to wait for
    worlds.wait_until_read(None)
    worlds.wait_until_read(io.StringIO())


def test_a_process_that_mpi_started_without_mpi4py_says_so(monkeypatch):
    assert World.join() is worlds.ALONE
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setitem(__import__("sys").modules, "mpi4py", None)
    with pytest.raises(bh.ByhandError, match=r"mpi4py.*pip install .*mpi"):
        World.join()


def test_abort_stops_a_process():
    with pytest.raises(Ended):
        together(1, lambda world: world._comm.Abort(1))
