"""The bare matrix products of a training by NumPy: what the machine gives for these shapes, and nothing beside them."""

from concurrent.futures import ThreadPoolExecutor

import common
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits


def operands(shapes):
    """For each product (m, k) (k, n) its two factors and room for the result."""
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.random(shape, np.float32)  # noqa: E731
    return [(draw(m, k), draw(k, n), np.empty((m, n), np.float32)) for m, k, n in shapes]


def multiply(products, times):
    for _ in range(times):
        for a, b, out in products:
            np.dot(a, b, out)


def main():
    task, _, turns = common.begin()
    workers = task.threads if task.options.pieces else 1
    room = [operands(task.products) for _ in range(workers)]
    share = [task.times * (i + 1) // workers - task.times * i // workers for i in range(workers)]
    with threadpool_limits(task.options.blas_threads, user_api="blas"), ThreadPoolExecutor(workers) as pool:

        def epochs(count):
            for _ in range(count):
                if workers == 1:
                    multiply(room[0], task.times)
                else:
                    list(pool.map(multiply, room, share))

        turns.run(epochs)
    blas = [
        f"{b['internal_api']} {b['version']} {b['architecture']}" for b in threadpool_info() if b["user_api"] == "blas"
    ]
    turns.say(accuracy=None, peak=common.peak_memory(), versions={"numpy": np.__version__}, blas=", ".join(set(blas)))


if __name__ == "__main__":
    main()
