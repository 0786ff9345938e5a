"""The application that each command adds itself to, and what several commands take."""

from pathlib import Path

import click

from byhand.core.errors import ByhandError

PATH = click.Path(path_type=Path)
json_option = click.option("--json", is_flag=True, help="Print JSON, one object per line.")


class Command(click.Command):
    """A command that is listed with the whole first sentence of its help."""

    def get_short_help_str(self, limit: int = 0) -> str:
        """The sentence; it is not cut off."""
        return " ".join((self.help or "").partition("\n\n")[0].split()).partition(". ")[0].removesuffix(".")


class Commands(click.Group):
    """A group of commands, and of groups like this one."""

    command_class = Command
    group_class = type


@click.group(
    "byhand",
    cls=Commands,
    help="Neural networks with every derivative worked out by hand, and a reader of handwritten digits.",
    epilog="Start with:  byhand demo",
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.version_option(package_name="byhand", message="%(version)s")
def app() -> None:
    """The application that each command adds itself to."""


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
