"""A world that many cases share: a real origin, an operator's clone, a fleet of processes, the real commands.

What a case makes bad is its own: a branch, a file of settings, a remote. What runs on production is compared before
and after, by asking the instances themselves.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tomlkit
from tests.e2e.bad_input.disk import small_disk
from tests.e2e.bad_input.service import SOURCE
from tests.e2e.place import SCRIPTS, demo_environment, processes_in
from tests.fakes.processes import wait_for
from tests.platforms.tiny_service import free_ports

OLD = "v1.0.0"
"""What production runs."""
BEFORE = "v0.9.0"
"""A version that ran once."""
REPORT = '<testsuite><testcase classname="tests" name="it"/></testsuite>'
PASSING = f"echo '{REPORT}' > $HOTFIX_JUNIT"
"""A test command whose one test passes."""
CLEAN = (
    """echo '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "clean"}}, "results": []}]}' > $HOTFIX_SARIF"""
)
"""A scanner that finds nothing."""
LIMIT = 60.0

Table = Mapping[str, Any]
NOTHING: Table = {}


class Seen(NamedTuple):
    """An instance, as it answers for itself."""

    endpoint: str
    version: str
    pid: int


class Ran(NamedTuple):
    """A command that has ended. `peak` is the most memory that it held, in bytes (VmHWM, proc(5))."""

    code: int
    out: str
    err: str
    peak: int

    @property
    def told(self) -> str:
        """All that the operator has read."""
        return self.out + self.err


class World:
    """Everything lies under `folder`. To be built, and to be closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin, self.clone, self.colleague = folder / "origin.git", folder / "clone", folder / "colleague"
        self.home = self.clone / ".git" / "hotfix"
        self.disk = small_disk(folder / "production", megabytes=32)
        ports = [str(port) for port in free_ports(6)]
        self.staging_ports, self.ports = ports[:2], ports[2:]
        self._count = 0

    def build(self) -> None:
        """The repository with two versions, and the newer one on production and staging."""
        _git(self.folder, "init", "-q", "--bare", "--initial-branch=main", str(self.origin))
        _git(self.folder, "clone", "-q", str(self.origin), str(self.colleague))
        _git(self.colleague, "symbolic-ref", "HEAD", "refs/heads/main")
        for version in (BEFORE, OLD):
            self._commit({"service.py": SOURCE, "mode": "good", "version": version}, version)
            _git(self.colleague, "tag", "-a", version, "-m", version)
        _git(self.colleague, "push", "-q", "origin", "main", BEFORE, OLD)
        _git(self.folder, "clone", "-q", str(self.origin), str(self.clone))
        self.restore("staging", "production")

    def close(self) -> None:
        """End every process, and let the disk go."""
        for root in ("staging", "production"):
            serving = self.folder / root / "serving.json"
            if serving.exists():
                serving.unlink()
        for pid in processes_in(self.folder):
            subprocess.run(["kill", "-KILL", str(pid)], check=False, capture_output=True)
        wait_for(lambda: not processes_in(self.folder), "the world is empty")
        self.disk.close()

    def restore(self, *environments: str) -> None:
        """Have the old version everywhere in `environments`, all at once."""
        begun = [self.start(*self.rolling_back(environment)) for environment in environments]
        for process in begun:
            ended = end(process)
            assert ended.code == 0, ended.told

    def rolling_back(self, environment: str = "production", settings: Table = NOTHING, version: str = OLD) -> list[str]:
        """The command that brings the old version back, or another."""
        back = ["rollback-deploy-auto", "--version", version, "--target", environment, "--force"]
        return [*back, "--config", str(self.settings(settings))]

    def deploying(self, branch: str, settings: Table = NOTHING, target: str = "production") -> list[str]:
        """The command of a run, with what differs from the usual settings."""
        config = str(self.settings(settings))
        return ["hotfix-deploy-runner", f"--branch={branch}", "--target", target, "--yes", "--config", config]

    def branch(self, files: Table = NOTHING, *, base: str = OLD, name: str = "") -> str:
        """A hotfix branch with one commit, pushed by a colleague: the operator's clone need not know of it."""
        self._count += 1
        name = name or f"hotfix/case-{self._count}"
        _git(self.colleague, "checkout", "-q", "-B", name, base)
        self._commit({"fix": f"{self._count}", **files}, f"Fix {self._count}")
        _git(self.colleague, "push", "-q", "origin", f"{name}:{name}")
        return name

    def settings(self, changes: Table = NOTHING, text: str = "") -> Path:
        """A `hotfix.toml`: the usual settings with `changes` laid over them, then `text` as it is."""
        self._count += 1
        path = self.folder / "settings" / str(self._count) / "hotfix.toml"
        path.parent.mkdir(parents=True)
        path.write_text(tomlkit.dumps(_laid(self._usual(), changes)) + text)
        return path

    def start(self, *command: str, env: Mapping[str, str] = NOTHING) -> "subprocess.Popen[bytes]":
        """Start a console command in the operator's clone; what it prints goes to files."""
        self._count += 1
        stdout, stderr = (self.folder / f"{self._count}.{stream}" for stream in ("out", "err"))
        with stdout.open("wb") as out, stderr.open("wb") as err:
            process = subprocess.Popen(
                [str(SCRIPTS / command[0]), *command[1:]],
                cwd=self.clone,
                env={**demo_environment(), "HOTFIX_OPERATOR": "ada", **env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        process.told = (stdout, stderr)  # type: ignore[attr-defined]
        return process

    def run(self, *command: str, env: Mapping[str, str] = NOTHING) -> Ran:
        """A command, ended."""
        return end(self.start(*command, env=env))

    def production(self) -> frozenset[Seen]:
        """What takes traffic there, each asked who it is."""
        serving = json.loads((self.folder / "production" / "serving.json").read_text())
        return frozenset(_asked(endpoint) for endpoint in serving["endpoints"])

    def remote(self, name: str, url: str | Path) -> str:
        """One more remote of the operator's clone; its name."""
        self._count += 1
        _git(self.clone, "remote", "add", f"{name}-{self._count}", str(url))
        return f"{name}-{self._count}"

    def copy_of_origin(self) -> Path:
        """A repository of its own with all that the origin has, for a remote that behaves badly."""
        self._count += 1
        copy = self.folder / f"copy-{self._count}.git"
        _git(self.folder, "clone", "-q", "--bare", str(self.origin), str(copy))
        return copy

    def git(self, *arguments: str) -> str:
        """Git in the operator's clone."""
        return _git(self.clone, *arguments)

    def _commit(self, files: Table, message: str) -> None:
        for name, text in files.items():
            path = self.colleague / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text) if isinstance(text, bytes) else path.write_text(text)
        _git(self.colleague, "add", "--all")
        _git(self.colleague, "commit", "-q", "-m", message)

    def _usual(self) -> dict[str, Any]:
        return {
            "notify": [],
            "checks": {
                "tests": {"command": PASSING, "timeout": "20s"},
                "security": {"scanners": {"clean": {"command": CLEAN}}},
                "way-back": {"free_gb": 0.0},
            },
            "metrics": {"source": "none"},
            "watch": {"window": "0.4s", "interval": "0.1s", "gate_wait": "0s", "blind_for": "0.5s"},
            "rollout": {"batches": ["1", "100%"], "min_healthy": "0s", "healthy_deadline": "5s"},
            "merge": {"back": "off"},
            "environments": {
                "staging": {"web": self._platform("staging", 1, self.staging_ports)},
                "production": {"web": self._platform("production", 2, self.ports)},
            },
        }

    def _platform(self, place: str, instances: int, ports: list[str]) -> dict[str, Any]:
        times = {"drain": "0s", "grace": "2s", "start_limit": "5s", "probe_limit": "0.5s"}
        start = f"{sys.executable} -I -S service.py"
        root = str(self.folder / place)
        env = {"PLACE": place}
        return {"instances": instances, "ports": ",".join(ports), "start": start, "root": root, "env": env, **times}


def end(process: "subprocess.Popen[bytes]") -> Ran:
    """What came of a command, once it has ended."""
    peak = 0

    def ended() -> bool:
        nonlocal peak
        peak = max(peak, _memory(process.pid))
        return process.poll() is not None

    try:
        wait_for(ended, f"the end of {process.args!r}", LIMIT)
    finally:
        process.kill()
        process.wait(10)
    out, err = (path.read_text(errors="replace") for path in process.told)  # type: ignore[attr-defined]
    return Ran(process.returncode, out, err, peak)


def _memory(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _asked(endpoint: str) -> Seen:
    with urllib.request.urlopen(f"{endpoint}/", timeout=5) as answer:
        version, pid = answer.read().decode().split()
    return Seen(endpoint, version, int(pid))


def _laid(table: Table, over: Table) -> dict[str, Any]:
    """`table` with `over` laid over it: tables are joined, None takes a key out."""
    both = dict(table)
    for key, value in over.items():
        both[key] = _laid(both.get(key, {}), value) if isinstance(value, Mapping) else value
    return {key: value for key, value in both.items() if value is not None}


def _git(folder: Path, *arguments: str) -> str:
    """Git, free of the operator's settings."""
    who = {f"GIT_{role}_{what}": "ada" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {**demo_environment(), **who, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


MakeWorld = Callable[[], World]
