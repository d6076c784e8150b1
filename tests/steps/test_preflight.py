import asyncio
from pathlib import Path

import pytest
from tests.fakes.workshop import BRANCH, Workshop, after, go, step, texts

from hotfix_deploy_runner.core.check import Candidate, CheckResult, Line, Status
from hotfix_deploy_runner.core.fleet import Fleet
from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.doors.install import Installer, Setup
from hotfix_deploy_runner.errors import CheckFailed, CommandFailed
from hotfix_deploy_runner.steps.preflight import Preflight, environment_of


class FakeCheck:
    """Remembers what it was given, and answers with a status."""

    def __init__(self, status: Status) -> None:
        self.status = status
        self.given: list[Candidate] = []

    async def check(self, candidate: Candidate) -> CheckResult:
        self.given.append(candidate)
        return CheckResult((Line(self.status, "Looked at"),), {"seen": 1})


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def preflight(shop: Workshop, setup: Setup | None = None, **checks: FakeCheck) -> Preflight:
    installer = Installer(shop.commands, shop.folder / "caches")
    return Preflight(shop.git, installer, setup or Setup(), checks, shop.trees)


def test_the_run_gets_trees_of_its_own_and_the_checkout_is_not_among_them(shop: Workshop) -> None:
    (shop.repository.clone / "app.py").write_text("VERSION = 'mine'\n")
    run = shop.run()
    outcome = go(preflight(shop).worktree(step("worktree"), run, shop.work))
    heads = [shop.repository.head(cwd=tree(run)) for tree in (shop.trees.tree, shop.trees.pristine, shop.trees.base)]
    assert heads == [shop.commit, shop.commit, shop.base]
    assert (shop.trees.tree(run) / "app.py").read_text() == "VERSION = 1\n"
    assert outcome.found["changed"] == ["fix.py"]
    assert outcome.found["commits"] == [{"commit": shop.commit, "author": "Ada", "subject": "Fix fix.py"}]
    assert "fix.py" in outcome.found["diffstat"]


def test_a_second_time_gives_the_same_trees(shop: Workshop) -> None:
    run = shop.run()
    first = go(preflight(shop).worktree(step("worktree"), run, shop.work))
    (shop.trees.tree(run) / "made-by-the-tests").write_text("x")
    assert go(preflight(shop).worktree(step("worktree"), run, shop.work)) == first
    assert (shop.trees.tree(run) / "made-by-the-tests").exists()


def test_what_happens_to_the_branch_later_does_not_matter(shop: Workshop) -> None:
    run = shop.run()
    shop.repository.git("branch", "--force", BRANCH, shop.base)
    go(preflight(shop).worktree(step("worktree"), run, shop.work))
    assert shop.repository.head(cwd=shop.trees.tree(run)) == shop.commit


def test_dependencies_are_installed_in_the_tree_and_the_environment_is_known_afterwards(shop: Workshop) -> None:
    run = shop.run()
    setup = Setup("mkdir -p $HOTFIX_ENV && cp fix.py $HOTFIX_ENV && echo installed")
    door = preflight(shop, setup)
    go(door.worktree(step("worktree"), run, shop.work))
    outcome = go(door.install(step("install"), run, shop.work))
    environment = Path(outcome.found["environment"])
    assert (environment / "fix.py").read_text() == "fixed\n"
    assert "installed" in (shop.trees.logs(run) / "setup.log").read_text()
    assert environment_of(after(run, "install", **outcome.found)) == str(environment)


def test_an_installation_that_fails_is_a_failed_check(shop: Workshop) -> None:
    run = shop.run()
    door = preflight(shop, Setup("echo no such package >&2; exit 4"))
    go(door.worktree(step("worktree"), run, shop.work))
    with pytest.raises(CommandFailed, match="setup exited with 4") as failed:
        go(door.install(step("install"), run, shop.work))
    assert "no such package" in failed.value.detail


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        (Status.OK, Ended.PASSED),
        (Status.WARN, Ended.PASSED),
        (Status.SKIP, Ended.PASSED),
        (Status.FAIL, Ended.FAILED),
    ],
)
def test_only_a_fail_fails(shop: Workshop, status: Status, ended: Ended) -> None:
    run = after(shop.run(), "worktree", changed=["fix.py"])
    outcome = go(preflight(shop, tests=FakeCheck(status)).check(step("check", check="tests"), run, shop.work))
    assert (outcome.ended, texts(outcome), outcome.found) == (ended, [f"[{status}] Looked at"], {"seen": 1})


