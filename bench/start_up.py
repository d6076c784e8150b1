"""How long the commands take that have to be quick: `python -m bench.start_up`.

Whole processes, wall time, median of some runs after a warm-up. Compiled bytecode is used, as an installation has it.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 15
COMMANDS = {"--help": 0.060, "status": 0.090, "--version": None, "runs": None}
"""With the target in seconds, where there is one."""


def seconds(arguments: list[str], folder: Path) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, check=True)
    return time.perf_counter() - begun


def main() -> int:
    program = str(Path(sys.executable).with_name("hotfix-deploy-runner"))
    missed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["git", "init", "-q", name], check=True)
        seconds([program, "status"], folder)
        bare = statistics.median(seconds([sys.executable, "-c", "pass"], folder) for _ in range(RUNS))
        print(f"{'python -c pass':<16} {bare * 1000:5.0f} ms")
        for command, target in COMMANDS.items():
            median = statistics.median(seconds([program, command], folder) for _ in range(RUNS))
            missed |= target is not None and median > target
            verdict = (
                "" if target is None else f"  target {'missed' if median > target else 'held'}: {target * 1000:.0f} ms"
            )
            print(f"{command:<16} {median * 1000:5.0f} ms{verdict}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
