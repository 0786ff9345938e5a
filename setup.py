"""The compiled operations: one C source, built for each kind of processor; where it cannot be built, NumPy computes."""

import platform
import sys
from glob import glob

import numpy
from setuptools import Extension, setup

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


setup(ext_modules=[] if sys.platform == "win32" else [extension(*kind) for kind in KINDS.items()])
