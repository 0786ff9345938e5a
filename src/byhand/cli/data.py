"""byhand data fetch, list."""

from typing import Annotated

import typer

from byhand.cli.app import Json, app
from byhand.cli.output import print_json, print_table

data = typer.Typer(no_args_is_help=True, help="Download and list data sets.")
app.add_typer(data, name="data")


@data.command(epilog="Example:  byhand data fetch mnist fashion-mnist")
def fetch(
    names: Annotated[list[str], typer.Argument(help="Names of data sets; byhand data list shows them.")],
    json: Json = False,
) -> None:
    """Download data sets into the cache folder (BYHAND_DATA or the system's cache) and verify their checksums."""
    from byhand.data import fetch as get

    for name in names:
        folder = get(name)
        if json:
            print_json({"name": name, "folder": str(folder)})
        else:
            print(f"{name} is in {folder}.")


@data.command("list", epilog="Example:  byhand data list --json")
def list_(json: Json = False) -> None:
    """List the data sets that have a name, and whether they are in the cache."""
    from byhand.data import listing

    entries = listing()
    if json:
        for entry in entries:
            print_json(vars(entry) | {"where": str(entry.where)})
        return
    rows = [(e.name, e.about, str(e.rows), str(e.size), "yes" if e.cached else "no", str(e.where)) for e in entries]
    print_table("", ("name", "what it is", "rows", "size", "cached", "where"), rows, left=6)
