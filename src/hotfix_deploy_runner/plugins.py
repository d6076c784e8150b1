"""Where plug-ins come in: entry points, ours and yours through the same door."""

import difflib
import functools
import sys
from importlib.metadata import EntryPoints, entry_points
from typing import Any, Literal

from .errors import UsageError

Group = Literal["platforms", "checks", "metrics", "notifiers", "artifacts"]


def names(group: Group) -> tuple[str, ...]:
    """The plug-ins of a group that are installed, by name."""
    return tuple(sorted({point.name for point in _installed(group)}))


def factory(group: Group, name: str) -> Any:
    """The factory registered as `name`. Raises `UsageError` that names the nearest one there is, or what is missing."""
    found = [point for point in _installed(group) if point.name == name]
    if not found:
        near = difflib.get_close_matches(name, names(group), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there is: {', '.join(names(group)) or 'none'}"
        raise UsageError(f"no {group} plug-in is called {name!r}; {hint}")
    try:
        return found[0].load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"the {group} plug-in {name!r} cannot be loaded",
            detail=str(error),
            next_step=f'pip install "hotfix-deploy-runner[{name}]"',
        ) from error


def _installed(group: Group) -> EntryPoints:
    found: EntryPoints = _all_installed(tuple(sys.path)).select(group=f"hotfix_deploy_runner.{group}")
    return found


@functools.lru_cache(maxsize=1)
def _all_installed(path: tuple[str, ...]) -> Any:
    """Every entry point on `path`, which is `sys.path`: reading the metadata of all packages takes some 10 ms."""
    return entry_points()
