"""A demo's world for whole runs: a real repository, real instances under traffic, the real console commands."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.processes import wait_for

from hotfix_deploy_runner.core.events import AnyEvent
from hotfix_deploy_runner.demo.configuration import Metrics
from hotfix_deploy_runner.demo.layout import Layout
from hotfix_deploy_runner.demo.measure import Answer, failures, parse
from hotfix_deploy_runner.demo.ports import choose_ports
from hotfix_deploy_runner.demo.processes import Processes, instances
from hotfix_deploy_runner.demo.prometheus import start_prometheus
from hotfix_deploy_runner.demo.repository import BRANCH, RELEASES, make_repository
from hotfix_deploy_runner.demo.scenarios import Scenario
from hotfix_deploy_runner.demo.world import start_front, start_traffic
from hotfix_deploy_runner.journal.sqlite import SqliteStore

BASE = RELEASES[-1].tag
NEXT = "v2.14.4"
SCRIPTS = Path(sys.executable).parent
DEPLOY = ("hotfix-deploy-runner", "--branch", BRANCH, "--target", "production", "--yes")
"""What the operator types; add `--window` for the length of the watch."""
ROLL_BACK = ("rollback-deploy-auto", "--version", BASE)
NOTHING: Mapping[str, str] = {}


@dataclass
class Command:
    """A command at work. What it prints goes to files, so that it can be read while it runs."""

    process: "subprocess.Popen[bytes]"
    stdout: Path
    stderr: Path

    @property
    def out(self) -> str:
        return self.stdout.read_text()

    @property
    def err(self) -> str:
        return self.stderr.read_text()

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def until(self, pattern: str, seconds: float = 40.0) -> "Command":
        """Wait for a line on standard output that has `pattern`; fail when it ends, or takes longer, without."""
        wait_for(lambda: self.told(pattern) or self.process.poll() is not None, f"a line with {pattern!r}", seconds)
        assert self.told(pattern), f"it ended with {self.process.poll()} before {pattern!r}:\n{self.out}\n{self.err}"
        return self

    def told(self, pattern: str) -> bool:
        """Whether it has printed a line that has `pattern`."""
        return re.search(pattern, self.out, re.MULTILINE) is not None

    def end(self, seconds: float = 60.0) -> int:
        """Its exit code, once it has ended; negative for a signal."""
        return self.process.wait(seconds)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it: to the whole group in the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)


@dataclass
class Place:
    """One world. `cache` holds the installed environments that worlds share."""

    layout: Layout
    story: Scenario
    cache: Path
    metrics: Metrics = "scrape"
    started: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.processes = Processes(self.layout.folder)
        self.ports = choose_ports()

    def build(self) -> None:
        """The repository, the base version everywhere, the front and its customers."""
        make_repository(self.layout.folder, self.story, self.ports, metrics=self.metrics)
        home = self.layout.clone / ".git" / "hotfix"
        home.mkdir(parents=True)
        (home / "caches").symlink_to(self.cache, target_is_directory=True)
        for environment in ("staging", "production"):
            first = self.start("hotfix-deploy-runner", "first", "--version", BASE, "--target", environment)
            assert first.end() == 0, first.out + first.err
        url = start_front(self.processes, self.layout, self.ports)
        if self.metrics == "prometheus":
            self.prometheus = start_prometheus(self.processes, self.layout, self.ports)
        start_traffic(self.processes, self.layout, url, self.story.rate, seconds=300)
        wait_for(lambda: len(self.answers) >= min(30, self.story.rate), "the traffic flows")

    def close(self) -> None:
        """End everything that runs here."""
        for command in self.started:
            if command.process.poll() is None:
                command.process.kill()
                command.process.wait(10)
        self.processes.stop()

    def start(self, *command: str, env: Mapping[str, str] = NOTHING, out: int | None = None) -> Command:
        """Start a console command in the clone, as a group of its own. `out` is a descriptor for standard output."""
        number = len(self.started)
        stdout, stderr = (self.layout.folder / f"command-{number}.{stream}" for stream in ("out", "err"))
        with stdout.open("wb") as to_out, stderr.open("wb") as to_err:
            process = subprocess.Popen(
                [str(SCRIPTS / command[0]), *command[1:]],
                cwd=self.layout.clone,
                env={**demo_environment(), "HOTFIX_OPERATOR": "ada", **env},
                stdin=subprocess.DEVNULL,
                stdout=to_out if out is None else out,
                stderr=to_err,
                process_group=0,
            )
        self.started.append(Command(process, stdout, stderr))
        return self.started[-1]

    def run(self, *command: str, env: Mapping[str, str] = NOTHING) -> Command:
        """A command, ended."""
        started = self.start(*command, env=env)
        started.end()
        return started

    def git(self, *arguments: str) -> str:
        """Git in the bare origin: what everybody sees."""
        return subprocess.run(
            ["git", *arguments], cwd=self.layout.origin, check=True, capture_output=True, text=True
        ).stdout.strip()

    def clone(self, *arguments: str) -> None:
        """Git in the operator's checkout."""
        subprocess.run(["git", *arguments], cwd=self.layout.clone, check=True, capture_output=True)

    def tags(self) -> list[str]:
        """Those of the origin."""
        return self.git("tag", "--list").splitlines()

    def serving(self, environment: str = "production") -> list[str]:
        """What each endpoint that takes traffic says it runs."""
        return [
            version_of(endpoint) for endpoint in json.loads(self.layout.serving(environment).read_text())["endpoints"]
        ]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What the customers got."""
        log = self.layout.traffic_log
        return parse(log.read_text()) if log.exists() else ()

    def failures(self) -> tuple[Answer, ...]:
        return failures(self.answers)

    def events(self, run: str = "last") -> list[AnyEvent]:
        """The journal of a run."""
        store = SqliteStore(self.layout.clone / ".git" / "hotfix" / "journal.db", read_only=True)
        try:
            return [event for _, event in store.events(store.find(run))]
        finally:
            store.close()


MakePlace = Callable[..., Place]
"""Makes a world of a scenario, `good` unless told otherwise."""


def demo_environment() -> dict[str, str]:
    """Ours, less what would configure a run from outside: CI too, which decides what an interrupt leads to."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("HOTFIX_", "SLACK_", "PYTEST_")) and k != "CI"}


def others_in(folder: Path, commands: Iterable[Command] = ()) -> dict[int, str]:
    """The live processes that work in `folder` or name it, less the world's own: instances, front, traffic, `commands`.

    By process id, with the command line.
    """
    known = {child.pid for child in instances(folder)} | {child.pid for child in Processes(folder).children()}
    known |= {command.process.pid for command in commands}
    return {pid: line for pid, line in processes_in(folder).items() if pid not in known}


def processes_in(folder: Path) -> dict[int, str]:
    """Every live process whose working directory lies in `folder`, or whose command line names it."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            inside = (entry / "cwd").readlink().is_relative_to(folder)
        except OSError:
            continue
        if line and (inside or str(folder) in line):
            found[int(entry.name)] = line
    return found


def version_of(endpoint: str) -> str:
    with urllib.request.urlopen(f"{endpoint}/healthz", timeout=5) as answer:
        return str(answer.headers["X-Version"])
