"""Security headers, and checks of hosts and origins."""

import ipaddress
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
COOKIE_OF_PASSWORD, COOKIE_OF_TEACHER = "byhand-pass", "byhand-teacher"
OPEN = ("/api/v1/openapi.json", "/api/v1/enter", "/api/v1/join", "/api/v1/join.svg")  # without a password
LOOPBACK = ("127.0.0.1", "localhost", "::1")
OWN_SITES = ("same-origin", "none")  # what a browser says of a request that no other site caused


def own_names(host: str) -> tuple[str, ...]:
    """The names by which a server that listens on `host` may be asked, beside addresses in numbers."""
    if host in LOOPBACK:
        return LOOPBACK
    name = socket.gethostname().lower()
    return (*LOOPBACK, host.lower(), name, f"{name.partition('.')[0]}.local", socket.getfqdn().lower())


def host_of(header: str) -> str:
    """The name in a Host header, without the port and the brackets of an IPv6 address."""
    name = header.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.rpartition(":")[0] if name.count(":") == 1 else name


def is_ours(host: str, names: tuple[str, ...]) -> bool:
    """Whether a Host header names this server.

    A page elsewhere may own a name and let it lead here (DNS rebinding). Nobody can do that with an address in numbers,
    so that each of these will do.
    """
    name = host_of(host)
    try:
        return name in names or bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def refused(method: str, headers: Mapping[str, str], names: tuple[str, ...] | None) -> str:
    """Why a request is rejected; "" if it is not.

    A page elsewhere may make a browser send requests here. Then its name for us is not ours, or the browser says that
    another site asks: in Sec-Fetch-Site, which no script can set, or, where it sends none (over plain HTTP from another
    machine), in Origin.

    Args:
        method: GET, POST, ...
        headers: the request's, names in small letters.
        names: the names that we go by; None for any.
    """
    host = headers.get("host", "")
    if names is not None and not is_ours(host, names):
        return "This server goes by another name; use the address that it printed, or start it with --allowed-host."
    if method in ("GET", "HEAD"):
        return ""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        own = site in OWN_SITES
    elif origin is None:
        own = True  # no browser
    else:
        named = origin.partition("://")[2].lower()
        own = named == host.lower() or (
            names is not None and host_of(named) in names and host_of(named) not in LOOPBACK
        )
    return "" if own else "Another site may not change anything here."


@dataclass(frozen=True)
class Access:
    """Who may ask what.

    Attributes:
        names: the names that the server goes by; None for any.
        origins: other sites whose pages may use the API, such as "https://school.example".
        root_path: what stands before all addresses, such as "/digits" behind a proxy; "" for nothing.
        token: what programs have to say in Authorization: Bearer; "" for nothing.
        password: what people have to say once a browser; "" for nothing.
    """

    names: tuple[str, ...] | None = None
    origins: tuple[str, ...] = ()
    root_path: str = ""
    token: str = ""
    password: str = ""
    _salt: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def refused(self, method: str, headers: Mapping[str, str]) -> str:
        """Why a request is rejected; "" if it is not. See `refused`."""
        asks_first = method == "OPTIONS" or headers.get("origin", "") in self.origins
        return refused("GET" if asks_first and self.origins else method, headers, self.names)

    def own_path(self, path: str) -> str | None:
        """The path without the root path, old addresses as new ones; None for the root path itself."""
        if self.root_path and path == self.root_path:
            return None
        if self.root_path and path.startswith(f"{self.root_path}/"):
            path = path.removeprefix(self.root_path)
        if path.startswith("/api/") and not path.startswith("/api/v"):
            return path.replace("/api/", "/api/v1/", 1)
        return path

    def open(self, path: str, headers: Mapping[str, str]) -> bool:
        """Whether a request has the token or the password, or needs none."""
        if not (self.token or self.password) or not path.startswith("/api/") or path in OPEN:
            return True
        said = headers.get("authorization", "").removeprefix("Bearer ").encode()
        if any(known and secrets.compare_digest(said, known.encode()) for known in (self.token, self.password)):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE_OF_PASSWORD)
        except CookieError:
            cookie = None
        return bool(self.password and cookie and secrets.compare_digest(cookie.value.encode(), self.pass_.encode()))

    @property
    def pass_(self) -> str:
        """The cookie of those who know the password, until the server ends."""
        return sha256(f"{self._salt}{self.password}".encode()).hexdigest()
