"""The ASGI application; nothing is computed in the event loop."""

import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from byhand.core.errors import ByhandError
from byhand.documents.processes import one_thread
from byhand.ops.compiled import cores
from byhand.web.bodies import Bodies
from byhand.web.call import Answer, Call, Operation
from byhand.web.events import stream
from byhand.web.limits import Refusal, error_body
from byhand.web.operations import OPERATIONS
from byhand.web.people import hidden
from byhand.web.security import COOKIE_OF_PASSWORD, COOKIE_OF_TEACHER, HEADERS, Access
from byhand.web.state import Server
from byhand.web.static_files import static_file

COOKIE = "byhand"
KEPT_SECONDS = 366 * 24 * 3600  # for which a browser is known where drawings and runs are kept
LANES = {"compute": max(2, cores()), "wait": 40, "step": 40, "files": 8}  # threads of each


class Application:
    """Routes, lanes and lifespan of the application.

    Args:
        server: what it keeps.
        access: who may ask.
    """

    def __init__(self, server: Server, access: Access | None = None):
        self.server, self.access = server, access or Access()
        server.password = self.access.password
        self.bodies = Bodies(server.limits)
        self.waiting = self.listening = 0
        self.closing = False
        self.lanes: dict[str, anyio.CapacityLimiter] = {}

    def routes(self) -> list[Route]:
        """One route per path, with its methods."""
        table: dict[str, dict[str, Operation]] = {}
        for operation in OPERATIONS:
            table.setdefault(operation.path, {})[operation.method] = operation
        found = [Route(path, self.endpoint(methods), methods=list(methods)) for path, methods in table.items()]
        pages = ("/", "/favicon.ico", "/static/{path:path}")
        return [*found, *(Route(path, self.static, methods=["GET"]) for path in pages)]

    def endpoint(self, operations: dict[str, Operation]) -> Callable[[Request], Any]:
        """The endpoint of one path."""

        async def answer(request: Request) -> Response:
            operation = operations["GET" if request.method == "HEAD" else request.method]
            return await self.answer(operation, request)

        return answer

    async def answer(self, operation: Operation, request: Request) -> Response:
        """Handle a request: check its parameters and body, and run the handler in a thread."""
        values = parameters(operation, request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        brought = request.cookies.get(COOKIE, "")
        session = brought if 16 <= len(brought) <= 64 and brought.isascii() else secrets.token_urlsafe(24)
        if self.waiting >= self.server.limits.queue:
            raise Refusal(429, "Too many requests wait already; try again in a moment.", 1)
        self.waiting += 1
        try:
            async with self.bodies.take(operation, request) as body:
                lane = self.lanes.get(operation.lane) or self.lanes["wait"]
                teacher = self.server.is_teacher(request.cookies.get(COOKIE_OF_TEACHER, ""))
                whole = request.headers.get("content-type", "")
                call = Call(self.server, values, body, kind, hidden(session), whole, teacher)
                given = await anyio.to_thread.run_sync(_in_thread, operation, call, limiter=lane)
        finally:
            self.waiting -= 1
        if operation.lane == "stream":
            return self.events(given.body)
        response = _response(given)
        if given.remember and session != brought:
            age = KEPT_SECONDS if self.server.keeper.folder else None
            response.set_cookie(COOKIE, session, age, httponly=True, samesite="strict", path="/")
        if given.entered:
            response.set_cookie(COOKIE_OF_PASSWORD, self.access.pass_, httponly=True, samesite="strict", path="/")
        if given.teaching:
            response.set_cookie(COOKIE_OF_TEACHER, self.server.teacher, httponly=True, samesite="strict", path="/")
        return response

    def events(self, job: Any) -> Response:
        """Stream the events of a training."""
        if self.listening >= self.server.limits.listeners:
            raise Refusal(429, "Too many listen already.", 10)

        async def counted() -> AsyncIterator[str]:
            self.listening += 1
            try:
                async for text in stream(job, lambda: self.closing):
                    yield text
            finally:
                self.listening -= 1

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(counted(), media_type="text/event-stream", headers=headers)

    async def static(self, request: Request) -> Response:
        """Serve a static file."""
        name = request.path_params.get("path") or request.url.path.strip("/") or "index.html"
        found = await anyio.to_thread.run_sync(static_file, name, limiter=self.lanes["files"])
        if found is None:
            raise Refusal(404, f"There is no {request.url.path[:80]} here.")
        headers = {"ETag": found.tag, "Cache-Control": "no-cache"}
        if found.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(found.body, media_type=found.kind, headers=headers)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Start and stop background work with the server."""
        readers = self.server.readers.processes
        self.lanes = {name: anyio.CapacityLimiter(count) for name, count in LANES.items()}
        self.lanes["read"] = anyio.CapacityLimiter(2 * readers if readers else LANES["compute"])
        threading.Thread(target=self.server.warm, name="warming", daemon=True).start()
        with one_thread():
            try:
                yield
            finally:
                self.closing = True
                await anyio.to_thread.run_sync(self.server.close)


def _in_thread(operation: Operation, call: Call) -> Answer:
    try:
        return operation.handler(call)
    except ByhandError as error:  # understood, but impossible
        sentence = str(error).replace("the array", "the drawing")  # which is what it is here
        raise Refusal(422, sentence[:1].upper() + sentence[1:]) from None
    except MemoryError:
        raise Refusal(503, "There is not enough memory for this at the moment.", 10) from None


def parameters(operation: Operation, request: Request) -> dict[str, Any]:
    """The checked parameters of path and query."""
    values, query = {}, [name for name, _ in request.query_params.multi_items()]
    known = [parameter.name for parameter in operation.parameters if parameter.where == "query"]
    for name in query:
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "there are none"
            raise Refusal(400, f"There is no parameter {name[:40]!r} here; {there}.")
        if query.count(name) > 1:
            raise Refusal(400, f"The parameter {name} is given twice.")
    for parameter in operation.parameters:
        given = request.path_params if parameter.where == "path" else request.query_params
        text = given.get(parameter.name)
        if text is not None:
            values[parameter.name] = parameter.read(text)
        elif parameter.needed:
            raise Refusal(400, f"The parameter {parameter.name} is missing.")
    return values


def _response(given: Answer) -> Response:
    headers = {"Cache-Control": "no-store"}
    if given.filename:
        headers["Content-Disposition"] = f'attachment; filename="{given.filename}"'
    if given.body is None:
        return Response(status_code=given.status, headers=headers)
    if isinstance(given.body, bytes):
        return Response(given.body, given.status, headers, given.kind)
    text = json.dumps(given.body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text, given.status, headers, given.kind)


def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    headers = {"Retry-After": str(error.retry)} if error.retry else {}
    return JSONResponse(error.to_json(), error.status, headers)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentences = {404: "There is nothing at this address.", 405: "This address takes other methods."}
    sentence = sentences.get(error.status_code, str(error.detail))
    return JSONResponse(error_body(error.status_code, sentence), error.status_code, error.headers)


def _fault(request: Request, error: Exception) -> Response:
    return JSONResponse(error_body(500, "A fault in byhand; the server's log says more."), 500)  # Starlette logs it


def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # the client has disconnected


class Gate:
    """Before the application: addresses, who may ask, and headers.

    It rejects requests from other sites and from those who have neither token nor password, takes the root path away,
    lets old addresses lead to /api/v1, and adds the security headers to every response.
    """

    def __init__(self, app: Any, page: Application, access: Access):
        self.app, self.page, self.access = app, page, access

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        shared = headers.get("origin", "") in self.access.origins
        sent = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        if shared:
            sent = [
                (name, b"cross-origin" if name == b"cross-origin-resource-policy" else value) for name, value in sent
            ]

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message["headers"], *sent]}
            await send(message)

        path = self.access.own_path(scope["path"])
        sentence = self.access.refused(scope["method"], headers)
        app = self.app
        if sentence:
            app = JSONResponse(error_body(403, sentence), 403)
        elif path is None:
            app = RedirectResponse(f"{self.access.root_path}/")
        elif not self.access.open(path, headers):
            app = JSONResponse(error_body(401, LOCKED), 401, {"WWW-Authenticate": "Bearer"})
        await app(scope | {"path": path, "raw_path": None}, receive, send_with_headers)


LOCKED = "This server asks for a password: on its page, or for programs in the header Authorization: Bearer ..."


def create_app(server: Server | None = None, access: Access | None = None) -> Gate:
    """The ASGI application.

    Args:
        server: what it serves.
        access: who may ask; anybody by default.
    """
    access = access or Access()
    page = Application(server or Server(), access)
    handlers: dict[Any, Any] = {Refusal: _refuse, HTTPException: _http, ClientDisconnect: _gone, Exception: _fault}
    app: Any = Starlette(routes=page.routes(), lifespan=page.lifespan, exception_handlers=handlers)
    if access.origins:
        methods, allowed = ("GET", "POST", "PUT", "DELETE"), ("Authorization", "Content-Type")
        app = CORSMiddleware(app, allow_origins=access.origins, allow_methods=methods, allow_headers=allowed)
    return Gate(app, page, access)
