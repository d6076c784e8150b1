"""Which Debian packages the tests need, and what becomes of a test where one is missing."""

import os
import shutil
import warnings
from pathlib import Path

import pytest

PROGRAMS = {
    "postgresql": "postgres",
}
"""The program that is looked for, by the package that brings it. `.ci/packages` installs them."""


def needs(package: str) -> str:
    """The path of the package's program. Where it is missing the test fails when `CI` is set, else it is skipped."""
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[4]), reverse=True)
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *map(str, servers)])
    found = shutil.which(PROGRAMS[package], path=places)
    if found:
        return found
    missing = f"{PROGRAMS[package]} is missing: as root, `make packages` installs {package}"
    if "CI" in os.environ:
        pytest.fail(missing)
    warnings.warn(missing, stacklevel=2)
    pytest.skip(missing)
