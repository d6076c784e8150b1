"""Ctrl-C and TERM in each phase: the process is gone within five seconds, with nothing left behind it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.cycle import stopped
from tests.chaos.town import Town
from tests.e2e.place import others_in
from tests.fakes.processes import wait_for

pytestmark = pytest.mark.slow

WITHIN = 5.0
DEPLOY = ("--branch", "hotfix/1", "--target", "production", "--yes", "--window", "60s")
PHASES = {
    "pre-flight checks": ("StepStarted:check:tests", "Production is untouched: v1.0.0."),
    "staging": ("StepStarted:staging-deploy", "Production is untouched: v1.0.0."),
    "tag": ("StepStarted:tag>before command git push", "Production is untouched: v1.0.0."),
    "rollout": ("StepEnded:batch:production/web:1>after append", "Production is mixed: about 1 of 2 on v1.0.1"),
    "window": ("StepEnded:gate:production/web:2", "Production runs v1.0.1, which is not validated."),
}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Town(tmp_path / "town") as made:
        yield made


@pytest.mark.parametrize(
    ("phase", "number", "code"),
    [*((phase, signal.SIGINT, 130) for phase in PHASES), ("rollout", signal.SIGTERM, 143)],
)
def test_it_is_gone_in_time_and_can_be_gone_on_with(town: Town, phase: str, number: signal.Signals, code: int) -> None:
    point, said = PHASES[phase]
    town.branch("1")
    run = town.victim(f"after append {point}" if ">" not in point else point, town.folder / "points", *DEPLOY)
    assert stopped(run)
    begun = time.monotonic()
    os.kill(run.pid, number)
    os.kill(run.pid, signal.SIGCONT)
    assert run.wait(30) == code
    took = time.monotonic() - begun
    out = (town.folder / "victim.out").read_text()
    print(f"{phase}, {number.name}: {took:.1f} s, code {code}", *out.splitlines()[-2:], sep="\n    ")
    assert took < WITHIN, f"{took:.1f} s in {phase}"
    assert said in out
    assert out.splitlines()[-1].startswith("Next: hotfix-deploy-runner resume ")
    wait_for(lambda: not others_in(town.folder), "nothing is left at work", 2.0)
    back = town.run("abort")
    assert back.returncode == 0, back.stdout + back.stderr
    assert set(town.versions("production")) == {"v1.0.0"}
