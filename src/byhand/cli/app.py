"""The application that each command adds itself to, and what several commands take."""

from pathlib import Path
from typing import Annotated

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


Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]


def model_file(path: Path) -> Path:
    """The model file: `path` itself, or the file in a run folder.

    Raises:
        ByhandError: there is no such file or folder, or the folder holds no model.
    """
    from byhand.recipes.folder import MODEL

    if not path.exists():
        where = "" if path.is_absolute() else f" in {Path.cwd()}"
        raise ByhandError(f"{path}: there is no such model file or run folder{where}.")
    if path.is_dir() and not (path / MODEL).exists():
        raise ByhandError(
            f"{path}: this folder holds no {MODEL}; give a model file, or a folder that byhand train wrote."
        )
    return path / MODEL if path.is_dir() else path


def absolute(data: str) -> str:
    """The absolute path of a file or folder of data, so that a configuration works from anywhere; names are kept."""
    from byhand.data import DATA_SETS
    from byhand.recipes import RECIPES

    if data in RECIPES and data not in DATA_SETS and not Path(data).exists():
        raise ByhandError(f"{data} is a recipe, not a data set: byhand train {data}.")
    return data if data in DATA_SETS else str(Path(data).resolve())
