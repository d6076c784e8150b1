"""`config`: the settings in force, and the schema of their file."""

import json
from pathlib import Path
from typing import Any

import click

from ..reference.schema import text
from ..reference.shown import rows
from .failing import tells_errors
from .options import setting_options
from .project import open_project, overrides

_WIDTH = 70
"""Where origins begin, unless a value is longer."""


@click.group("config")
def command() -> None:
    """The settings: what is in force and where it came from, and what there is."""


@command.command("show")
@setting_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: key, value (TOML), origin.")
@tells_errors
def show(config: Path | None, as_json: bool, **given: Any) -> None:
    """Print each setting with its value and where it came from: a flag, a variable, file and line, or the default."""
    project = open_project(config, overrides(given))
    found = [(".".join(row.key), row.value, row.origin) for row in rows(project.loaded, project.redact)]
    if as_json:
        for key, value, origin in found:
            click.echo(json.dumps({"key": key, "value": value, "origin": origin}, ensure_ascii=False))
        return
    pairs = [(f"{key} = {value}", origin) for key, value, origin in found]
    width = min(max(len(pair) for pair, _ in pairs), _WIDTH)
    for pair, origin in pairs:
        click.echo(f"{pair:<{width}}  # {origin}")


@command.command("schema")
@tells_errors
def print_schema() -> None:
    """Print the JSON Schema of hotfix.toml, with the tables of the plug-ins that are installed."""
    click.echo(text(), nl=False)
