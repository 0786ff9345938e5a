"""The compiled operations: one C source, built for each kind of processor; where it cannot be built, NumPy computes.

With BYHAND_PURE=1 in the environment nothing is compiled, and the wheel is one for every system (Pyodide among them).
A source distribution has the same bytes each time: sorted names, no owners, and SOURCE_DATE_EPOCH for every time.
"""

import gzip
import os
import platform
import sys
import tarfile
from glob import glob
from pathlib import Path

import numpy
from setuptools import Extension, setup
from setuptools.command.sdist import sdist

X86 = platform.machine().lower() in ("x86_64", "amd64")
KINDS = {"base": []} | ({"avx2": ["-march=x86-64-v3"], "avx512": ["-march=x86-64-v4"]} if X86 else {})
FLAGS = [
    "-O3",
    "-g0",
    "-std=gnu11",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
    "-mprefer-vector-width=512",
]


def extension(kind: str, flags: list[str]) -> Extension:
    """The module byhand.ops._KIND."""
    return Extension(
        f"byhand.ops._{kind}",
        ["src/byhand/ops/c/module.c"],
        depends=sorted(glob("src/byhand/ops/c/*.h")),  # which a source distribution takes along
        include_dirs=[numpy.get_include()],
        define_macros=[("MODULE_NAME", f"_{kind}")],
        extra_compile_args=[*(flag for flag in FLAGS if X86 or "vector-width" not in flag), *flags],
        optional=True,
    )


class SameBytes(sdist):
    """A source distribution that does not depend on when, where and by whom it was built."""

    def make_archive(self, base_name, format, root_dir=None, base_dir=None, owner=None, group=None):
        """Write base_name.tar.gz from the files in the folder base_dir."""
        when = int(os.environ.get("SOURCE_DATE_EPOCH", "1577836800"))  # else the first day of 2020
        path = f"{base_name}.tar.gz"
        with (
            open(path, "wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=when) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for source in sorted(Path(base_dir).rglob("*")):
                if source.is_file():
                    entry = archive.gettarinfo(source, source.as_posix())
                    entry.uid = entry.gid = 0
                    entry.uname = entry.gname = ""
                    entry.mtime, entry.mode = when, 0o755 if entry.mode & 0o100 else 0o644
                    with source.open("rb") as content:
                        archive.addfile(entry, content)
        return path


PURE = sys.platform == "win32" or os.environ.get("BYHAND_PURE") == "1"
setup(ext_modules=[] if PURE else [extension(*kind) for kind in KINDS.items()], cmdclass={"sdist": SameBytes})
