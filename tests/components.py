"""What some tests need and not every machine has."""

import os
import warnings
from pathlib import Path

import pytest

BINARIES = {"postgresql": "usr/lib/postgresql/*/bin/postgres"}


def needs(component: str) -> Path:
    """The program of `component`, of its newest version. Missing it is a skip that is heard of; in CI a failure."""
    found = sorted(Path("/").glob(BINARIES[component]), key=lambda path: (len(path.parts[4]), path.parts[4]))
    if not found:
        missing = f"{component} is missing here: .ci/packages installs it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        warnings.warn(missing, stacklevel=2)
        pytest.skip(missing)
    return found[-1]
