"""The page's own files: whatever lies in `static/`, with their types and tags."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

STATIC_FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webp": "image/webp",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class File:
    """A file's bytes, its media type, and a tag that changes with them."""

    body: bytes
    kind: str
    tag: str


def static_file(name: str) -> File | None:
    """The file of that name; None where there is none, or where it lies elsewhere."""
    if "\0" in name or "\\" in name:
        return None
    path = (STATIC_FOLDER / name).resolve()
    if name == "favicon.ico" and not path.exists():
        path = STATIC_FOLDER / "favicon.svg"
    kind = MEDIA_TYPES.get(path.suffix[1:].lower())
    try:
        if kind is None or not path.is_relative_to(STATIC_FOLDER.resolve()) or not path.is_file():
            return None
        return _read(path, kind, path.stat().st_mtime_ns)
    except OSError:  # a name that is too long
        return None


@lru_cache(128)
def _read(path: Path, kind: str, changed: int) -> File:
    body = path.read_bytes()
    return File(body, kind, f'"{sha256(body).hexdigest()[:16]}"')
