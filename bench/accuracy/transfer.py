"""Features learnt on MNIST's digits for Fashion-MNIST, beside training from scratch, by held-back images.

    python -m bench.accuracy.transfer --seeds 3

The recipes `transfer-scratch`, `transfer` and `transfer-frozen` are trained with 100 images of each class (`--each 10`
or another number; `--each all`: with all that are not held back, 5 epochs, batches of 128). For one seed all learn from
the same images, and are measured once, at the end, on the same 10,000 held-back training images. The test images are
not used.
"""

import argparse
import statistics
import time
from dataclasses import replace

import byhand
from byhand.recipes import get_recipe, run_recipe
from byhand.recipes.transfer import few_of_each

WAYS = ("transfer-scratch", "transfer", "transfer-frozen")
MEASURED = 10_000


def chosen(name, each, learnt):
    """The recipe with that many images of each class, None for all; what digits teach is learnt once for each seed."""
    recipe, prepare = get_recipe(name), few_of_each(each, MEASURED)

    def held_back_as_test(data, rng):
        split = prepare(data, rng)
        return replace(split, validation=None, test=split.validation)

    def start(network, rng):
        before = str(rng.bit_generator.state)
        if before not in learnt:
            recipe.start(network, rng)
            learnt[before] = network.theta.copy(), rng.bit_generator.state
        network.theta[...], rng.bit_generator.state = learnt[before]

    if each is None:
        recipe = replace(recipe, epochs=5, batch_size=128)
    return replace(recipe, prepare=held_back_as_test, start=start if recipe.start else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--each", default="100")
    options = parser.parse_args()
    each = None if options.each == "all" else int(options.each)
    clothes, learnt, right = byhand.load("fashion-mnist"), {}, {name: [] for name in WAYS}
    began = time.process_time()
    for seed in range(options.seeds):
        for name in WAYS:
            run = run_recipe(chosen(name, each, learnt), seed, dataset=clothes, progress=False)
            right[name].append(100 * run.outcome.test.accuracy)
            print(f"seed {seed}, {name}: {right[name][-1]:.2f} %", flush=True)
    print(f"\n{options.each} images of each class, {time.process_time() - began:.0f} processor seconds in all:\n")
    print("| recipe | right among 10,000 held back | ± |\n|---|---|---|")
    for name, shares in right.items():
        spread = statistics.stdev(shares) if len(shares) > 1 else 0.0
        print(f"| `{name}` | {statistics.mean(shares):.2f} % | {spread:.2f} |")


if __name__ == "__main__":
    main()
