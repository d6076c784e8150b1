"""The options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def project_options(function: Command) -> Command:
    """`--config`: where the settings are."""
    config = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="HOTFIX_CONFIG",
        help="The settings' file.  [default: hotfix.toml in the checkout]",
    )
    return config(function)


def run_options(function: Command) -> Command:
    """The parameters of a run."""
    branch = click.option("--branch", required=True, envvar="HOTFIX_BRANCH", help="The hotfix branch to deploy.")
    override = click.option(
        "--override",
        multiple=True,
        metavar="CHECK",
        help="Go on though this check fails; demands --reason, and is told to everybody; repeatable.",
    )
    reason = click.option(
        "--reason", default="", envvar="HOTFIX_REASON", help="Why staging is skipped, or a check overridden."
    )
    base = click.option(
        "--base",
        default="",
        metavar="COMMIT_OR_TAG",
        envvar="HOTFIX_BASE",
        help="What production runs, where no tag and no commit on the platform says it.",
    )
    mixed = click.option(
        "--accept-mixed",
        is_flag=True,
        envvar="HOTFIX_ACCEPT_MIXED",
        help="Production may run several versions; the base is what most instances run.",
    )
    offline = click.option(
        "--offline",
        is_flag=True,
        help="While the remote does not answer: under this machine's lock alone; tags and events follow later.",
    )
    return branch(override(reason(base(mixed(offline(setting_options(function)))))))


def setting_options(function: Command) -> Command:
    """The flags that are settings too. Their variables and their keys in the file are read by `config.load`."""
    options = (
        click.option("--target", help="staging (stop after it) or production.  [default: production]"),
        click.option(
            "--skip-staging/--no-skip-staging",
            default=None,
            help="In dire need only; demands --reason, and is told to everybody.",
        ),
        click.option(
            "--rollback-threshold",
            type=float,
            metavar="PERCENT",
            help="Error rate beyond which production is rolled back by itself.  [default: 5.0]",
        ),
        click.option(
            "--allow-migrations/--no-allow-migrations", default=None, help="Let the hotfix bring database migrations."
        ),
        click.option("--notify", multiple=True, help="A channel to tell; repeatable.  [default: slack]"),
        click.option("--batches", metavar="SIZES", help='Such as "1,50%,100%"; "100%" when production is down anyway.'),
        click.option("--window", metavar="TIME", help="How long to watch after the last instance.  [default: 10m]"),
    )
    for option in reversed(options):
        function = option(function)
    return project_options(function)


def view_options(function: Command) -> Command:
    """`--json`: how a run is shown."""
    as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line: the journal's events.")
    return as_json(function)
