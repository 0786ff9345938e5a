"""Joining a class: the addresses at which others reach this server, as text and as a QR code, and its password."""

import socket
from io import BytesIO
from typing import Any

from byhand.web.call import Answer, Call
from byhand.web.limits import Refusal

MODULE = 8  # units of the picture for a square of the code


def reachable(port: int) -> list[str]:
    """Addresses by which other machines reach a server that listens everywhere: in numbers, then by name."""
    name = socket.gethostname()
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(("192.0.2.1", 9))  # nothing is sent: it only tells which of our addresses leads out
            found.append(way.getsockname()[0])
        except OSError:  # there is no network
            pass
    return [f"http://{host}:{port}/" for host in dict.fromkeys([*found, f"{name.partition('.')[0]}.local"])]


def get_join(call: Call) -> Answer:
    """The addresses, the best one first; none where only this machine can ask."""
    return Answer({"addresses": list(call.server.addresses), "password": bool(call.server.password)})


def get_code(call: Call) -> Answer:
    """The first address as a QR code (ISO/IEC 18004), an SVG picture, dark on light."""
    import segno

    if not call.server.addresses:
        raise Refusal(404, "Only this machine can reach the server; start it with --host 0.0.0.0 for a class.")
    file = BytesIO()
    segno.make(call.server.addresses[0], error="m").save(file, kind="svg", scale=MODULE, dark="#000", light="#fff")
    return Answer(file.getvalue(), kind="image/svg+xml")


def post_enter(call: Call) -> Answer:
    """Say the password, or what the teacher's link says, once a browser."""
    table = call.table()
    teacher: Any = table.get("teacher")
    if isinstance(teacher, str):
        if not call.server.is_teacher(teacher):
            raise Refusal(403, "This is not the teacher's link of this server; it is printed when the server starts.")
        return Answer(status=204, entered=True, teaching=True)
    said: Any = table.get("password")
    if not isinstance(said, str):
        raise Refusal(400, 'Send {"password": "..."}.')
    if not call.server.enter(said):
        raise Refusal(403, "This is not the password.")
    return Answer(status=204, entered=True)
