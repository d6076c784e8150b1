from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.fakes.platform import FakePlatform, World
from tests.fakes.web import reply, serving
from tests.fakes.workshop import ARTIFACT, Workshop, after, go, step, texts

from hotfix_deploy_runner.core.fleet import State
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.steps.probes import Probes
from hotfix_deploy_runner.steps.work import Outcome

OLD = Revision("v1.0.0")
SUITE = 'echo "<testsuite>{}</testsuite>" > $HOTFIX_JUNIT'
GOOD = "<testcase name='a'/><testcase name='b'/>"
BAD = "<testcase name='a'/><testcase name='login'><failure message='500 != 200'/></testcase>"
SKIPPED = "<testcase name='a'><skipped/></testcase>"


class Scene(Workshop):
    """A workshop with a production on the new version; `urls` are its instances' addresses, None for no address."""

    def __init__(self, folder: Path, *urls: str | None) -> None:
        super().__init__(folder)
        self.world = World.running(OLD, len(urls))
        fleet = go(FakePlatform(self.world).fleet())
        self.begun: Run = after(self.run(fleets={"production": fleet}), "build", artifact=ARTIFACT)
        self.world.instances = []
        for slot, url in zip(self.world.slots, urls, strict=True):
            self.world.change(self.world.begin(slot, self.begun.new, State.READY).incarnation, endpoint=url)
        self.trees.tree(self.begun).mkdir(parents=True)

    @property
    def logs(self) -> Path:
        return self.trees.logs(self.begun) / "probes"

    def probe(self, command: str, timeout: float = 20.0) -> Outcome:
        platforms = {("production", "web"): FakePlatform(self.world)}
        probes = Probes(platforms, self.commands, command, timeout, self.trees)
        return go(probes.probe(step("probes", environment="production"), self.begun, self.work))


def test_every_instance_of_the_new_version_is_asked_and_counted(tmp_path: Path) -> None:
    scene = Scene(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:2", None)
    outcome = scene.probe(f"echo $HOTFIX_URL; {SUITE.format(GOOD)}")
    assert (outcome.ended, texts(outcome)) == (Ended.PASSED, ["[OK] Probes pass (4/4 on 2 instances)"])
    assert outcome.lines[0].detail == ()
    assert outcome.found == {"passed": 4, "total": 4}
    asked = [(scene.logs / f"{number}.log").read_text().strip() for number in (1, 2)]
    assert asked == ["http://127.0.0.1:1", "http://127.0.0.1:2"]


def test_the_old_version_is_not_asked(tmp_path: Path) -> None:
    scene = Scene(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:2")
    first = scene.world.instances[0]
    scene.world.change(first.incarnation, revision=OLD)
    assert texts(scene.probe(SUITE.format(GOOD))) == ["[OK] Probes pass (2/2 on 1 instance)"]


def test_what_fails_is_named_with_its_instance(tmp_path: Path) -> None:
    answers = {"/": 200}

    def respond(request: BaseHTTPRequestHandler) -> None:
        reply(request, status=answers["/"])

    with serving(respond) as url:
        scene = Scene(tmp_path, "http://127.0.0.1:1", url)
        suites = f'if [ "$HOTFIX_URL" = {url} ]; then {SUITE.format(BAD)}; exit 1; else {SUITE.format(GOOD)}; fi'
        outcome = scene.probe(suites)
    assert (outcome.ended, texts(outcome)) == (Ended.FAILED, ["[FAIL] Probes pass (3/4 on 2 instances)"])
    name = scene.world.instances[1].name
    assert outcome.lines[0].detail == (f"{name}: login: 500 != 200", f"(logs: {scene.logs})")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (SUITE.format(""), "none has passed"),
        (SUITE.format(SKIPPED), "none has passed"),
        (f"{SUITE.format(GOOD)}; exit 5", "exit code 5"),
        ("echo it died; exit 1", "it left no test report ($HOTFIX_JUNIT)"),
        ("echo it died; exit 1", "it died"),
        ("echo broken > $HOTFIX_JUNIT", "cannot be read"),
    ],
)
def test_whatever_is_not_clearly_good_fails(tmp_path: Path, command: str, words: str) -> None:
    outcome = Scene(tmp_path, "http://127.0.0.1:1").probe(command)
    assert outcome.ended is Ended.FAILED
    assert any(words in line for line in outcome.lines[0].detail)


def test_one_that_does_not_end_in_time_fails(tmp_path: Path) -> None:
    outcome = Scene(tmp_path, "http://127.0.0.1:1").probe(f"{SUITE.format(GOOD)}; exec sleep 60", timeout=0.3)
    assert (outcome.ended, texts(outcome)) == (Ended.FAILED, ["[FAIL] Probes pass (0/0 on 1 instance)"])
    assert "it did not end in time" in outcome.lines[0].detail[0]


def test_nobody_to_ask_is_no_success(tmp_path: Path) -> None:
    outcome = Scene(tmp_path, None).probe(SUITE.format(GOOD))
    assert (outcome.ended, texts(outcome)) == (Ended.FAILED, ["[FAIL] Probes: no instance of v1.0.1 has an address"])