def test_a_check_is_given_the_pinned_commit_and_what_it_is_compared_with(shop: Workshop) -> None:
    check = FakeCheck(Status.OK)
    run = after(shop.run(), "worktree", changed=["fix.py"])
    go(preflight(shop, branch=check).check(step("check", check="branch"), run, shop.work))
    candidate = check.given[0]
    assert (candidate.branch, candidate.commit, candidate.changed) == (BRANCH, shop.commit, ("fix.py",))
    assert (candidate.base.version, candidate.base.commit) == ("v1.0.0", shop.base)
    assert (candidate.tree, candidate.base_tree) == (str(shop.trees.tree(run)), str(shop.trees.base(run)))
    assert Path(candidate.logs).is_dir()
    assert Path(candidate.environment).parent == shop.trees.tree(run), "none is installed yet"


def test_a_check_is_given_what_was_installed(shop: Workshop) -> None:
    check = FakeCheck(Status.OK)
    run = after(after(shop.run(), "worktree"), "install", environment="/some/where")
    go(preflight(shop, tests=check).check(step("check", check="tests"), run, shop.work))
    assert check.given[0].environment == "/some/where"


def test_a_check_that_cannot_be_carried_out_says_so(shop: Workshop) -> None:
    class Broken(FakeCheck):
        async def check(self, candidate: Candidate) -> CheckResult:
            raise CheckFailed("no scanner")

    run: Run = after(shop.run(), "worktree")
    with pytest.raises(CheckFailed, match="no scanner"):
        go(preflight(shop, tests=Broken(Status.OK)).check(step("check", check="tests"), run, shop.work))


def test_an_overridden_check_warns_and_says_who_and_why(shop: Workshop) -> None:
    check = FakeCheck(Status.FAIL)
    run = after(shop.run(reasons={"tests": "flaky"}), "worktree")
    outcome = go(preflight(shop, tests=check).check(step("check", check="tests"), run, shop.work))
    assert outcome.ended is Ended.PASSED
    assert texts(outcome) == ["[WARN] Looked at (overridden by ada: flaky)"]
    assert len(check.given) == 1, "it is made all the same"
    other = go(preflight(shop, branch=check).check(step("check", check="branch"), run, shop.work))
    assert (other.ended, texts(other)) == (Ended.FAILED, ["[FAIL] Looked at"])


def test_an_overridden_check_that_cannot_be_carried_out_warns_too(shop: Workshop) -> None:
    class Broken(FakeCheck):
        async def check(self, candidate: Candidate) -> CheckResult:
            raise CheckFailed("no scanner", detail="gone")

    run = after(shop.run(reasons={"tests": "flaky"}), "worktree")
    outcome = go(preflight(shop, tests=Broken(Status.OK)).check(step("check", check="tests"), run, shop.work))
    assert outcome.ended is Ended.PASSED
    assert texts(outcome) == ["[WARN] no scanner (overridden by ada: flaky)"]


@pytest.mark.parametrize(("budget", "said"), [(0.05, "0.1 s"), (0.0, "0.0 s")])
def test_what_runs_out_of_the_time_for_all_checks_is_named(shop: Workshop, budget: float, said: str) -> None:
    class Endless(FakeCheck):
        async def check(self, candidate: Candidate) -> CheckResult:
            await asyncio.Event().wait()
            raise AssertionError("unreachable")

    run = after(shop.run(), "worktree")
    installer = Installer(shop.commands, shop.folder / "caches")
    made = Preflight(shop.git, installer, Setup(), {"tests": Endless(Status.OK)}, shop.trees, budget)
    outcome = go(made.check(step("check", check="tests"), run, shop.work))
    assert outcome.ended is Ended.FAILED
    assert texts(outcome) == [f"[FAIL] tests: out of time ({said})"]


def test_a_check_is_told_what_will_be_pushed(shop: Workshop) -> None:
    check = FakeCheck(Status.OK)
    run = after(shop.run(fleets={"staging": Fleet(), "production": Fleet()}), "worktree")
    go(preflight(shop, tests=check).check(step("check", check="tests"), run, shop.work))
    assert check.given[0].tags == ("v1.0.1-rc.1", "v1.0.1")
    assert check.given[0].merges == ("main",)


def test_a_channel_that_cannot_be_told_is_skipped_with_the_way_to_change_that(shop: Workshop) -> None:
    run = shop.run(unconfigured={"slack": "set SLACK_WEBHOOK_URL"})
    outcome = go(preflight(shop).channels(step("channels"), run, shop.work))
    assert outcome.ended is Ended.PASSED
    assert texts(outcome) == ["[SKIP] Notifications: slack is not configured"]
    assert outcome.lines[0].detail == ("set SLACK_WEBHOOK_URL",)
