"""Cross-validate the recipes `faces` and `faces-linear`: `python -m bench.accuracy.faces --seeds 3`.

Five folds, stratified; each seed cuts other folds and starts the networks differently. Nothing else is held back, and
there are no test pictures: settings were tried on the same 200 pictures.
"""

import argparse
import statistics
import time

import byhand
from byhand.recipes import get_recipe
from byhand.tuning import cross_validate


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folds", type=int, default=5)
    options = parser.parse_args()
    pictures = byhand.load("faces")
    print("| recipe | accuracy of each cross-validation | mean | processor s each |\n|---|---|---|---|")
    for name in ("faces-linear", "faces"):
        began, means = time.process_time(), []
        for seed in range(options.seeds):
            found = cross_validate(get_recipe(name), options.folds, seed, dataset=pictures)
            means.append(100 * statistics.mean(found))
        each = (time.process_time() - began) / options.seeds
        shown = ", ".join(f"{mean:.1f}" for mean in means)
        print(f"| `{name}` | {shown} % | {statistics.mean(means):.1f} % | {each:.1f} |", flush=True)


if __name__ == "__main__":
    main()
