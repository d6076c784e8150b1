"""Each transport does what a lock needs: clone, push, leases that win and lose, all or nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.repository import Repository, make_repository
from tests.remotes.smart_http import PASSWORD
from tests.remotes.transports import TRANSPORTS, Remote, protect_main, remote

pytestmark = pytest.mark.slow

LOCK = "refs/hotfix/lock/production"


@pytest.fixture(params=TRANSPORTS)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Remote]:
    make_repository(tmp_path)
    with remote(request.param, tmp_path) as served:
        yield served


def test_clone_push_leases_and_atomic(served: Remote, tmp_path: Path) -> None:
    def git(*arguments: str, ok: bool = True) -> str:
        done = served.git(*arguments, cwd=tmp_path if arguments[0] == "clone" else there.clone)
        assert (done.returncode == 0) is ok, done.stderr
        return done.stdout + done.stderr

    there = Repository(tmp_path / "theirs")
    git("clone", "--quiet", served.url, str(there.clone))
    for key, value in (("name", "Ben"), ("email", "ben@example.org")):
        there.git("config", f"user.{key}", value)
    first, second = there.head(), there.commit({"fix": "it"})

    git("push", f"--force-with-lease={LOCK}:", "origin", f"{first}:{LOCK}")
    assert served.value(LOCK) == first
    assert git("ls-remote", "origin", "refs/hotfix/*") == f"{first}\t{LOCK}\n"

    assert "stale info" in git("push", f"--force-with-lease={LOCK}:", "origin", f"{second}:{LOCK}", ok=False)
    both = (f"--force-with-lease={LOCK}:{second}", f"{second}:{LOCK}", "HEAD:refs/heads/both")
    git("push", "--atomic", both[0], "origin", *both[1:], ok=False)
    assert (served.value(LOCK), served.value("refs/heads/both")) == (first, "")

    git("push", "--atomic", f"--force-with-lease={LOCK}:{first}", "origin", *both[1:])
    assert (served.value(LOCK), served.value("refs/heads/both")) == (second, second)


def test_a_protected_main_refuses_and_the_rest_does_not(served: Remote, tmp_path: Path) -> None:
    protect_main(served.bare)
    ours = Repository(tmp_path)
    before, commit = ours.head(), ours.commit({"fix": "it"})
    done = served.git("push", served.url, "HEAD:main", f"HEAD:{LOCK}", cwd=ours.clone)
    assert done.returncode != 0
    assert "GH006: Protected branch update failed for refs/heads/main." in done.stderr
    assert (served.value("refs/heads/main"), served.value(LOCK)) == (before, commit)

    atomic = served.git("push", "--atomic", served.url, "HEAD:main", "HEAD:refs/heads/x", cwd=ours.clone)
    assert atomic.returncode != 0
    assert served.value("refs/heads/x") == ""


@pytest.mark.parametrize("transport", ["ssh", "http"])
def test_who_does_not_belong_there_is_kept_out(transport: str, tmp_path: Path) -> None:
    make_repository(tmp_path)
    with remote(transport, tmp_path) as served:
        wrong = {**served.env, "GIT_SSH_COMMAND": served.env.get("GIT_SSH_COMMAND", "").replace("/user", "/host")}
        stranger = Remote(served.url.replace(PASSWORD, "guessed"), served.bare, wrong)
        refused = stranger.git("ls-remote", stranger.url, cwd=tmp_path)
        assert refused.returncode == 128
        assert "Permission denied (publickey)" in refused.stderr or "Authentication failed" in refused.stderr
