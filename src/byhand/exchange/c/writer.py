"""Networks as one file of C99: no allocation, no libraries; in single precision, or in 8 bits for small machines.

In 8 bits a weight is a whole number times its output's scale, as in byhand's int8 files, and so is what flows between
the layers: each place has one scale, taken from the largest number that samples give there. Sums are 32 bits.
"""

import re
import textwrap
from dataclasses import dataclass
from math import prod
from pathlib import Path

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.core.types import Array
from byhand.core.version import __version__
from byhand.exchange.c import sequences  # noqa: F401  (it registers its layers)
from byhand.exchange.c.arrays import WIDEST_C
from byhand.exchange.c.eight_bits import write_eight_bits
from byhand.exchange.c.single import CParts, write_single
from byhand.exchange.c.snippets import FUNCTIONS
from byhand.layers import Softmax
from byhand.network import Network


@dataclass(frozen=True)
class CFile:
    """A network in C.

    Attributes:
        text: the file.
        name: the function's name.
        flash: bytes of its constants.
        ram: bytes of its buffers.
    """

    text: str
    name: str
    flash: int
    ram: int


def c_file(network: Network, name: str = "digits", int8: bool = False, samples: Array | None = None) -> CFile:
    """The network as a C file with one function `name`.

    Args:
        network: the network, whose layers are in a row.
        name: the function's name.
        int8: weights and what flows between the layers as 8-bit numbers.
        samples: samples as `predict` takes them, which tell how large numbers get; needed for int8.

    Raises:
        ByhandError: a layer that can't be written in C, no samples for int8, or a name that C doesn't take.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,40}", name):
        raise ByhandError(f"{name!r} is no name of a function in C; take letters, digits and _.")
    if len(network.plan[-1].out_shape) > 2:
        raise ByhandError("A network in C gives a row of numbers, or one for each step; this one gives images.")
    parts = CParts(name)
    if int8:
        if samples is None or not len(samples):
            raise ByhandError("A network in 8 bits needs samples, which tell how large its numbers get.")
        write_eight_bits(network, parts, samples)
    steps = None if int8 else write_single(network, parts)
    activation, out = network.loss.activation, network.plan[-1].out_shape
    last = network.layers[-1]
    if activation == "softmax" or isinstance(last, Softmax):
        if len(out) == 1:
            parts.call("softmax", "y", out[0])
        else:
            parts.use("softmax")
            parts.calls.append(f"for (int t = 0; t < {out[0]}; t++) softmax(y + t * {out[1]}, {out[1]});")
    elif activation == "sigmoid":
        parts.use("sigmoid")
        parts.calls.append(f"for (int i = 0; i < {prod(out)}; i++) y[i] = sigmoid(y[i]);")
    return _assembled(network, parts, int8, steps)


def _assembled(network: Network, parts: CParts, int8: bool, steps: str | None) -> CFile:
    """The whole file; `steps` is the variable with the number of steps that are there."""
    n, k, ram = prod(network.input_shape), network.outputs, sum(parts.room) + sum(parts.more.values())
    grey = network.inputs == "grey levels"
    takes = f"{n} grey levels, 0 black to 255 white," if grey else f"{n} numbers"
    kind = "uint8_t" if grey else "float"
    vocabulary = getattr(network.layers[0], "vocabulary", 0)
    if network.inputs == "tokens":
        takes, kind = f"{n} tokens, from 0 to {vocabulary - 1}, padding at the end,", "int32_t"
    shape = " x ".join(map(str, network.input_shape))
    gives = {"softmax": "probabilities", "sigmoid": "probabilities"}.get(network.loss.activation or "", "numbers")
    decide = "the largest one's number" if k > 1 else "1 where it is at least a half, else 0"
    room = str(k)
    if len(network.plan[-1].out_shape) == 2:
        room, decide = f"{network.plan[-1].out_shape[0]} rows of {k}", "the number of rows that are there"
    words = ", 8-bit numbers" if int8 else ""
    about = f"""/* A neural network, written by byhand {__version__}. C99, no libraries, no allocation{words}.

   int {parts.name}(const {kind} *x, float *y);

   x: {takes} ({shape}, row by row). y: room for {room} {gives}.
   Returns {decide}. Not to be called again before it has returned.

   Flash: {parts.flash:,} bytes of constants, and the code. RAM: {ram:,} bytes of buffers.

   {network.size:,} parameters: {", ".join(layer.label() for layer in network.layers)}
*/
""".replace("×", "x")
    about = "\n".join(wrapped_c(line) for line in about.split("\n"))
    unit, width = ("int8_t", 1) if int8 else ("float", 4)
    rooms = [(name, -(-size // width)) for name, size in (*zip("ab", parts.room, strict=True), *parts.more.items())]
    buffers = "".join(f"static {unit} {name}[{size}];\n" for name, size in rooms if size)
    body = "\n".join(wrapped_c(f"    {line}", "        ") for line in parts.calls)
    answer = (
        "return y[0] >= 0.5f;"
        if k == 1
        else (f"for (int i = 1; i < {k}; i++) best = y[i] > y[best] ? i : best;\n    return best;")
    )
    best = "" if k == 1 else "    int best = 0;\n"
    if len(network.plan[-1].out_shape) == 2:
        best, answer = "", f"return {steps or network.plan[-1].out_shape[0]};"
    functions = "".join(text for name, text in FUNCTIONS.items() if name in parts.used)
    text = f"""{about}
#include <stdint.h>

int {parts.name}(const {kind} *x, float *y);

{"".join(parts.arrays)}
{buffers}{functions}
int {parts.name}(const {kind} *x, float *y)
{{
{best}{body}
    {answer}
}}
"""
    return CFile(text, parts.name, parts.flash, ram)


def wrapped_c(line: str, indent: str = "   ") -> str:
    """A line of C in several, where it is long."""
    if len(line) <= WIDEST_C:
        return line
    lead = line[: len(line) - len(line.lstrip())]
    return "\n".join(textwrap.wrap(line.strip(), WIDEST_C, initial_indent=lead, subsequent_indent=indent))


def save_c(
    network: Network, path: str | Path, int8: bool = False, samples: Array | None = None, name: str | None = None
) -> CFile:
    """Write `network` to `path` as a C file; see `c_file`. The function has the file's name unless it is given.

    Raises:
        ByhandError: as `c_file`, or the file can't be written.
    """
    path = Path(path)
    made = c_file(network, name or re.sub(r"\W", "_", path.stem, flags=re.ASCII), int8, samples)
    write_atomically(path, made.text.encode())
    return made
