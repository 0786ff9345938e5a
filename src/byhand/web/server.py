"""Running the page with uvicorn."""

import contextlib
import gc
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from byhand.core.errors import ByhandError
from byhand.ops.compiled import cores
from byhand.web.app import create_app
from byhand.web.joining import reachable
from byhand.web.security import LOOPBACK, Access, own_names
from byhand.web.state import Server

EVERYWHERE = ("0.0.0.0", "::")  # all of the machine's addresses
GRACE = 5  # seconds for requests that are being answered when the server ends


class Ending(uvicorn.Server):
    """uvicorn, which tells the streams of events at once that it ends."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Ctrl-C or SIGTERM."""
        self.config.app.page.closing = True  # type: ignore[union-attr]
        super().handle_exit(sig, frame)


def serve(
    host: str,
    port: int,
    processes: int | None = None,
    browser: bool = True,
    access: Access | None = None,
    keep: Path | None = None,
    networks: Sequence[Path] = (),
    review: Path | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        host: the address to listen on.
        port: the port; 0 for a free one.
        processes: how many processes read beside the server's; by default none where only this machine can ask, else
            one for each processor, so that a picture that takes too long can be given up.
        browser: whether to open the page.
        access: who may ask; its names are those beside the server's own, such as a proxy's.
        keep: the folder in which drawings, runs and names outlast the server.
        networks: model files and folders of runs that the page shows, too.
        review: the folder of a review of forms that goes on here.

    Raises:
        ByhandError: the address cannot be had, a network cannot be shown, or the folder holds no review.
    """
    listener = listen(host, port)
    port = listener.getsockname()[1]
    local = host in LOOPBACK
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown if host not in EVERYWHERE else socket.gethostname()}:{port}/"
    who = "only this machine can reach it" if local else "every machine that can reach this one can use it"
    processes = (0 if local else cores()) if processes is None else processes
    access = access or Access()
    names = (*own_names(host), *(name.lower() for name in access.names or ()))
    server = Server(processes=processes, keep=keep, networks=networks, review=review)
    if host in EVERYWHERE:
        server.addresses = tuple(f"{where}{access.root_path.lstrip('/')}" for where in reachable(port))
    elif not local:
        server.addresses = (address,)
    app = create_app(server, replace(access, names=names))
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=15,
        limit_concurrency=1000,
        h11_max_incomplete_event_size=64 * 1024,
        lifespan="on",
    )
    print(f"byhand serves {address} ({who}); Ctrl-C ends it.", file=sys.stderr, flush=True)
    own = address if host not in EVERYWHERE else f"http://127.0.0.1:{port}/"
    if not local:
        print(f"The teacher opens {own}#/class?teacher={server.teacher}", file=sys.stderr, flush=True)
        own = f"{own}#/class?teacher={server.teacher}"
    if browser:
        threading.Timer(0.5, lambda: webbrowser.open(own)).start()
    gc.freeze()  # modules stay: without them a full collection does not hold up the event loop for a third of a second
    with contextlib.closing(listener), contextlib.suppress(KeyboardInterrupt):
        Ending(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        ByhandError: the address cannot be had.
    """
    try:
        family, kind, number, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, number)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(1024)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ByhandError(f"Nothing can listen on {host}, port {port}: {reason}; try --port 0.") from None
    return listener
