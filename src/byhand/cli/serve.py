"""byhand serve."""

from pathlib import Path
from typing import Annotated

import typer

from byhand.cli.app import app
from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install


@app.command(epilog="Example:  byhand serve --port 8000")
def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 accepts connections from other machines.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 chooses a free one.")] = 8000,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=64,
            help="Processes for reading, in addition to the server process; by default one for each processor where "
            "other machines can connect, else none.",
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="Another host name under which the server is reached, such as a proxy's."),
    ] = None,
    root_path: Annotated[str, typer.Option(help="Prefix of all paths behind a proxy, such as /digits.")] = "",
    cors: Annotated[
        list[str] | None, typer.Option(help="Another site whose pages may use the API: https://school.example.")
    ] = None,
    token: Annotated[
        str, typer.Option(envvar="BYHAND_TOKEN", help="Token that programs must send as Authorization: Bearer TOKEN.")
    ] = "",
    password: Annotated[
        str, typer.Option(envvar="BYHAND_PASSWORD", help="Password that pupils enter once in each browser.")
    ] = "",
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Folder that keeps drawings, runs and names after the server stops; without it they are lost."
        ),
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(help="A network for the page: a model file, or the folder of a run; can be given several times."),
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(help="The folder of a review by byhand form read --review, to go on with on the page."),
    ] = None,
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
    access = Access(tuple(allowed_host or ()), tuple(cors or ()), root, token, password)
    run(host, port, workers, browser, access, keep, model or (), review)
