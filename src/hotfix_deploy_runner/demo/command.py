"""`demo`: builds a world, runs the real commands in it, says what the customers saw, and clears it all away."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TypeVar, get_args

import click

from ..core.instant import spoken
from ..errors import HotfixError
from .configuration import Metrics
from .findings import findings
from .layout import Layout
from .measure import parse
from .ports import DemoPorts, choose_ports
from .processes import Processes, wait_until
from .prometheus import needed, start_prometheus
from .repository import BRANCH, RELEASES, make_repository
from .scenarios import SCENARIOS, Scenario, scenario
from .stop import stop_command
from .world import start_front, start_traffic

Result = TypeVar("Result")
BASE = RELEASES[-1].tag
WARM_UP_SECONDS = 1.0
TAIL_SECONDS = 2.0


@click.command("demo")
@click.option(
    "--scenario",
    "name",
    type=click.Choice([row.name for row in SCENARIOS]),
    default="good",
    show_default=True,
    help="What the hotfix is like.",
)
@click.option(
    "--metrics",
    type=click.Choice(get_args(Metrics)),
    default="scrape",
    show_default=True,
    help="Read them from the instances, or from a real Prometheus (which has to be installed).",
)
@click.option("--keep", is_flag=True, help="Leave everything running, to play with.")
@click.option("--cache", type=click.Path(path_type=Path), envvar="HOTFIX_DEMO_CACHE", hidden=True)
@click.option("--json", "as_json", is_flag=True, help="Let the run print JSON lines.")
def command(name: str, metrics: Metrics, keep: bool, cache: Path | None, as_json: bool) -> None:
    """A whole hotfix on this machine: a real service under traffic, the real command, then what the customers saw.

    Ends with the exit code of the run. Without --keep nothing is left behind, no process and no file.
    """
    folder = Path(tempfile.mkdtemp(prefix="hotfix-demo-")).resolve()
    try:
        with Processes(folder, keep=keep) as processes:
            code = _demonstrate(Layout(folder), scenario(name), metrics, processes, cache, as_json)
    except HotfixError as error:
        click.echo(f"The demo could not be set up: {error.message}\n{error.detail}", err=True)
        code = error.exit_code
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    click.echo(_left(folder) if keep else "Nothing is left behind (--keep leaves it running, to play with).")
    sys.exit(code)


def _demonstrate(
    layout: Layout, story: Scenario, metrics: Metrics, processes: Processes, cache: Path | None, as_json: bool
) -> int:
    if metrics == "prometheus":
        needed()
    ports = choose_ports()
    click.echo(f"Demo: {story.summary}. Everything is in {layout.folder}")
    _timed("An origin, a clone, tags up to v2.14.3", lambda: _repository(layout, story, metrics, ports, cache))
    url = _timed(
        f"One staging and three production instances of {BASE}", lambda: _first_release(layout, ports, processes)
    )
    if metrics == "prometheus":
        _timed("A Prometheus that scrapes them", lambda: start_prometheus(processes, layout, ports))
    traffic = start_traffic(processes, layout, url, story.rate)
    wait_until(lambda: _requests(layout) >= max(1, story.rate * WARM_UP_SECONDS), "the traffic flows")
    click.echo(f"  {story.rate:g} requests a second through {url}\n")
    arguments = ["--branch", BRANCH, "--target", "production", "--yes", *(["--json"] if as_json else [])]
    click.echo(f"$ hotfix-deploy-runner {' '.join(arguments)}")
    code = _run(layout, *arguments)
    click.echo(f"(exit code {code})\n")
    time.sleep(TAIL_SECONDS)  # not a wait for anything: the traffic after the end is part of what is shown
    if not processes.keep:
        processes.end(traffic)  # those who still wait for an answer are part of it too
    answers = parse(layout.traffic_log.read_text())
    for line in findings(answers, _journal(layout)):
        click.echo(line)
    return code


def _repository(layout: Layout, story: Scenario, metrics: Metrics, ports: DemoPorts, cache: Path | None) -> None:
    make_repository(layout.folder, story, ports, metrics=metrics)
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        home = layout.clone / ".git" / "hotfix"
        home.mkdir(parents=True)
        (home / "caches").symlink_to(cache, target_is_directory=True)


def _first_release(layout: Layout, ports: DemoPorts, processes: Processes) -> str:
    """Put the base version everywhere with the tool's own command, as a team's first release would be."""
    for environment in ("staging", "production"):
        log = layout.folder / f"first-release-{environment}.log"
        with log.open("w") as out:
            code = _run(layout, "first", "--version", BASE, "--target", environment, out=out)
        if code != 0:
            raise HotfixError(f"{BASE} could not be put on {environment}", detail=log.read_text()[-2000:])
    return start_front(processes, layout, ports)


def _run(layout: Layout, *arguments: str, out: IO[str] | None = None) -> int:
    """The real command, in the clone, as its operator would type it."""
    command_line = [sys.executable, "-m", "hotfix_deploy_runner", *arguments]
    done = subprocess.run(command_line, cwd=layout.clone, env=_environment(), stdout=out, stderr=out, check=False)
    return done.returncode


def _environment() -> Mapping[str, str]:
    """Ours, less what would configure the run from outside."""
    return {key: value for key, value in os.environ.items() if not key.startswith("HOTFIX_")}


def _timed(what: str, action: Callable[[], Result]) -> Result:
    begun = time.monotonic()
    result = action()
    click.echo(f"  {what} ({spoken(time.monotonic() - begun)})")
    return result


def _requests(layout: Layout) -> int:
    try:
        return layout.traffic_log.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def _journal(layout: Layout) -> Path:
    return layout.clone / ".git" / "hotfix" / "journal.db"


def _left(folder: Path) -> str:
    layout = Layout(folder)
    return "\n".join(
        (
            "Everything is still running, under traffic:",
            f"  cd {layout.clone}            the checkout; try: hotfix-deploy-runner status --instances",
            f"  {layout.origin}   its origin",
            f"  {layout.clone / '.git' / 'hotfix'}   journal, artifacts, logs, documents",
            f"  {layout.root('production')}   the instances, with their logs",
            f"  {layout.traffic_log}   what the customers saw",
            f"End it: {stop_command(folder)}",
        )
    )
