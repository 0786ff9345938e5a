"""byhand serve."""

from typing import Annotated

import typer

from byhand.cli.app import app
from byhand.core.errors import ByhandError


@app.command(epilog="Example:  byhand serve --port 8000")
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for a whole class.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=0, max=64, help="Processes that read, beside the one that serves and trains.")
    ] = 0,
    browser: Annotated[bool, typer.Option(help="Whether to open the page.")] = True,
) -> None:
    """Open a page: draw a digit, look inside the network, watch one learn; and an API for programs."""
    try:
        from byhand.web.server import serve as run
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "anyio"):
            raise
        raise ByhandError("byhand serve needs Starlette and uvicorn: pip install 'byhand[serve]'.") from None
    run(host, port, workers, browser)
