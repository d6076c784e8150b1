"""Ends what a kept demo has running: `python -m hotfix_deploy_runner.demo.stop <folder> [--remove]`."""

import argparse
import shlex
import shutil
import sys
from pathlib import Path

from .layout import Layout
from .processes import Processes


def stop_command(folder: Path) -> str:
    """The line to type that ends the demo in `folder` and removes it."""
    return shlex.join([sys.executable, "-m", "hotfix_deploy_runner.demo.stop", str(folder), "--remove"])


def main() -> int:
    """The command line; 2 when `folder` holds no demo."""
    parser = argparse.ArgumentParser(prog="python -m hotfix_deploy_runner.demo.stop", description="End a kept demo.")
    parser.add_argument("folder", type=Path, help="the demo's folder")
    parser.add_argument("--remove", action="store_true", help="remove the folder too, with everything in it")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    if not Layout(folder).origin.is_dir():
        print(f"{folder} holds no demo", file=sys.stderr)
        return 2
    Processes(folder).stop()
    if arguments.remove:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
