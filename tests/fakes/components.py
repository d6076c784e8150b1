"""Programs that are no Python packages: `.ci/packages` installs them. In CI a missing one is a failure."""

import os
import shutil

import pytest


def needs(program: str) -> str:
    """Where `program` is. Without it the test is skipped, loudly; where the variable CI is set, it fails."""
    found = shutil.which(program)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{program} is not installed: run .ci/packages as root")
    if found is None:
        pytest.skip(f"{program.upper()} IS NOT INSTALLED, so this is not tested: run .ci/packages as root")
    return found
