from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.fakes.platform import FakePlatform, World
from tests.fakes.web import dead_url, reply, serving
from tests.fakes.workshop import ARTIFACT, Workshop, after, go, step, texts

from hotfix_deploy_runner.core.fleet import State
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.doors.http import Http
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import CheckFailed, PlatformFailed
from hotfix_deploy_runner.steps.smoke import SmokeTests
from hotfix_deploy_runner.steps.staging import Staging
from hotfix_deploy_runner.steps.work import Outcome

OLD = Revision("v1.0.0-rc.1")
LEFT = "v1.0.1-rc.1 stays on staging to be looked at"
PASSES = "echo \"<testsuite><testcase name='$HOTFIX_URL'/></testsuite>\" > $HOTFIX_JUNIT"
FAILS = 'echo \'<testsuite><testcase name="login"><failure message="500"/></testcase></testsuite>\' > $HOTFIX_JUNIT'


class Scene(Workshop):
    """A workshop with a staging of `size` instances on an old candidate; `answers` are a path's status."""

    def __init__(self, folder: Path, size: int = 1) -> None:
        super().__init__(folder)
        self.world = World.running(OLD, size)
        self.answers = {"/healthz": 200}
        self.asked: list[str] = []

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        reply(request, status=self.answers.get(request.path, 404))

    def staging(self, command: str = "", paths: dict[tuple[str, str], str] | None = None) -> Staging:
        smoke = SmokeTests(self.commands, command, 20.0)
        platforms = {("staging", "web"): FakePlatform(self.world)}
        return Staging(platforms, smoke, Http(Redactor(), timeout=2.0), paths or {}, self.trees)

    def begun(self) -> Run:
        """The run, with what was built."""
        fleet = go(FakePlatform(self.world).fleet())
        return after(self.run(fleets={"staging": fleet}), "build", artifact=ARTIFACT)

    def serve(self, url: str | None) -> Run:
        """The candidate runs on staging, at `url`."""
        run = self.begun()
        self.world.instances = []
        for slot in self.world.slots:
            self.world.change(self.world.begin(slot, run.candidate, State.READY).incarnation, endpoint=url)
        self.trees.tree(run).mkdir(parents=True)
        self.trees.logs(run).mkdir(parents=True)
        return run

    def do(self, what: str, run: Run, staging: Staging | None = None) -> Outcome:
        perform = getattr(staging or self.staging(), what)
        outcome: Outcome = go(perform(step(what, environment="staging"), run, self.work))
        return outcome


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def url(scene: Scene) -> Iterator[str]:
    with serving(scene.respond) as url:
        yield url


def test_the_whole_of_staging_gets_the_candidate_in_one_go(tmp_path: Path) -> None:
    scene = Scene(tmp_path, size=2)
    run = scene.begun()
    assert texts(scene.do("deploy", run)) == ["[OK] Deployed to staging (v1.0.1-rc.1)"]
    assert [i.revision for i in scene.world.instances] == [run.candidate] * 2
    assert run.candidate.artifact == ARTIFACT
    assert [call[0] for call in scene.world.calls] == ["prepare", "shift"]
    move = scene.world.moves[0]
    assert (move.new, move.old, move.fence) == (run.candidate, OLD, 1)


def test_a_staging_where_nothing_ran_gets_it_too(scene: Scene) -> None:
    scene.world.instances = []
    assert scene.do("deploy", scene.begun()).ended is Ended.PASSED


def test_a_candidate_that_does_not_start_is_explained(scene: Scene) -> None:
    scene.world.broken = {"v1.0.1-rc.1"}
    with pytest.raises(PlatformFailed, match="Process web-1 failed: exited with 1"):
        scene.do("deploy", scene.begun())


def test_smoke_tests_run_against_the_candidate_and_are_counted(scene: Scene, url: str) -> None:
    run = scene.serve(url)
    outcome = scene.do("smoke", run, scene.staging(PASSES))
    assert texts(outcome) == ["[OK] Smoke tests pass (1/1)"]
    assert outcome.found == {"passed": 1, "total": 1}
    assert url in (scene.trees.logs(run) / "junit-smoke.xml").read_text()


def test_smoke_tests_that_fail_leave_the_candidate_to_be_looked_at(scene: Scene, url: str) -> None:
    outcome = scene.do("smoke", scene.serve(url), scene.staging(FAILS))
    assert outcome.ended is Ended.FAILED
    assert texts(outcome) == ["[FAIL] Smoke tests pass (0/1)"]
    assert outcome.lines[0].detail[-1] == LEFT


def test_no_smoke_tests_are_a_skip_that_says_how(scene: Scene, url: str) -> None:
    outcome = scene.do("smoke", scene.serve(url))
    assert outcome.ended is Ended.PASSED
    assert texts(outcome) == ["[SKIP] Smoke tests: none configured"]
    assert "HOTFIX_JUNIT" in outcome.lines[0].detail[0]


def test_the_health_address_of_every_instance_is_asked(tmp_path: Path) -> None:
    scene = Scene(tmp_path, size=2)
    with serving(scene.respond) as url:
        assert texts(scene.do("health", scene.serve(url))) == ["[OK] Health check: 200 OK"]
    assert scene.asked == ["/healthz"] * 2


def test_the_health_address_is_configured_by_platform(scene: Scene, url: str) -> None:
    scene.answers = {"/alive": 200}
    staging = scene.staging(paths={("staging", "web"): "/alive"})
    assert scene.do("health", scene.serve(url), staging).ended is Ended.PASSED


@pytest.mark.parametrize("status", [204, 302, 404, 500])
def test_any_answer_but_200_fails(scene: Scene, url: str, status: int) -> None:
    scene.answers = {"/healthz": status}
    outcome = scene.do("health", scene.serve(url))
    assert outcome.ended is Ended.FAILED
    assert texts(outcome) == [f"[FAIL] Health check: {status}"]
    assert outcome.lines[0].detail == (f"GET {url}/healthz", LEFT)


def test_no_answer_fails(scene: Scene) -> None:
    outcome = scene.do("health", scene.serve(dead_url()))
    assert outcome.ended is Ended.FAILED
    assert "connection refused" in outcome.lines[0].text


@pytest.mark.parametrize("what", ["smoke", "health"])
def test_a_candidate_without_an_address_is_not_taken_for_a_healthy_one(scene: Scene, what: str) -> None:
    with pytest.raises(CheckFailed, match=r"no instance of v1\.0\.1-rc\.1 on staging has an address"):
        scene.do(what, scene.serve(None), scene.staging(PASSES))


def test_skipping_staging_says_who_and_why(scene: Scene) -> None:
    outcome = scene.do("no_staging", scene.run(reasons={"staging": "customers are locked out"}))
    assert texts(outcome) == ["[SKIP] Staging skipped by ada: customers are locked out"]
