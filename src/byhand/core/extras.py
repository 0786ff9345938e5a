"""The packages of an extra, and how to install them."""

import sys


def how_to_install(extra: str) -> str:
    """The command that installs an extra's packages into this Python, from a clone as well as from a wheel.

    It names the packages rather than `byhand[extra]`, because in a clone pip finds no package of that name.

    Args:
        extra: its name in pyproject.toml, such as "pdf".
    """
    from importlib.metadata import PackageNotFoundError, requires

    try:
        required = [line.partition("; ") for line in requires("byhand") or ()]
    except PackageNotFoundError:  # byhand lies on the path without being installed
        return f"{sys.executable} -m pip install 'byhand[{extra}]'"
    packages = [name for name, _, marker in required if _wanted(marker.replace('"', "'"), extra)]
    return f"{sys.executable} -m pip install {' '.join(map(repr, packages))}"


def _wanted(marker: str, extra: str) -> bool:
    """Whether a requirement with this marker belongs to the extra on this system."""
    return f"extra == '{extra}'" in marker and not ("!= 'Windows'" in marker and sys.platform == "win32")
