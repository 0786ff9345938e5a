"""Security headers, and checks of hosts and origins."""

from collections.abc import Mapping

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
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def host_of(header: str) -> str:
    """The name in a Host header, without the port and the brackets of an IPv6 address."""
    name = header.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.rpartition(":")[0] if name.count(":") == 1 else name


def refused(method: str, headers: Mapping[str, str], hosts: tuple[str, ...] | None) -> str:
    """Why a request is rejected; "" if it is not.

    A page elsewhere may make a browser send requests here. Its name for us is not ours (a name that it lets lead to
    127.0.0.1), or the browser says that another site asks.

    Args:
        method: GET, POST, ...
        headers: the request's, names in small letters.
        hosts: the names that we go by; None for any.
    """
    host = headers.get("host", "")
    if hosts is not None and host_of(host) not in hosts:
        return "This server goes by another name; open it by the address that it printed."
    if method in ("GET", "HEAD"):
        return ""
    origin = headers.get("origin")
    if headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none") and origin is None:
        return ""
    if origin is not None and origin.partition("://")[2].lower() == host.lower():
        return ""
    return "Another site may not change anything here."
