"""byhand data fetch, list."""

import click

from byhand.cli.app import app, json_option
from byhand.cli.output import print_json, print_table


@app.group(short_help="Download and list data sets")
def data() -> None:
    """Download and list data sets."""


@data.command(epilog="Example:  byhand data fetch mnist fashion-mnist")
@click.argument("names", nargs=-1, required=True, help="Names of data sets; byhand data list shows them.")
@json_option
def fetch(names: tuple[str, ...], json: bool) -> None:
    """Download data sets into the cache folder (BYHAND_DATA or the system's cache) and verify their checksums."""
    from byhand.data import fetch as get

    for name in names:
        folder = get(name)
        if json:
            print_json({"name": name, "folder": str(folder)})
        else:
            print(f"{name} is in {folder}.")


@data.command("list", epilog="Example:  byhand data list --json")
@json_option
def list_(json: bool) -> None:
    """List the data sets that have a name, and whether they are in the cache."""
    from byhand.data import listing

    entries = listing()
    if json:
        for entry in entries:
            print_json(vars(entry) | {"where": str(entry.where)})
        return
    rows = [(e.name, e.about, str(e.rows), str(e.size), "yes" if e.cached else "no", str(e.where)) for e in entries]
    print_table("", ("name", "what it is", "rows", "size", "cached", "where"), rows, left=6)
