"""Which program a shell command begins with, and whether it is there."""

import re
import shlex
import shutil

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_WRAPPERS = frozenset({"env", "exec", "nice", "time"})
_BUILT_IN = frozenset({".", ":", "[", "cd", "echo", "export", "if", "set", "test", "true", "umask", "{", "("})


def first_program(command: str) -> str:
    """The program that a command for `sh` begins with; empty where that cannot be told before it runs."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return ""
    for word in words:
        if _ASSIGNMENT.fullmatch(word) or word in _WRAPPERS:
            continue
        return "" if "$" in word or "/" in word or word in _BUILT_IN else word.rstrip(";")
    return ""


def is_missing(command: str) -> str:
    """The program that `command` needs first and that is not on the PATH; empty when nothing is known to be missing."""
    program = first_program(command)
    return program if program and shutil.which(program) is None else ""
