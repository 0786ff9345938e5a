"""byhand export."""

from math import prod
from pathlib import Path

import click

from byhand.cli.app import PATH, app, json_option, model_file
from byhand.cli.output import print_json
from byhand.core.errors import ByhandError

CALIBRATION = 500  # samples that tell how large an 8-bit network's numbers get


@app.command(epilog="Example:  byhand export runs/small-1 --c digits.c --int8")
@click.argument("model", type=PATH, help="A model file or a run folder.")
@click.option("--c", type=PATH, required=True, help="The C file to write; its function has the file's name.")
@click.option("--int8", is_flag=True, help="Use 8-bit integers instead of single precision.")
@click.option("--data", help="Data set whose first training samples set the ranges of the 8-bit numbers.")
@json_option
def export(model: Path, c: Path, int8: bool, data: str | None, json: bool) -> None:
    """Write a network as one file of plain C (C99, no libraries, no allocation), for microcontrollers."""
    from byhand.data import load
    from byhand.exchange.c.writer import save_c
    from byhand.exchange.loading import any_network

    network = any_network(model_file(model))
    samples = None
    if int8:
        samples = load(data or "mnist").x_train[:CALIBRATION]
        if samples[0].size != prod(network.input_shape):
            raise ByhandError(f"{data or 'mnist'}: its samples don't fit the network; choose others with --data.")
        samples = samples.reshape(-1, *network.input_shape)
    made = save_c(network, c, int8, samples)
    if json:
        record = {"file": str(c), "function": made.name, "flash": made.flash, "ram": made.ram, "int8": int8}
        print_json(record)
        return
    print(f"{made.flash:,} bytes of constants (flash, beside the code), {made.ram:,} bytes of buffers (RAM).")
    print(f"Written to {c}: the function {made.name}.")
