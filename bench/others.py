"""Other tools, to have something to compare start-up times with. None of them is needed by the project.

`git flow` is looked for on the machine (Debian: `apt-get install git-flow`); ansible and pyinfra are installed from
PyPI into a virtual environment of their own, under the user's cache folder, once.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("ansible-core", "pyinfra")


def others() -> tuple[dict[str, list[str]], list[str]]:
    """The commands to compare with, by what they are called; and what is missing, each in a sentence."""
    found = {"git flow version": ["git", "flow", "version"]}
    missing = []
    folder, why = _environment()
    for program in ("ansible", "pyinfra"):
        found[f"{program} --version"] = [str(folder / "bin" / program), "--version"]
    for name, command in list(found.items()):
        if not _works(command):
            del found[name]
            missing.append(f"{name}: cannot be run here{why if '--' in name else ' (Debian package git-flow)'}")
    return found, missing


def _environment() -> tuple[Path, str]:
    """The folder of the virtual environment, made when it is not there; and why it could not be filled, if so."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hotfix-bench"
    folder = cache / f"others-{sys.version_info.major}.{sys.version_info.minor}"
    if (folder / "complete").exists():
        return folder, ""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        install = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(install, check=True, capture_output=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        return folder, f" ({' '.join(PACKAGES)} not installed: {error})"
    (folder / "complete").touch()
    return folder, ""


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
