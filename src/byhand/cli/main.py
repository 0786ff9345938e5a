"""Run byhand's command line, and say in one sentence what went wrong."""

import io
import sys
import warnings
from typing import Any

import click

from byhand.cli.app import app
from byhand.core.errors import ByhandError


def main() -> None:
    """Run the command line; exits with a one-sentence message and status 2 on a user error, with 130 on Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may not have the Greek letters
    load_commands()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            sys.exit(app.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except ByhandError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}.")
    except MemoryError:
        _fail("there is not enough memory for this; try a smaller network or less data.")


def load_commands() -> None:
    """Import the modules of all commands; each adds its command to the application."""
    from byhand.cli import (  # noqa: F401
        convert,
        data,
        demo,
        diagnose,
        draw,
        evaluate,
        explain,
        export,
        find_rate,
        form,
        info,
        judge,
        lesson,
        look,
        predict,
        race,
        read,
        recipes,
        reproduce,
        serve,
        train,
        train_drawer,
        train_hand,
        train_reader,
        train_rows,
        tune,
        write,
    )


def _warn(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    print(f"byhand: {message}", file=sys.stderr)


def _fail(message: str) -> None:
    print(f"byhand: {message}", file=sys.stderr)
    sys.exit(2)
