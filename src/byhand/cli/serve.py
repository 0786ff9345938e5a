"""byhand serve."""

from pathlib import Path

import click

from byhand.cli.app import PATH, app
from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install


@app.command(epilog="Example:  byhand serve --port 8000")
@click.option(
    "--host", default="127.0.0.1", help="The address to listen on; 0.0.0.0 accepts connections from other machines."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="The port; 0 chooses a free one.")
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    help="Processes for reading, in addition to the server process; by default one for each processor where "
    "other machines can connect, else none.",
)
@click.option("--browser/--no-browser", default=True, help="Open the page in a browser.")
@click.option(
    "--allowed-host", multiple=True, help="Another host name under which the server is reached, such as a proxy's."
)
@click.option(
    "--root-path", default="", show_default=False, help="Prefix of all paths behind a proxy, such as /digits."
)
@click.option("--cors", multiple=True, help="Another site whose pages may use the API: https://school.example.")
@click.option(
    "--token",
    default="",
    show_default=False,
    envvar="BYHAND_TOKEN",
    help="Token that programs must send as Authorization: Bearer TOKEN.",
)
@click.option(
    "--password",
    default="",
    show_default=False,
    envvar="BYHAND_PASSWORD",
    help="Password that pupils enter once in each browser.",
)
@click.option(
    "--keep",
    type=PATH,
    help="Folder that keeps drawings, runs and names after the server stops; without it they are lost.",
)
@click.option(
    "--model",
    type=PATH,
    multiple=True,
    help="A network for the page: a model file, or the folder of a run; can be given several times.",
)
@click.option(
    "--review", type=PATH, help="The folder of a review by byhand form read --review, to go on with on the page."
)
def serve(
    host: str,
    port: int,
    workers: int | None,
    browser: bool,
    allowed_host: tuple[str, ...],
    root_path: str,
    cors: tuple[str, ...],
    token: str,
    password: str,
    keep: Path | None,
    model: tuple[Path, ...],
    review: Path | None,
) -> None:
    """Serve a web page to draw digits, look inside networks and watch them train, and an API."""
    try:
        from byhand.web.security import Access
        from byhand.web.server import serve as run
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in (
            "starlette",
            "uvicorn",
            "anyio",
            "pebble",
            "multipart",
            "segno",
        ):
            raise
        raise ByhandError(f"byhand serve needs more packages; install them with: {how_to_install('serve')}") from None
    root = f"/{root_path.strip('/')}" if root_path.strip("/") else ""
    access = Access(allowed_host, cors, root, token, password)
    run(host, port, workers, browser, access, keep, model, review)
