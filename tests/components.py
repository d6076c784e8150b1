"""What some tests need and not every machine has."""

import os
import warnings
from pathlib import Path

import pytest

BINARIES = {
    "fcgiwrap": "usr/*bin/fcgiwrap",
    "nginx-light": "usr/*bin/nginx",
    "openssh-server": "usr/*bin/sshd",
    "postgresql": "usr/lib/postgresql/*/bin/postgres",
    "prometheus": "usr/*bin/prometheus",
}
"""The program that is looked for, by the Debian package that brings it."""


def needs(package: str) -> Path:
    """The program of `package`, of its newest version. Missing it is a skip that is heard of; in CI a failure."""
    found = sorted(Path("/").glob(BINARIES[package]), key=lambda path: (len(str(path)), path))
    if not found:
        missing = f"{package} is missing here: as root, `make packages` installs it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        warnings.warn(missing, stacklevel=2)
        pytest.skip(missing)
    return found[-1]
