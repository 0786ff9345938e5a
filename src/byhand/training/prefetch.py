"""Augmented batches, prepared in background threads."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from byhand.core.checks import require_instance, require_whole
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.augment import Augment, Augmenter, Mixup
from byhand.network import Network
from byhand.training.batches import Batch, Batches, Cut, Room

SPARE = 2  # rooms beside those that workers write in: one that the network reads, and one that is ready


class AugmentedBatches(Batches):
    """Batches whose samples are random versions of the data's, new ones in every epoch.

    Each epoch draws one number from the run's generator; it and the batch's number seed a generator for the batch. So
    a batch is the same whoever prepares it, and whenever.

    Args:
        network: the network that they go into.
        x: images (N, *input_shape): bytes, or floats from 0 to 1.
        y: class numbers (N,) or targets (N, outputs).
        size: rows of a batch at most.
        weights: sample weights (N,).
        mask: as for `Batches`.
        class_weight: as for `Batches`.
        cut: as for `Batches`.
        augment: what is done to them.
        rng: the run's generator.
        workers: how many threads prepare them; with 0, the thread that asks does.

    Raises:
        ByhandError: as `Batches`, or the samples are not grey images from 0 to 1.
    """

    def __init__(
        self,
        network: Network,
        x: Any,
        y: Any,
        size: int,
        weights: Any,
        mask: Any = None,
        class_weight: Any = None,
        cut: Cut = Cut(),  # noqa: B008  (it does not change)
        *,
        augment: Augment,
        rng: np.random.Generator,
        workers: int = 1,
    ):
        require_instance("augment", augment, Augment, "an Augment, such as Augment.digits()")
        require_whole("workers", workers, 0)
        soft = any(isinstance(step, Mixup) for step in augment.steps)
        super().__init__(network, x, y, size, weights, soft, mask, class_weight, cut)
        if not self._bytes and (self.x.min() < 0 or self.x.max() > 1):
            raise ByhandError(
                f"Augmentation takes pixels from 0 (background) to 1, but they go from {self.x.min():g} to "
                f"{self.x.max():g}; give bytes, or scale them."
            )
        self._rng, self.augment = rng, augment
        shape = augment.shape_of(network.input_shape)
        count = workers + SPARE if workers else 1
        self._rooms = [
            (self.room(), Augmenter(augment, shape, self.size, network.dtype, network.outputs)) for _ in range(count)
        ]
        self._pool = ThreadPoolExecutor(workers, "augment") if workers else None

    def room(self) -> Room:
        """New arrays for one batch; `raw` for its samples before they are augmented."""
        room = super().room()
        return room._replace(raw=np.empty(room.x.shape, self.x.dtype))

    def gathered(self, order: Array, first: int = 0) -> Iterator[Batch]:
        """Random versions of the samples whose numbers `order` holds, in that order, without the `first` ones.

        A batch holds until the next one is asked for. What goes wrong in a worker is raised here.
        """
        if not first:
            self.key = int(self._rng.integers(2**63))
        epoch = self.key
        assert epoch is not None

        def prepare(rows: Array, number: tuple[int, ...], k: int) -> Batch:
            return self._prepare(rows, np.random.default_rng((epoch, *number)), *self._rooms[k])

        pieces = self.pieces(order, first)
        if self._pool is None:
            for rows, number in pieces:
                yield self._carried(prepare(rows, number, 0))
            return
        pending: deque[tuple[Future[Batch], int]] = deque()  # in the batches' order, each with its room
        try:
            for k, piece in zip(range(len(self._rooms)), pieces, strict=False):
                pending.append((self._pool.submit(prepare, *piece, k), k))
            while pending:
                future, k = pending.popleft()
                yield self._carried(future.result())
                for piece in pieces:  # the room is free again: for the next batch, if there is one
                    pending.append((self._pool.submit(prepare, *piece, k), k))
                    break
        finally:
            for future, _ in pending:
                future.cancel()

    def _prepare(self, rows: Array, rng: np.random.Generator, room: Room, augmenter: Augmenter) -> Batch:
        """The batch of these rows, in `room`."""
        room = room.first(len(rows))
        assert room.raw is not None
        self._host.gather(self.x, rows, room.raw)
        batch = self.with_targets(rows, room)
        augmenter(room.raw, rng, batch.x, batch.t)
        return batch

    def close(self) -> None:
        """End the threads, after at most a batch each."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
