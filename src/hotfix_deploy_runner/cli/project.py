"""From the options of a command to the project it works on."""

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ..config.load import load
from ..core.facts import Request
from ..core.instant import Instant
from ..doors.repository import find_repository
from ..errors import UsageError
from ..wiring.project import CHECKS, Project


def open_project(config: Path | None, overrides: Mapping[str, Any] | None = None, not_before: Instant = 0.0) -> Project:
    """The project of the current folder. `overrides` are settings that flags give, by their key.

    Its clock starts at `not_before`, where that is later than now.
    """
    repository = find_repository(Path.cwd())
    loaded = load(repository.top, config, overrides, os.environ)
    for remark in loaded.remarks:
        click.echo(f"Warning: {remark}", err=True)
    return Project(repository, loaded, not_before)


def overrides(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among a run's options; what was not given is None or missing."""
    batches = given.get("batches")
    return {
        "target": given["target"],
        "skip_staging": given["skip_staging"],
        "rollback_threshold": given["rollback_threshold"],
        "migrations.allow": given.get("allow_migrations"),
        "notify": list(given["notify"]) or None,
        "rollout.batches": [size.strip() for size in batches.split(",")] if batches else None,
        "watch.window": given.get("window"),
    }


def deploy_request(project: Project, branch: str, reason: str, given: Mapping[str, Any]) -> Request:
    """What the operator asks for. `given` are the other options of a run: what to `override`, the `base`, and so on.

    Raises `UsageError` when staging is skipped or a check overridden without a reason, or there is no such check.
    """
    settings = project.settings
    override: Sequence[str] = given["override"]
    for name in override:
        _known_check(name)
    exempt = {name: f"--override {name}" for name in dict.fromkeys(override)}
    if settings.skip_staging and settings.target != "staging":
        exempt = {"staging": "--skip-staging", **exempt}
    if exempt and not reason.strip():
        what = " ".join(exempt.values())
        verb = "demands" if len(exempt) == 1 else "demand"
        raise UsageError(f"{what} {verb} --reason: it is told to everybody and stands in the document")
    reasons = dict.fromkeys(exempt, project.redact(reason.strip()))
    return Request(
        "deploy",
        settings.target,
        branch,
        operator=project.operator,
        host=project.host,
        reasons=reasons,
        base=given["base"].strip(),
        accept_mixed=given["accept_mixed"],
        offline=given.get("offline", False),
    )


def _known_check(name: str) -> None:
    if name in CHECKS:
        return
    near = difflib.get_close_matches(name, CHECKS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there is: {', '.join(CHECKS)}"
    raise UsageError(f"--override: no check is called {name!r}; {hint}")
