"""Networks as C files beside byhand itself: `python -m bench.accuracy.as_c small-conv` (needs gcc).

Trained networks that come with byhand (`src/byhand/web/networks/`), or model files, are written as C in single
precision and in 8 bits, compiled, and asked for the first test images of MNIST; the table says how often they answer as
byhand does, how often rightly, and what the compiled code, the constants and the buffers take.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import byhand
from byhand.data import load
from byhand.exchange.c.writer import c_file
from byhand.exchange.loading import any_network

NETWORKS = Path(byhand.__file__).parent / "web" / "networks"
IMAGES, CALIBRATION = 1000, 500
MAIN = """
#include <stdio.h>
#include "net.c"
int main(void)
{
    static uint8_t x[%d];
    static float y[%d];
    while (fread(x, sizeof x, 1, stdin) == 1) {
        putchar(net(x, y));
        fwrite(y, sizeof y, 1, stdout);
    }
    return 0;
}
"""
CHECKED = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=undefined"]


def compiled(network, x, int8, samples):
    """Answers, outputs, and bytes of code, constants and buffers."""
    made = c_file(network, "net", int8, samples)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "net.c").write_text(made.text)
        (place / "main.c").write_text(MAIN % (x[0].size, network.outputs))
        subprocess.run(["gcc", *CHECKED, "main.c", "-o", "main"], cwd=place, check=True)
        done = subprocess.run(["./main"], cwd=place, check=True, capture_output=True, input=x.tobytes())
        assert done.stderr == b""
        subprocess.run(["gcc", "-std=c99", "-Os", "-c", "net.c"], cwd=place, check=True)
        sizes = subprocess.run(["size", "net.o"], cwd=place, check=True, capture_output=True, text=True).stdout
    raw = np.frombuffer(done.stdout, np.uint8).reshape(len(x), -1)
    text = int(sizes.splitlines()[1].split()[0])
    return raw[:, 0], raw[:, 1:].copy().view(np.float32), (text - made.flash, made.flash, made.ram)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["small-conv"], help="names of byhand's networks, or model files")
    args = parser.parse_args()
    data = load("mnist")
    x, t = data.x_test[:IMAGES].reshape(-1, 28, 28, 1), data.y_test[:IMAGES]
    print("| network | numbers | as byhand | right (byhand) | largest difference | code | constants | buffers |")
    print("|---|---|---|---|---|---|---|---|")
    for name in args.models:
        path = NETWORKS / f"{name}.safetensors"
        network = any_network(path if path.exists() else Path(name))
        fit = x.reshape(-1, *network.input_shape)
        samples = data.x_train[:CALIBRATION].reshape(-1, *network.input_shape)
        wanted = network.predict_proba(fit)
        ours = wanted.argmax(axis=1)
        for int8 in (False, True):
            classes, y, sizes = compiled(network, fit, int8, samples)
            row = (np.mean(classes == ours), np.mean(classes == t), np.mean(ours == t))
            print(
                f"| {Path(name).stem} | {'8 bits' if int8 else 'single'} | {row[0]:.1%} | {row[1]:.1%} ({row[2]:.1%}) "
                f"| {np.abs(y - wanted).max():.2g} | " + " | ".join(f"{size:,}" for size in sizes) + " |"
            )


if __name__ == "__main__":
    main()
