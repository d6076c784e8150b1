"""The files of a checkout, read within limits."""

import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

_SKIPPED = frozenset(
    {".git", ".hotfix-env", ".tox", ".venv", "__pycache__", "build", "dist", "node_modules", "target", "vendor", "venv"}
)
_MOST_FILES = 20_000
_LONGEST = 500_000  # bytes; source that a person wrote is shorter
_SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".go", ".rb", ".ru", ".java", ".kt", ".php", ".ex", ".rs")


class Tree:
    """A checkout. Other people's code in it (`node_modules`, environments) is not looked at."""

    def __init__(self, top: Path) -> None:
        self.top = top

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Relative paths, sorted, nearest to the top first; at most 20 000."""
        found: list[str] = []
        for folder, folders, names in os.walk(self.top):
            folders[:] = sorted(
                name for name in folders if name not in _SKIPPED and not self._is_environment(folder, name)
            )
            found += (Path(folder, name).relative_to(self.top).as_posix() for name in names)
            if len(found) > _MOST_FILES:
                break
        return tuple(sorted(found[:_MOST_FILES], key=lambda path: (path.count("/"), path)))

    def has(self, *names: str) -> bool:
        """Whether any of these files is there."""
        return self.first(*names) is not None

    def first(self, *names: str) -> str | None:
        """The first of these files that is there."""
        return next((name for name in names if (self.top / name).is_file()), None)

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The files whose path matches the regular expression from its beginning to its end."""
        rule = re.compile(pattern)
        return tuple(path for path in self.files if rule.fullmatch(path))

    def text(self, path: str) -> str:
        """A file's text, as far as it can be read; empty when there is none, or it is too long to be a source."""
        file = self.top / path
        try:
            return file.read_text(encoding="utf-8", errors="replace") if file.stat().st_size <= _LONGEST else ""
        except OSError:
            return ""

    def search(self, pattern: str, *endings: str) -> Iterator[tuple[str, "re.Match[str]"]]:
        """Where sources (or files with these endings) match, the first place in each, tests last."""
        rule = re.compile(pattern, re.MULTILINE)
        sources = (path for path in self.files if path.endswith(endings or _SOURCES))
        for path in sorted(sources, key=_is_test):
            match = rule.search(self.text(path))
            if match:
                yield path, match

    def _is_environment(self, folder: str, name: str) -> bool:
        return Path(folder, name, "pyvenv.cfg").exists()


def _is_test(path: str) -> bool:
    return re.search(r"(^|/)(tests?|spec|smoke|__tests__)/|[._-](test|spec)\.|_test\.", path) is not None


def line_of(match: "re.Match[str]") -> int:
    """The line, from 1, on which a match begins."""
    return match.string.count("\n", 0, match.start()) + 1
