"""What the figures belong to: processor, caches, system, versions."""

import os
import platform
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from bench.speed.processes import openblas_settings, processors


def describe_machine(threads: int) -> dict[str, Any]:
    """The machine as plain data."""
    blas = next((b for b in threadpool_info() if b["user_api"] == "blas"), {})
    return {
        "date": date.today().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "used": len(processors(threads) or ()) or os.cpu_count(),
        "threads": threads,
        "caches": caches(),
        "memory": memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('internal_api')} {blas.get('version')}, {blas.get('architecture')} kernels",
        "openblas": openblas_settings(),
    }


def processor() -> str:
    """The processor's name, with family and model where the name says little."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor() or platform.machine()
    lines = [line.partition(":") for line in path.read_text().splitlines()]
    fields = {name.strip(): value.strip() for name, _, value in reversed(lines)}
    name = fields.get("model name", platform.machine())
    if "cpu family" in fields:
        name += f" (family {fields['cpu family']}, model {fields['model']})"
    wide = [flag for flag in ("avx2", "avx512f", "avx512_bf16") if flag in fields.get("flags", "").split()]
    return f"{name}{', ' if wide else ''}{', '.join(wide)}"


def caches() -> str:
    """Sizes of the first core's caches."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return ", ".join(found) or "unknown"


def memory() -> int | None:
    """Bytes of memory."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
