"""A tiny team: a bare origin, the operator's clone, a service of two instances and one on staging, and a Slack.

Everything in it is real and as cheap as can be: a run takes some two seconds. It is used for many runs, one after the
other, each with a hotfix branch of its own.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Self

from tests.fakes.repository import Repository, name_committer
from tests.fakes.tls import make_certificate, slack, tls
from tests.fakes.web import body_of, reply

from hotfix_deploy_runner.demo.ports import choose_ports
from hotfix_deploy_runner.demo.processes import instances

SERVICE = """
import http.server, os, time
VERSION, BORN = os.environ["HOTFIX_VERSION"], time.monotonic()
BAD = open("bad").read().strip() == "yes"

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        served = int((time.monotonic() - BORN) * 2000)
        failed = served if BAD and os.environ.get("PLACE") == "production" else 0
        good, bad = (f'http_requests_total{{status="{status}"}} ' for status in (200, 500))
        page = f"{good}{served - failed}\\n{bad}{failed}\\n"
        body = page.encode() if self.path == "/metrics" else b"ok"
        self.send_response(200)
        self.send_header("X-Version", VERSION)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer.request_queue_size = 64
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
"""It counts requests by itself, 2000 a second: what is real is the page that they are read from."""

SUITE = """\
echo '<testsuite name="t" tests="1"><testcase classname="t" name="one"/></testsuite>' > "$HOTFIX_JUNIT"
"""
SCAN = """\
echo '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"none"}},"results":[]}]}' > "$HOTFIX_SARIF"
"""

SETTINGS = """
rollback_threshold = 5.0
notify = ["slack"]
[checks.tests]
command = "sh suite.sh"
[checks.security.scanners.none]
command = "sh scan.sh"
[checks.way-back]
free_gb = 0.001
[staging]
smoke = "sh suite.sh"
[watch]
window = "0.3s"
interval = "0.1s"
gate_wait = "5s"
blind_for = "20s"
[rollout]
min_healthy = "0.1s"
batches = ["1", "100%"]
[metrics]
source = "scrape"
"""

PLATFORM = """
[environments.{place}.web]
platform = "process"
instances = {count}
ports = "{ports}"
start = "exec {python} service.py"
drain = "0s"
grace = "2s"
start_limit = "30s"
root = "{root}"
env = {{ PLACE = "{place}" }}
"""

FIRST = "v1.0.0"


class Town:
    """One of them, in `folder`. A context manager: afterwards nothing of it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = Repository(folder)
        self.home = self.repository.clone / ".git" / "hotfix"
        self.told: list[str] = []
        self._open = ExitStack()
        self._env: dict[str, str] = {}
        self._runs = 0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_repository()
        certificate = make_certificate(self.folder)
        self._env = slack(self._open.enter_context(tls(certificate, self._take)), certificate)
        for place in ("staging", "production"):
            first = self.run("rollback", "--version", FIRST, "--target", place, "--force")
            assert first.returncode == 0, first.stdout + first.stderr
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        for child in instances(self.folder):
            os.kill(child.pid, signal.SIGKILL)

    def branch(self, name: str, *, bad: bool = False) -> str:
        """A hotfix branch from what production runs, pushed by somebody else; its commit."""
        there, git = self.folder / "other", self.repository.git
        git("fetch", "--quiet", "--tags", cwd=there)
        git("switch", "--quiet", "--detach", self.version(), cwd=there)
        commit = self.repository.commit({f"fixes/{name}": name, "bad": "yes" if bad else "no"}, name, cwd=there)
        git("push", "--quiet", "origin", f"HEAD:refs/heads/hotfix/{name}", cwd=there)
        return commit

    def version(self) -> str:
        """What production serves; every instance the same."""
        versions = set(self.versions("production"))
        assert len(versions) == 1, f"production is mixed: {versions}"
        return versions.pop()

    def versions(self, place: str) -> list[str]:
        """What each endpoint that takes traffic says that it runs."""
        serving = json.loads((self.folder / place / "serving.json").read_text())
        return [_asked(endpoint) for endpoint in serving["endpoints"]]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The command, to its end."""
        program = [sys.executable, "-m", "hotfix_deploy_runner", *arguments]
        clone = self.repository.clone
        return subprocess.run(
            program, cwd=clone, env=self._environment(), capture_output=True, text=True, timeout=120, check=False
        )

    def victim(self, point: int | str, log: Path, *arguments: str, jump: float = 0.0) -> "subprocess.Popen[bytes]":
        """The command, which stops at this point (0: never; or by name). What it prints is in `victim.out`.

        With `jump` it does not stop there: the machine's clock, as it sees it, jumps by so many seconds.
        """
        program = [sys.executable, "-m", "tests.chaos.victim", str(point), str(log), *arguments]
        path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]))
        env = {**self._environment(), "PYTHONPATH": path, "CHAOS_JUMP": f"{jump}"}
        with (self.folder / "victim.out").open("wb") as out:
            return subprocess.Popen(
                program, cwd=self.repository.clone, env=env, stdout=out, stderr=out, start_new_session=True
            )

    def checkout(self) -> str:
        """A digest of the operator's checkout: every file's bytes, what is checked out, and the index."""
        clone, digest = self.repository.clone, hashlib.sha256()
        for path in sorted(p for p in clone.rglob("*") if p.is_file() and ".git" not in p.relative_to(clone).parts):
            digest.update(str(path.relative_to(clone)).encode() + path.read_bytes())
        for name in ("HEAD", "index", "config"):
            digest.update((clone / ".git" / name).read_bytes())
        return digest.hexdigest()

    def _environment(self) -> dict[str, str]:
        dropped = ("HOTFIX_", "SLACK_", "PYTEST_")
        ours = {key: value for key, value in os.environ.items() if not key.startswith(dropped) and key != "CI"}
        return {**ours, **self._env, "HOTFIX_OPERATOR": "ada", "XDG_CACHE_HOME": str(self.folder / "cache")}

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        self.told.append(json.dumps(json.loads(body_of(request)), ensure_ascii=False))
        reply(request, "ok")

    def _make_repository(self) -> None:
        git, clone = self.repository.git, self.repository.clone
        git("init", "--quiet", "--bare", "--initial-branch=main", "origin.git", cwd=self.folder)
        git("init", "--quiet", "--initial-branch=main", "clone", cwd=self.folder)
        git("remote", "add", "origin", str(self.repository.origin))
        name_committer(self.repository, clone)
        files = {
            "service.py": SERVICE,
            "suite.sh": SUITE,
            "scan.sh": SCAN,
            "bad": "no",
            "hotfix.toml": self._settings(),
        }
        self.repository.commit(files, "First")
        git("tag", "--annotate", "-m", "one", FIRST)
        git("push", "--quiet", "--set-upstream", "origin", "main", FIRST)
        self.repository.another_clone("other")

    def _settings(self) -> str:
        ports = choose_ports()
        places = (("staging", 1, ports.staging), ("production", 2, ports.production))
        tables = (
            PLATFORM.format(
                place=place,
                count=count,
                ports=f"{pool.start}-{pool.stop - 1}",
                root=self.folder / place,
                python=sys.executable,
            )
            for place, count, pool in places
        )
        return SETTINGS + "".join(tables)


def _asked(endpoint: str) -> str:
    with urllib.request.urlopen(f"{endpoint}/healthz", timeout=5) as answer:
        return str(answer.headers["X-Version"])
