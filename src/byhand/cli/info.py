"""byhand info."""

from pathlib import Path
from typing import Any

from byhand.cli.app import app, json_option
from byhand.cli.output import print_json

CPUINFO = Path("/proc/cpuinfo")  # Linux


@app.command(epilog="Example:  byhand info --json")
@json_option
def info(json: bool) -> None:
    """Print versions, the operations in use, the processor, and the folders of data and models, for bug reports."""
    found = facts()
    if json:
        print_json(found)
        return
    data, model = found["data"], found["model"]
    there = [name for name, cached in data["sets"].items() if cached]
    lines = [
        ("byhand", found["byhand"]),
        ("Python", found["python"]),
        ("NumPy", found["numpy"]),
        ("operations", found["operations"]),
        *[("BLAS", _sentence(blas)) for blas in found["blas"]],
        ("processor", f"{found['processor']}; {found['cores']} {'core' if found['cores'] == 1 else 'cores'} to use"),
        ("system", found["system"]),
        ("data", f"{data['folder']} ({', '.join(there) or 'nothing there yet'})"),
        ("model", f"{model['file']} ({'there' if model['there'] else 'missing'})"),
    ]
    for name, text in lines:
        print(f"{name:<12}{text}")


def facts() -> dict[str, Any]:
    """What `byhand info` prints, as plain data."""
    import platform

    import numpy as np

    import byhand
    from byhand import ops
    from byhand.data import cache_folder, listing
    from byhand.ops.compiled import cores
    from byhand.reading.reader import MODEL

    folder = cache_folder()
    return {
        "byhand": byhand.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "operations": ops.describe_operations(),
        "blas": blas(),
        "processor": processor(),
        "cores": cores(),
        "system": platform.platform(),
        "data": {
            "folder": str(folder),
            "there": folder.is_dir(),
            "sets": {entry.name: entry.cached for entry in listing()},
        },
        "model": {"file": str(MODEL), "there": MODEL.is_file()},
    }


def blas() -> list[dict[str, Any]]:
    """The matrix libraries in this process: name, version, threads, and the processor of the kernel in use."""
    import numpy as np  # noqa: F401  (brings its library with it)
    from threadpoolctl import threadpool_info

    return [
        {
            "name": library["internal_api"],
            "version": library["version"],
            "threads": library["num_threads"],
            "kernel": library.get("architecture"),
        }
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]


def _sentence(blas: dict[str, Any]) -> str:
    """openblas 0.3.31, 2 threads, kernel SkylakeX."""
    threads = f"{blas['threads']} thread{'s' * (blas['threads'] != 1)}"
    kernel = f", kernel {blas['kernel']}" if blas["kernel"] else ""
    return f"{blas['name']} {blas['version'] or '(version unknown)'}, {threads}{kernel}"


def processor() -> str:
    """The name of the processor, or what the system knows of it."""
    import platform

    if CPUINFO.is_file():
        for line in CPUINFO.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine() or "unknown"
