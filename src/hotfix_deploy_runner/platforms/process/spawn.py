"""Starting a process that outlives this one."""

import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path

SHELL = "/bin/sh"

# The shell stays behind to write down how the service ended. It survives the TERM that all of the instance gets; the
# service does not inherit that, because a caught signal is reset in a child.
WRAPPER = """\
trap : TERM INT HUP
cd "$1" && /bin/sh -c "$3"
echo $? > "$2.part" && mv "$2.part" "$2"
"""

_COMPOUND = re.compile(r"[;&|()\n]")
_NOT_EXECUTABLE = frozenset(
    [".", "!", "{", "case", "cd", "eval", "exec", "export", "for", "if", "set", "trap", "umask", "until", "while"]
)


def spawn(start: str, *, tree: Path, log: Path, exit_file: Path, env: Mapping[str, str]) -> int:
    """Run the shell line `start` in `tree`, in a session of its own; returns the pid of its wrapper, at once.

    Its input is empty, its output is appended to `log`, its exit code written to `exit_file` when it ends. `env` is
    the whole of its environment. It holds no file of this process open. Raises `OSError`.
    """
    return os.posix_spawn(
        SHELL,
        [SHELL, "-c", WRAPPER, "hotfix-instance", str(tree), str(exit_file), replacing_shell(start)],
        dict(env),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *((os.POSIX_SPAWN_CLOSE, number) for number in _inherited()),
        ],
        setsid=True,
        setsigmask=(),
        setsigdef=(signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT, signal.SIGHUP),  # Python ignores two
    )


def replacing_shell(start: str) -> str:
    """`start` with `exec` before it where it is one simple command (POSIX shell, 2.9.1): its shell makes way for it.

    Else a TERM ends that shell before the service, and the service's own exit code is not seen.
    """
    first = start.split()[0]
    simple = not _COMPOUND.search(start) and "=" not in first and first not in _NOT_EXECUTABLE
    return f"exec {start}" if simple else start


def _inherited() -> list[int]:
    """Files that this process got from its own parent and would hand on: a CI that waits for them would never end."""
    return [n for n in (int(file.name) for file in Path("/proc/self/fd").iterdir()) if n > 2 and _inheritable(n)]


def _inheritable(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:  # the listing's own descriptor
        return False
