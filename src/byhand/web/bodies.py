"""Request bodies, read up to the limits whatever their declared length."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from starlette.requests import Request

from byhand.web.call import Operation
from byhand.web.limits import Limits, Refusal


class Bodies:
    """Reads bodies and counts the bytes of all bodies in memory.

    Args:
        limits: the server's.
    """

    def __init__(self, limits: Limits):
        self.limits, self.held = limits, 0

    @asynccontextmanager
    async def take(self, operation: Operation, request: Request) -> AsyncIterator[bytes]:
        """The body of a request, counted until the response is sent.

        Raises:
            Refusal: it is too large or too slow, or all those that are held are too large together.
        """
        body = bytearray()
        try:
            await self._fill(body, self.most(operation), request)
            yield bytes(body)
        finally:
            self.held -= len(body)

    async def _fill(self, body: bytearray, most: int, request: Request) -> None:
        """Read the body; `held` grows as it does."""
        too_large = Refusal(413, f"At most {most:,} bytes are taken here.")
        said = request.headers.get("content-length", "0")
        if not said.isdecimal() or int(said) > most:
            raise too_large
        try:
            with anyio.fail_after(self.limits.body_seconds):
                async for piece in request.stream():
                    body += piece
                    self.held += len(piece)
                    if len(body) > most:
                        raise too_large
                    if self.held > self.limits.held_bytes:
                        raise Refusal(429, "Too much is being sent at once; try again in a moment.", 1)
        except TimeoutError:
            raise Refusal(408, f"The body did not arrive within {self.limits.body_seconds:.0f} seconds.") from None

    def most(self, operation: Operation) -> int:
        """The largest body of an operation in bytes."""
        if operation.body == "drawing":
            return max(self.limits.image_bytes, self.limits.canvas_pixels)
        if operation.body == "files":
            return self.limits.batch_bytes
        return self.limits.json_bytes
