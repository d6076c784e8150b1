"""From the options of a command to the project it works on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ..config.load import load
from ..core.facts import Request
from ..doors.repository import find_repository
from ..errors import UsageError
from ..wiring.project import Project


def open_project(config: Path | None, overrides: Mapping[str, Any] | None = None) -> Project:
    """The project of the current folder. `overrides` are settings that flags give, by their key."""
    repository = find_repository(Path.cwd())
    loaded = load(repository.top, config, overrides, os.environ)
    for remark in loaded.remarks:
        click.echo(f"Warning: {remark}", err=True)
    return Project(repository, loaded)


def overrides(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among a run's options; what was not given is None or missing."""
    batches = given.get("batches")
    return {
        "target": given["target"],
        "skip_staging": given["skip_staging"],
        "rollback_threshold": given["rollback_threshold"],
        "notify": list(given["notify"]) or None,
        "rollout.batches": [size.strip() for size in batches.split(",")] if batches else None,
        "watch.window": given.get("window"),
    }


def deploy_request(project: Project, branch: str, reason: str) -> Request:
    """What the operator asks for. Raises `UsageError` when staging is skipped without a reason."""
    settings = project.settings
    reasons = {}
    if settings.skip_staging and settings.target != "staging":
        if not reason.strip():
            raise UsageError("--skip-staging demands --reason: it is told to everybody and stands in the document")
        reasons["staging"] = reason.strip()
    return Request("deploy", settings.target, branch, "", project.operator, project.host, reasons=reasons)
