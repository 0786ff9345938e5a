"""The cache of downloaded data, and atomic writing into it."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from byhand.core.errors import ByhandError

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "it is read-only",
    errno.EACCES: "it is read-only",
    errno.EPERM: "it is read-only",
    errno.ENOTDIR: "part of its path is a file",
    errno.EEXIST: "part of its path is a file",
}


def cache_folder() -> Path:
    """The environment variable ``BYHAND_DATA``, else the platform's cache folder; it need not exist."""
    import platformdirs

    chosen = os.environ.get("BYHAND_DATA")
    return Path(chosen or platformdirs.user_cache_dir("byhand", appauthor=False)).expanduser()


def unwritable(folder: Path, error: OSError) -> ByhandError:
    """The error for a cache that cannot be written."""
    reason = REASONS.get(error.errno or 0, error.strerror or str(error))
    return ByhandError(f"cannot write to {folder}: {reason}; set BYHAND_DATA to a folder that you may write to.")


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files into the folder, or none if that fails.

    Every file is complete under a temporary name before the first takes its own name, so two processes that
    write the same files do no harm. Raises ByhandError where the folder cannot be made or written.
    """
    import tempfile

    made: list[Path] = []
    new = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for content in files.values():
            handle, name = tempfile.mkstemp(prefix=".byhand-", dir=folder)
            made.append(Path(name))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
        for temporary, name in zip(made, files, strict=True):
            os.replace(temporary, folder / name)
    except OSError as error:
        raise unwritable(folder, error) from None
    finally:
        for path in made:
            path.unlink(missing_ok=True)
        for part in new:  # innermost first; stops at the first that is in use
            try:
                part.rmdir()
            except OSError:
                break
