"""`analyze`: the verdict again, on what was recorded, on a file of counts, or on production as it is now."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from ..core.analysis import Analysis, analyse_readings, analyse_run
from ..core.events import RunStarted
from ..core.instant import duration
from ..doors.counts import COLUMNS, read_counts
from ..errors import UsageError
from ..views.analysis import analysis_text, normal_text
from ..views.analysis_picture import picture
from ..wiring.looking import normal_operation
from ..wiring.project import Project
from .failing import tells_errors
from .options import project_options
from .project import open_project

_LIMITS = {
    "rollback_threshold": ("rollback_threshold", "threshold"),
    "threshold_mode": ("watch.threshold_mode", "mode"),
    "window": ("watch.window", "window"),
    "alpha": ("watch.alpha", "alpha"),
}
"""By option: the setting that it is, and the field of the limits that the setting becomes."""


@click.command("analyze")
@click.argument("run", required=False)
@click.option("--csv", "file", type=click.Path(path_type=Path), help=f"Judge these counts: {','.join(COLUMNS)}[,slow].")
@click.option("--old", metavar="REVISION", help="With --csv: the revision before.")
@click.option("--new", metavar="REVISION", help="With --csv: the revision that is judged.")
@click.option("--live", is_flag=True, help="Read production now: do the limits suit its normal error rate?")
@click.option("--for", "length", default="2m", show_default=True, metavar="TIME", help="With --live: how long.")
@click.option("--rollback-threshold", type=float, metavar="PERCENT", help="Instead of the run's or the settings'.")
@click.option("--threshold-mode", metavar="MODE", help="absolute or over-baseline.")
@click.option("--window", metavar="TIME", help="How long to watch after the last instance.")
@click.option("--alpha", type=float, help="Chance that a release no worse than its baseline is rolled back.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into this file as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every reading's evidence.")
@project_options
@tells_errors
def command(
    run: str | None,
    file: Path | None,
    old: str | None,
    new: str | None,
    live: bool,
    length: str,
    svg: Path | None,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
    """Judge the readings of RUN (default: the last one) again, with its own limits or those given.

    It says what the verdict was, what it is with these limits and when it is reached, and draws the evidence. It
    changes nothing. Limits that are not given are the run's own; with --csv and --live, the settings'.
    """
    _refuse_what_does_not_go_together(run, file, old, new, live, svg)
    project = open_project(config, {_LIMITS[name][0]: value for name, value in given.items()})
    limits = project.policy.watching
    if live:
        found = normal_operation(project, _duration(length), limits)
        _show(msgspec.to_builtins(found), normal_text(found), as_json)
        return
    if file is not None:
        assert old is not None and new is not None
        known = analyse_readings(file.name, read_counts(file, limits.interval), old, new, limits)
        _refuse_unknown(known, file)
    else:
        known = _recorded(
            project, run or "last", {_LIMITS[name][1] for name, value in given.items() if value is not None}
        )
    if svg is not None:
        _draw(svg, known)
    _show({**msgspec.to_builtins(known), "now": msgspec.to_builtins(known.now)}, analysis_text(known), as_json)


def _refuse_what_does_not_go_together(
    run: str | None, file: Path | None, old: str | None, new: str | None, live: bool, svg: Path | None
) -> None:
    if sum((run is not None, file is not None, live)) > 1:
        raise UsageError("RUN, --csv and --live are three different things to analyze: give one")
    if (file is None) != (old is None) or (file is None) != (new is None):
        raise UsageError("--csv, --old and --new belong together")
    if old is not None and old == new:
        raise UsageError("--old and --new are the same revision")
    if live and svg is not None:
        raise UsageError("--live has no course of evidence to draw: --svg is for a run or --csv")


def _refuse_unknown(known: Analysis, file: Path) -> None:
    there = [line.version for line in known.series]
    if known.new not in there:
        raise UsageError(f"{file} has no counts of {known.new}", detail=f"there is: {', '.join(there)}")


def _recorded(project: Project, run: str, changed: set[str]) -> Analysis:
    found = project.store.find(run)
    events = [event for _, event in project.store.events(found)]
    started = events[0]
    assert isinstance(started, RunStarted)
    given = {name: getattr(project.policy.watching, name) for name in changed}
    limits = msgspec.structs.replace(started.policy.watching, **given)
    try:
        return analyse_run(events, limits)
    except ValueError as error:
        raise UsageError(
            f"run {found} cannot be analyzed: {error}", detail="a rollback, or a run without metrics, has no verdict"
        ) from error


def _duration(text: str) -> float:
    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from error


def _draw(path: Path, known: Analysis) -> None:
    try:
        path.write_text(picture(known), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written", detail=str(error)) from error


def _show(found: dict[str, Any], text: str, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    else:
        click.echo(text, nl=False)
