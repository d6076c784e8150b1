"""The plan that the question shows, and who has to answer it."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.fakes.events import good_deploy, request

from hotfix_deploy_runner.cli.consent import ask, plan_lines
from hotfix_deploy_runner.core.events import RunStarted, to_json
from hotfix_deploy_runner.core.plan import plan
from hotfix_deploy_runner.core.policy import Policy, Watching
from hotfix_deploy_runner.errors import UsageError


def beginning(policy: Policy | None = None, **facts: object) -> RunStarted:
    first = good_deploy().events[0]
    assert isinstance(first, RunStarted)
    policy = policy or first.policy
    known = msgspec.structs.replace(first.facts, **facts)
    return msgspec.structs.replace(first, policy=policy, facts=known, steps=plan(first.request, policy, known))


def test_it_shows_base_commit_batches_limits_and_what_a_breach_leads_to() -> None:
    lines = plan_lines(beginning())
    assert lines[0] == f"Hotfix v2.14.4: hotfix/auth-bypass at {'c' * 12}, base v2.14.3 (tag)"
    assert "Staging: v2.14.4-rc.1 on 1 × web (pod)" in lines
    assert "Production: 3 × web (pod), in steps of 1, 2, 3" in lines
    assert any(line.startswith("Limits: errors 5 %, p99 2 times the baseline; watched for 10") for line in lines)
    assert "On a breach: everything back to v2.14.3, by itself" in lines
    assert "Afterwards: merged back to main; the branch is deleted" in lines


def test_it_shows_the_tag_that_a_named_base_gets() -> None:
    lines = plan_lines(beginning(old_from="base", base="d" * 40, before="before/v2.14.4"))
    assert lines[0].endswith(f"base v2.14.3 (base), which is {'d' * 12} and will be tagged before/v2.14.4")


def test_it_shows_a_hold_no_merge_and_remarks() -> None:
    policy = Policy(Watching(on_breach="hold"), merge_back="off")
    lines = plan_lines(beginning(policy, remarks=("the newest tag is v9",)))
    assert "On a breach: stop where it is and page; nothing is rolled back by itself" in lines
    assert "Afterwards: not merged back" in lines
    assert lines[-1] == "Note: the newest tag is v9"


def test_a_skipped_staging_stands_there_with_its_reason() -> None:
    first = beginning()
    alone = {"production": first.facts.environments["production"]}
    hurry = request(reasons={"staging": "it burns"})
    skipped = msgspec.structs.replace(beginning(environments=alone), request=hurry)
    assert "Staging: SKIPPED (it burns)" in plan_lines(skipped)


def test_an_overridden_check_stands_there_with_its_reason() -> None:
    hurry = request(reasons={"security": "a false alarm"})
    lines = plan_lines(msgspec.structs.replace(beginning(), request=hurry))
    assert "Checks: branch, tests, security (OVERRIDDEN: a false alarm), migrations" in lines


def test_who_runs_migrations_is_said() -> None:
    assert any(line.startswith("Migrations, if any: run by the application itself") for line in plan_lines(beginning()))
    by_command = plan_lines(beginning(Policy(migrates=("target",))))
    assert any(line.startswith("Migrations, if any: run by the command in [migrations]") for line in by_command)


def test_staging_alone_needs_no_consent() -> None:
    staging = msgspec.structs.replace(beginning(), request=msgspec.structs.replace(request(), target="staging"))
    assert ask(staging, yes=False)
    assert plan_lines(staging)[-1] == "Production is not touched."


def test_without_a_terminal_it_takes_yes_or_is_refused_with_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert ask(beginning(), yes=True)
        with pytest.raises(UsageError) as refused:
            ask(beginning(), yes=False)
    assert refused.value.detail == "\n".join(plan_lines(beginning()))
    assert "--yes" in refused.value.next_step


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """A terminal on which the question stands, asked from within a running event loop, as a deploy does."""
    (tmp_path / "started.json").write_bytes(to_json(beginning()))
    code = (
        "import asyncio, pathlib, sys\n"
        "from hotfix_deploy_runner.cli.consent import ask\n"
        "from hotfix_deploy_runner.core.events import from_json\n"
        "from hotfix_deploy_runner.errors import UsageError\n"
        "async def main():\n"
        "    try:\n"
        "        return 0 if ask(from_json(pathlib.Path('started.json').read_bytes()), yes=False) else 3\n"
        "    except UsageError:\n"
        "        return 2\n"
        "sys.exit(asyncio.run(main()))\n"
    )
    ours, theirs = pty.openpty()
    command = ["setsid", "--ctty", sys.executable, "-c", code]
    process = subprocess.Popen(command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    yield ours, process
    process.kill()
    process.wait()
    os.close(ours)


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 3), ("\n", 3), ("\x03", 2), ("\x04", 2)])
def test_only_a_yes_is_a_yes_and_ctrl_c_needs_no_enter(
    terminal: tuple[int, "subprocess.Popen[bytes]"], typed: str, code: int
) -> None:
    ours, process = terminal
    told = b""
    while b"[y/N]" not in told:
        told += os.read(ours, 4096)
    for _ in range(10):  # a key that comes while the line editor sets itself up may be lost; one types it again
        os.write(ours, typed.encode())
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
            break
    assert process.poll() == code


def test_the_handler_of_ctrl_c_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    begun = time.monotonic()
    assert ask(beginning(), yes=False)
    assert signal.getsignal(signal.SIGINT) is before and time.monotonic() - begun < 5
