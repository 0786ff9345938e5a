"""Mistakes that a person can mend, said in one sentence each."""


class ByhandError(ValueError):
    """Something outside the program is wrong: a file, an argument, an array, a setting.

    The message is one sentence (or two) for the person at the keyboard: what is wrong, where, and what to do.
    The command line prints it without a traceback and exits with status 2.
    """


class TrainingDiverged(ByhandError):
    """Training was stopped because the loss is no longer a finite number."""
