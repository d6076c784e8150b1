"""Which programs a shell command needs, and whether they are there."""

import re
import shlex
import shutil
from collections.abc import Iterator

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_WRAPPERS = frozenset({"env", "exec", "nice", "time"})
_BUILT_IN = frozenset({":", "[", "cd", "echo", "export", "set", "test", "true", "umask"})
_SHELL = frozenset({".", "{", "(", "!", "case", "eval", "for", "function", "if", "source", "until", "while"})
"""From here on it cannot be told any more: the shell's own structure, or another file's text."""
_INSTALLS = frozenset({"add", "enable", "i", "install"})
"""Words of commands that may bring the programs that come after."""
_NAME = re.compile(r"[A-Za-z0-9_][\w.+-]*")
_REDIRECTION = re.compile(r"\d*[<>]&[\d-]")
_ENDS = frozenset({"&&", "||", ";", "|", "&"})


def programs(command: str) -> Iterator[str]:
    """The programs that a command for `sh` runs one after the other, as far as that can be told before it runs.

    What comes after a change of the PATH or after an installation is not told, nor a path, nor what has a variable in
    its name.
    """
    for words in _simple(command):
        program = next((word for word in words if not _ASSIGNMENT.fullmatch(word) and word not in _WRAPPERS), "")
        if program in _SHELL or "()" in words or any(word.startswith("PATH=") for word in words):
            return
        if _NAME.fullmatch(program) and program not in _BUILT_IN:
            yield program
        if not _INSTALLS.isdisjoint(words):
            return


def is_missing(command: str) -> str:
    """The first program that `command` needs and that is not on the PATH; empty when nothing is known to be missing."""
    return next((program for program in programs(command) if shutil.which(program) is None), "")


def _simple(command: str) -> Iterator[list[str]]:
    """The simple commands, each as its words; none of a command that is no whole one."""
    text = _REDIRECTION.sub("", command.replace("\\\n", " ")).replace("\n", " ; ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();&|")
    lexer.whitespace_split = True
    try:
        words = [*lexer]
    except ValueError:
        return
    found: list[str] = []
    for word in words:
        if word in _ENDS:
            yield found
            found = []
        else:
            found.append(word)
    yield found
