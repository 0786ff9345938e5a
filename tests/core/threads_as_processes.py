"""Processes without MPI: threads that send each other copies, by the methods of mpi4py's communicators."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from byhand.core.world import MPIWorld

PATIENCE = 30  # seconds that a thread waits for the others


class Ended(Exception):
    """What Abort does here."""


class Meeting:
    def __init__(self, size):
        self.size, self.barrier, self.said = size, threading.Barrier(size, timeout=PATIENCE), [None] * size


class Communicator:
    def __init__(self, meeting, rank):
        self._meeting, self._rank = meeting, rank

    def _exchange(self, value):
        self._meeting.said[self._rank] = value
        self._meeting.barrier.wait()
        everyone = list(self._meeting.said)
        self._meeting.barrier.wait()
        return everyone

    def Get_rank(self):
        return self._rank

    def Get_size(self):
        return self._meeting.size

    def Dup(self):
        return Communicator(self._exchange(Meeting(self._meeting.size))[0], self._rank)

    def allgather(self, value):
        return [pickle.loads(sent) for sent in self._exchange(pickle.dumps(value))]

    def bcast(self, value, root):
        return pickle.loads(self._exchange(pickle.dumps(value))[root])

    def Allgather(self, sent, received):
        everyone = self._exchange(sent.copy())
        assert all(a.dtype == received.dtype and a.size * len(everyone) == received.size for a in everyone)
        received.reshape(-1)[...] = np.concatenate([a.reshape(-1) for a in everyone])

    def Alltoall(self, sent, received):
        everyone = self._exchange(sent.copy())
        assert all(a.dtype == received.dtype and a.shape == received.shape for a in everyone)
        received[...] = np.stack([a[self._rank] for a in everyone])

    def Ibarrier(self):
        self._meeting.said[self._rank] = "leaves"
        return self

    def Test(self):
        return all(said == "leaves" for said in self._meeting.said)

    def Abort(self, status):
        self._meeting.barrier.abort()
        raise Ended(status)


def together(size, work):
    """What work(world) returns in each of so many processes."""
    meeting = Meeting(size)

    def carry_out(rank):
        try:
            return work(MPIWorld(Communicator(meeting, rank)))
        except BaseException:
            meeting.barrier.abort()
            raise

    with ThreadPoolExecutor(size) as pool:
        return [task.result() for task in [pool.submit(carry_out, rank) for rank in range(size)]]
