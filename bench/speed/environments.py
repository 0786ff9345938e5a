"""A virtual environment for each peer, made once in the user's cache, outside the repository."""

import shutil
import subprocess
import sys
from pathlib import Path

from platformdirs import user_cache_dir

FOLDER = Path(user_cache_dir("byhand-bench"))

# PyTorch: Linux's ordinary wheel brings gigabytes of CUDA, so there it has to be the CPU build, "+cpu". An ordinary
# index does not have that; PyTorch's own index of CPU wheels does: name it to pip by PIP_EXTRA_INDEX_URL or
# PIP_FIND_LINKS. Without it this peer is absent, and nothing heavy is fetched by mistake.
NEEDS = {
    "torch": [
        'torch==2.13.0+cpu; sys_platform == "linux"',
        'torch==2.13.0; sys_platform != "linux"',
        "numpy>=2.0",
    ],
    "jax": ["jax>=0.10"],
    "keras": ["tensorflow-cpu>=2.21"],
    "sklearn": ["scikit-learn>=1.9"],
    "onnx": ["onnxruntime>=1.20", "onnx>=1.17"],
}


class Absent(Exception):
    """A peer that cannot be installed here; the message says why."""


def python_of(peer: str) -> Path:
    """The interpreter of a peer's environment, which is made where there is none yet."""
    return environment(peer, NEEDS[peer])


def environment(name: str, needs: list[str]) -> Path:
    """The interpreter of an environment with these packages.

    Raises:
        Absent: pip did not get them.
    """
    folder = FOLDER / f"{name}-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = folder / "installed.txt"
    wanted = "\n".join(needs)
    if done.exists() and done.read_text() == wanted:
        return python
    print(f"Setting up {name} in {folder} ...", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    if needs:
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *needs]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            errors = [line for line in ended.stderr.splitlines() if line.startswith("ERROR")]
            raise Absent(errors[-1].removeprefix("ERROR: ") if errors else "pip failed")
    done.write_text(wanted)
    return python
