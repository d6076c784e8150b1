"""The demo's stories, whole: what is printed, what is left of it, and what the customers saw."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, SCRIPTS, MakePlace, Place, demo_environment, processes_in

pytestmark = pytest.mark.slow

TRANSCRIPT = r"""
Hotfix Deployment: hotfix/auth-bypass
Current production: v2\.14\.3 \(tag\)
Hotfix base: v2\.14\.3

Pre-flight checks:
  \[OK\] Branch exists and is clean
  \[OK\] Tests pass \(47/47\)
  \[OK\] Security scan clear
  \[OK\] Database migrations: none

Staging deployment:
  \[OK\] Deployed to staging \(v2\.14\.4-rc\.1\)
  \[OK\] Smoke tests pass \(12/12\)
  \[OK\] Health check: 200 OK

Production deployment:
  \[OK\] Tagged v2\.14\.4
  \[OK\] Rolling deploy started \(3 processes\)
  \[OK\] Process 1/3 healthy
  \[OK\] Process 2/3 healthy
  \[OK\] Process 3/3 healthy

Post-deploy validation:
  \[OK\] Error rate: \d+\.\d\d% \(baseline: \d+\.\d\d%\)
  \[OK\] p99 latency: \d+ms \(baseline: \d+ms\)

Hotfix v2\.14\.4 deployed successfully\.
Rollback command: rollback-deploy-auto --version v2\.14\.3
""".strip("\n").splitlines()
"""The contract's, line by line; more lines may stand between them, in the shape of the others."""
SHAPE = re.compile(r"  \[(OK|WARN|FAIL|SKIP)\] .+|         .+|[A-Z][A-Za-z -]+:|")


def test_the_good_demo_prints_the_contracts_lines_and_leaves_nothing_behind(cache: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(SCRIPTS / "hotfix-deploy-runner"), "demo"],
        env={**demo_environment(), "HOTFIX_DEMO_CACHE": str(cache), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    run = done.stdout.partition("--yes\n")[2].partition("(exit code 0)")[0].splitlines()
    more = _besides(run, TRANSCRIPT)
    assert all(SHAPE.fullmatch(line) for line in more), more
    assert re.search(r"^Requests: \d+ sent, 0 failed", done.stdout, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []
    assert processes_in(tmp_path) == {}


def test_errors_are_seen_taken_back_and_remembered_by_everybody(place: MakePlace) -> None:
    world = place("errors")
    done = world.run(*DEPLOY)
    assert done.end() == 4, done.out + done.err
    assert world.serving() == [BASE] * 3
    assert f"Hotfix {NEXT} was rolled back: " in done.out
    assert f"Production runs {BASE} again, verified everywhere." in done.out
    assert NEXT in world.tags()
    marks = world.git("for-each-ref", "--format=%(refname)", "refs/hotfix/rolled-back").splitlines()
    assert marks == [f"refs/hotfix/rolled-back/{NEXT}"]
    assert "Hotfix v2.14.5: " in world.run("hotfix-deploy-runner", "plan", *DEPLOY[1:3]).out
    bad = [answer for answer in world.failures() if answer.version == NEXT]
    assert bad and len(bad) < 100, "the verdict takes seconds, not minutes"


def test_a_release_that_does_not_start_never_takes_traffic(place: MakePlace) -> None:
    world = place("crash")
    done = world.run(*DEPLOY)
    assert done.end() == 4, done.out + done.err
    assert world.serving() == [BASE] * 3
    assert "[FAIL]" in done.out and "TOKEN_AUDIENCE" in done.out, "the reason stands under the FAIL"
    assert NEXT not in {answer.version for answer in world.answers}
    assert world.failures() == ()


def test_a_failing_test_stops_before_production(place: MakePlace) -> None:
    world = place("failing-test")
    done = world.run(*DEPLOY)
    assert done.end() == 3, done.out + done.err
    assert "[FAIL] Tests pass (46/47)" in done.out
    assert f"Hotfix stopped before production. Production is untouched: {BASE}." in done.out
    assert world.serving() == [BASE] * 3
    assert not [tag for tag in world.tags() if tag.startswith(NEXT)]
    assert _is_free(world)


def _is_free(world: Place) -> bool:
    status = world.run("hotfix-deploy-runner", "status").out
    return "production: free" in status and "staging: free" in status


def _besides(lines: list[str], expected: list[str]) -> list[str]:
    """The lines that stand between the expected ones; fails when one of those is missing or out of order."""
    rest, wanted = [], iter(expected)
    pattern: str | None = next(wanted)
    for line in lines:
        if pattern is not None and re.fullmatch(pattern, line):
            pattern = next(wanted, None)
        else:
            rest.append(line)
    assert pattern is None, f"not found in its place: {pattern}\n" + "\n".join(lines)
    return rest
