"""Errors that the user can correct, with messages of one sentence."""

LONGEST = 1000  # characters of a message


class ByhandError(ValueError):
    """An error that the user can correct, in a file, an argument, an array or a setting.

    The message is one sentence (or two) for the person at the keyboard: what is wrong, where, and what to do.
    The command line prints it without a traceback and exits with status 2. What a file put into it can neither control
    the terminal nor fill it: characters that do not print are written as \\x1b and the like, and what is too long
    loses its middle.
    """

    def __init__(self, message: str = "", *more: object):
        super().__init__(printable(message), *more)


def printable(message: str) -> str:
    """The printable characters of a message, at most LONGEST."""
    if not message.isprintable():
        message = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)
    cut = LONGEST // 2 - 2
    return message if len(message) <= LONGEST else f"{message[:cut]} … {message[-cut:]}"


class TrainingDiverged(ByhandError):
    """Training was stopped because the loss is not finite; the last good weights were restored.

    Attributes:
        epoch: in which epoch, from 1.
        step: at which step, from 1.
        loss: what the loss was: NaN or infinity.
        rate: the learning rate of that step.
        what: the first array that was not finite: "data", "weights", "output" or "gradient" of a layer, or "loss".
        layer: which layer's it was, from 1; None where it belongs to no layer.
        kept_step: after how many steps the network had the weights that it has now.
    """

    epoch: int = 0
    step: int = 0
    loss: float = float("nan")
    rate: float = float("nan")
    what: str = "loss"
    layer: int | None = None
    kept_step: int = 0
