"""What a run prints for machines, and to whom it matters that nobody reads it."""

import json
import os
import subprocess

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, SCRIPTS, MakePlace

pytestmark = pytest.mark.slow


def test_json_is_the_journal_line_by_line_and_nothing_else(place: MakePlace) -> None:
    world = place()
    done = world.run(*DEPLOY, "--window", "1s", "--json")
    assert (done.end(), done.err) == (0, "")
    told = [json.loads(line) for line in done.lines]
    run = told[0]["run"]
    assert [line["seq"] for line in told] == list(range(1, len(told) + 1))
    assert {line["run"] for line in told} == {run}
    assert (told[0]["event"], told[-1]["event"]) == ("run-started", "run-ended")
    shown = world.run("hotfix-deploy-runner", "show", "--json")
    assert shown.lines == done.lines, "show tells the same again"


def test_a_reader_that_goes_away_does_not_end_the_deploy(place: MakePlace) -> None:
    """`hotfix-deploy-runner … | head -1`."""
    world = place()
    reading, writing = os.pipe()
    run = world.start(*DEPLOY, "--window", "1s", out=writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.readline() == "Hotfix Deployment: hotfix/auth-bypass\n"
    assert run.end() == 0, run.err
    assert "PlainView: BrokenPipeError" in run.err and "Traceback" not in run.err
    assert world.serving() == [NEXT] * 3
    report = subprocess.run(
        [str(SCRIPTS / "hotfix-deploy-runner"), "report", "--print"],
        cwd=world.layout.clone,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{NEXT}" in report.stdout and BASE in report.stdout
