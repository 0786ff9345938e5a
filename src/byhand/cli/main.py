"""byhand's command line, and what happens when something goes wrong."""

import sys
import warnings
from typing import Any

import typer

from byhand.core.errors import ByhandError

app = typer.Typer(
    name="byhand",
    help="Neural networks with every derivative worked out by hand, and a reader of handwritten digits.",
    epilog="Start with:  byhand demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        import byhand

        print(byhand.__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None: ...


def main() -> None:
    """Run the command line; a person's mistake ends with one sentence and status 2, Ctrl-C with 130."""
    from byhand.cli import (  # noqa: F401  (each adds its commands)
        data,
        demo,
        diagnose,
        info,
        insight,
        learn,
        look,
        race,
        rate,
        read,
        serve,
        teach,
        tune,
    )

    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            app()
    except ByhandError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}.")
    except MemoryError:
        _fail("there is not enough memory for this; try a smaller network or less data.")


def _warn(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    print(f"byhand: {message}", file=sys.stderr)


def _fail(message: str) -> None:
    print(f"byhand: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
