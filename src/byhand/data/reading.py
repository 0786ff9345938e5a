"""Open files that may be gzipped."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from byhand.core.errors import ByhandError

LARGEST_FILE = 2**30  # bytes: nothing that is read here is larger than 1 GiB once decompressed
GZIP_RATIO = 1032  # deflate cannot shrink anything further than 1032 : 1


@contextmanager
def open_bytes(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file, gzipped or not; give the stream and the most bytes that it can hold.

    For a plain file that is its size, for a gzipped one 1032 times its size. Raises ByhandError where the
    file is missing, unreadable, cut short or not the gzip that its name claims, also while it is being read.
    """
    if not path.is_file():
        raise ByhandError(f"{path} is not a file." if path.exists() else f"there is no file {path}.")
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            zipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if zipped:
                with gzip.GzipFile(fileobj=file) as stream:
                    yield cast(BinaryIO, stream), size * GZIP_RATIO
            elif path.suffix == ".gz":
                raise ByhandError(f"{path} is named .gz but is not a gzip file.")
            else:
                yield file, size
    except EOFError:
        raise ByhandError(f"{path} is cut short: the gzip data end too early.") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ByhandError(f"{path} is damaged: {error}.") from None
    except OSError as error:
        raise ByhandError(f"{path} cannot be read: {error.strerror or error}.") from None


def read_at_most(stream: BinaryIO, limit: int, path: Path) -> bytes:
    """Read the whole stream; raise ByhandError as soon as it turns out longer than ``limit`` bytes."""
    parts, left = [], limit
    while part := stream.read(min(left + 1, 2**22)):
        left -= len(part)
        if left < 0:
            raise ByhandError(
                f"{path} holds more than {limit:,} bytes once decompressed, too many for this kind of file."
            )
        parts.append(part)
    return b"".join(parts)
