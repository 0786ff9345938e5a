"""Files that are written whole or not at all."""

import os
from pathlib import Path

from byhand.errors import ByhandError


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all: a temporary file beside it, flushed, then renamed.

    Raises:
        ByhandError: the folder cannot be written to, or the disk is full.
    """
    import tempfile

    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise ByhandError(f"{path}: cannot be written ({error.strerror or error}); nothing was changed.") from None
