"""A secret at every door, in runs that fail late, are rolled back, and are stopped: it is written down nowhere.

What the code itself holds is not looked at: artifacts and worktrees. Nor is what a service writes into its own log,
which lies in the platform's directory: there its own process writes.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.e2e.bad_input.world import OLD, PASSING, Ran, World
from tests.fakes.git_http import git_over_http
from tests.fakes.tls import make_certificate, tls
from tests.fakes.web import body_of, reply

pytestmark = pytest.mark.slow

SECRETS = {
    "variable": "variable-5f2b8c1e9a7d",
    "header": "header-c0ffee51ab77e2",
    "trace": "trace-77aa0b3c1d9e4f",
    "migration": "migration-3d9a1b2c8e7f",
    "service": "service-e1d2c3b4a5f697",
    "remote": "remote-91f0aa27cd35be",
    "metrics": "metrics-04be66d1f9c3a8",
    "webhook": "webhook-b7c41de0952f6a",
    "diff": "AKIAZ7Q4WX2RV6TB5NKD",
}
CODE = ("artifacts", "trees")
TESTS = f"""
echo "logged in with $DATABASE_PASSWORD"
echo "> Authorization: Bearer {SECRETS["header"]}"
echo "+ DEPLOY_TOKEN={SECRETS["trace"]} ./prepare" >&2
{PASSING}
"""
MIGRATE = f"echo postgres://app:{SECRETS['migration']}@db/app $DATABASE_PASSWORD"


class Scene(NamedTuple):
    """The world with a secret at each of its doors; `posted` is what the webhook was sent."""

    world: World
    settings: dict[str, object]
    env: dict[str, str]
    posted: list[str]

    def deploy(self, branch: str, *options: str, **more: object) -> Ran:
        """A run to production, with `more` settings."""
        command = self.world.deploying(branch, {**self.settings, **more})
        return self.world.run(*command, *options, env=self.env)


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Iterator[Scene]:
    posted: list[str] = []

    def take(request: BaseHTTPRequestHandler) -> None:
        posted.append(body_of(request).decode())
        reply(request, "ok")

    both, bare = make_certificate(tmp_path), world.copy_of_origin()
    subprocess.run(["git", "-C", str(bare), "config", "http.receivepack", "true"], check=True)
    with ExitStack() as stack:
        webhook = stack.enter_context(tls(both, take, "/services/T0/B0/" + SECRETS["webhook"]))
        remote = world.remote("secret", stack.enter_context(git_over_http(bare, "ada", SECRETS["remote"])))
        settings: dict[str, object] = {
            "remote": remote,
            "notify": ["slack"],
            "checks": {"tests": {"command": TESTS}},
            "migrations": {"allow": True, "command": MIGRATE},
            "metrics": {"source": "scrape", "path": f"/garbage?token={SECRETS['metrics']}"},
            "watch": {"blind_for": "3s"},
            "rollout": {"batches": ["100%"]},
        }
        env = {
            "SLACK_WEBHOOK_URL": webhook,
            "SSL_CERT_FILE": str(both),
            "NO_PROXY": "*",
            "DATABASE_PASSWORD": SECRETS["variable"],
        }
        yield Scene(world, settings, env, posted)
        world.restore("production")


def pushed(scene: Scene, files: dict[str, object]) -> str:
    """A branch with `files` and a migration, on the remote with the password."""
    world = scene.world
    branch = world.branch({"migrations/0002_more.sql": "CREATE TABLE more (id int);\n", **files})
    url = world.git("remote", "get-url", str(scene.settings["remote"]))
    subprocess.run(["git", "push", "-q", url, branch], cwd=world.colleague, check=True, capture_output=True)
    return branch


def test_no_secret_is_written_down_or_told(scene: Scene) -> None:
    world = scene.world
    known = set(world.home.glob("runs/*"))
    late = scene.deploy(pushed(scene, {}))
    assert late.code == 6 and "is live, but unobserved" in late.out, late.told
    assert "database of production migrated" in late.out.lower(), late.told
    world.restore("production")
    leak = f"login at https://svc:{SECRETS['service']}@sso.example/ was refused"
    back = scene.deploy(pushed(scene, {"mode": "leaky", "leak": leak}), "--json")
    assert back.code == 4 and "sso.example" in back.out, back.told
    stopped = scene.deploy(pushed(scene, {"keys.py": f"AWS = '{SECRETS['diff']}'\n"}), **secret_scan())
    assert stopped.code == 3 and "AWS Access Key" in stopped.out, stopped.told
    offline = scene.deploy("hotfix/any", remote=unreachable(world))
    assert offline.code == 3 and "does not answer" in offline.err, offline.told

    told = "\n".join(ran.told for ran in (late, back, stopped, offline))
    runs = [path.name for path in set(world.home.glob("runs/*")) - known]
    assert len(runs) == 4, "those of the deploys, and that of the rollback between them"
    shown = "\n".join(world.run("hotfix-deploy-runner", "show", run, "--json").out for run in runs)
    places = {"terminal": told, "events": shown, "webhook": "\n".join(scene.posted), **kept(world.home)}
    assert "sso.example" in shown and OLD in places["webhook"], "there is something to look through"
    assert any("logged in with" in text for place, text in places.items() if place.endswith("tests.log"))
    found = {door: [p for p, text in places.items() if secret in text] for door, secret in SECRETS.items()}
    assert not any(found.values()), found


def secret_scan() -> dict[str, object]:
    """The scanner of secrets in place of the one that finds nothing."""
    return {"checks": {"security": {"scanners": {"clean": None, "detect-secrets": {}}}}}


def unreachable(world: World) -> str:
    """A remote with the password in its URL, where nobody listens."""
    return world.remote("gone", f"http://ada:{SECRETS['remote']}@127.0.0.1:9/origin.git")


def kept(home: Path) -> dict[str, str]:
    """Every file that the runner keeps, the code itself left out: journal with its write-ahead log, logs, documents."""
    files = [path for path in home.rglob("*") if path.is_file() and path.relative_to(home).parts[0] not in CODE]
    return {str(path.relative_to(home)): path.read_bytes().decode(errors="replace") for path in files}
