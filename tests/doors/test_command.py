import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.processes import runs, wait_for

from hotfix_deploy_runner.doors.command import Commands, Finished
from hotfix_deploy_runner.doors.redaction import HIDDEN, Redactor
from hotfix_deploy_runner.errors import CommandFailed

SECRET = "correct-horse-battery"
COMMANDS = Commands(Redactor([SECRET]), grace=0.3)


def run(command: str | list[str], cwd: Path, **options: Any) -> Finished:
    return asyncio.run(COMMANDS.run(command, cwd=cwd, **options))


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def pids(file: Path) -> list[int]:
    return [int(word) for word in file.read_text().split()] if file.exists() else []


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def test_both_outputs_are_in_the_tail_in_order(tmp_path: Path) -> None:
    done = run("echo one; echo two >&2; echo three", tmp_path)
    assert done == Finished(0, tail=("one", "two", "three"))
    assert done.ok


def test_captured_output_is_kept_apart_from_errors(tmp_path: Path) -> None:
    assert run("echo out; echo err >&2", tmp_path, capture=True) == Finished(0, tail=("err",), output="out\n")


def test_a_failing_exit_code_is_returned(tmp_path: Path) -> None:
    done = run("exit 7", tmp_path)
    assert (done.exit_code, done.ok, done.timed_out) == (7, False, False)


def test_a_signal_is_a_negative_exit_code(tmp_path: Path) -> None:
    assert run("kill -SEGV $$", tmp_path).exit_code == -signal.SIGSEGV


def test_a_sequence_is_no_shell_command(tmp_path: Path) -> None:
    assert run(["echo", "$HOME; exit 3"], tmp_path).tail == ("$HOME; exit 3",)


def test_env_adds_and_takes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TO_GO", "here")
    monkeypatch.setenv("TO_STAY", "here")
    done = run('echo "${TO_GO-gone} $TO_STAY $NEW"', tmp_path, env={"TO_GO": None, "NEW": "new"})
    assert done.tail == ("gone here new",)


def test_standard_input_is_empty(tmp_path: Path) -> None:
    assert run(["cat"], tmp_path, timeout=10).ok


def test_output_that_is_not_text_is_borne(tmp_path: Path) -> None:
    done = run(r"printf 'a\377b\r\n'; printf 'no line end'", tmp_path)
    assert done.tail == ("a\ufffdb", "no line end")


@pytest.mark.parametrize(
    ("command", "folder"),
    [(["no-such-program-anywhere"], "."), (["echo"], "no-such-folder"), (["echo", "a\0b"], ".")],
)
def test_what_cannot_be_started_says_so(command: list[str], folder: str, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="cannot start") as failure:
        run(command, tmp_path / folder)
    assert failure.value.detail


def test_the_time_limit_ends_it(tmp_path: Path) -> None:
    started = time.monotonic()
    done = run("echo begun; exec sleep 60", tmp_path, timeout=0.3)
    assert (done.timed_out, done.ok, done.tail) == (True, False, ("begun",))
    assert time.monotonic() - started < 5


def test_a_child_that_ignores_term_is_killed(tmp_path: Path) -> None:
    stubborn = f"trap '' TERM; echo $$ > {tmp_path}/pids; while :; do sleep 0.05; done"
    done = run(stubborn, tmp_path, timeout=0.5)
    assert done.timed_out
    assert done.exit_code == -signal.SIGKILL
    assert not any(map(runs, pids(tmp_path / "pids")))


def test_a_child_that_minds_term_may_clean_up(tmp_path: Path) -> None:
    done = run("trap 'echo cleaned; exit 9' TERM; sleep 60 & wait", tmp_path, timeout=0.4)
    assert (done.timed_out, done.exit_code, done.tail) == (True, 9, ("cleaned",))


def test_a_grandchild_that_keeps_the_pipe_is_not_waited_for(tmp_path: Path) -> None:
    started = time.monotonic()
    done = run(f"sleep 60 & echo $! > {tmp_path}/pids; echo done", tmp_path, timeout=30)
    assert done == Finished(0, tail=("done",))
    assert time.monotonic() - started < 5
    assert not any(map(runs, pids(tmp_path / "pids")))


def test_a_grandchild_that_ignores_term_goes_too(tmp_path: Path) -> None:
    script = f"(trap '' TERM; while :; do sleep 0.05; done) >/dev/null 2>&1 & echo $! > {tmp_path}/pids"
    assert run(script, tmp_path, timeout=30).ok
    assert len(pids(tmp_path / "pids")) == 1
    assert not any(map(runs, pids(tmp_path / "pids")))


def test_a_zombie_is_not_waited_for(tmp_path: Path) -> None:
    """As in a container in which nobody reaps orphans: here they become ours, and are not reaped either."""
    prctl, be_subreaper = ctypes.CDLL(None).prctl, 36
    assert prctl(be_subreaper, 1, 0, 0, 0) == 0
    try:
        started = time.monotonic()
        patient = Commands(Redactor(), grace=20)
        done = asyncio.run(patient.run(f"sleep 60 & echo $! > {tmp_path}/pids; echo done", cwd=tmp_path))
        assert done.tail == ("done",)
        assert time.monotonic() - started < 10
        (orphan,) = pids(tmp_path / "pids")
        assert os.waitpid(orphan, 0) == (orphan, signal.SIGTERM)
    finally:
        prctl(be_subreaper, 0, 0, 0, 0)


def test_a_daemon_that_keeps_the_pipe_is_not_waited_for(tmp_path: Path) -> None:
    started = time.monotonic()
    done = run(f"setsid sleep 60 & echo $! > {tmp_path}/pids; sleep 0.1; echo done", tmp_path, timeout=30)
    assert done == Finished(0, tail=("done",))
    assert time.monotonic() - started < 5
    for pid in pids(tmp_path / "pids"):
        os.kill(pid, signal.SIGKILL)


def test_a_command_that_ends_at_once_is_not_waited_for(tmp_path: Path) -> None:
    async def many() -> float:
        started = time.monotonic()
        for _ in range(10):
            await COMMANDS.run(["true"], cwd=tmp_path)
        return time.monotonic() - started

    assert asyncio.run(many()) < 10 * 0.25  # less than the settling time each


async def _cancelled(work: Awaitable[Any], begun: Any, times: int) -> None:
    task = asyncio.ensure_future(work)
    await until(begun)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.02)
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_cancel_leaves_no_process(times: int, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    script = f"trap '' TERM; sleep 60 & echo $! $$ > {file}.new; mv {file}.new {file}; while :; do sleep 0.05; done"
    asyncio.run(_cancelled(COMMANDS.run(script, cwd=tmp_path), lambda: len(pids(file)) == 2, times))
    wait_for(lambda: not any(map(runs, pids(file))), "the end of the whole group", 5)


def test_a_cancel_in_the_middle_of_the_start_leaves_no_process(tmp_path: Path) -> None:
    async def cut(ticks: int) -> None:
        script = f"sleep 60 & echo $! $$ >> {tmp_path}/pids; wait"
        task = asyncio.ensure_future(COMMANDS.run(script, cwd=tmp_path))
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    for ticks in range(12):
        asyncio.run(cut(ticks))
    wait_for(lambda: not any(map(runs, pids(tmp_path / "pids"))), "the end of all", 5)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    async def many() -> tuple[int, int]:
        await COMMANDS.run("true", cwd=tmp_path, capture=True)
        before = len([*Path("/proc/self/fd").iterdir()])
        for script in ("echo x", "sleep 60 &", "setsid sleep 2 &", "exit 3"):
            await COMMANDS.run(script, cwd=tmp_path, capture=True)
        with contextlib.suppress(CommandFailed):
            await COMMANDS.run(["no-such-program-anywhere"], cwd=tmp_path)
        await COMMANDS.run("sleep 60", cwd=tmp_path, timeout=0.1, log=tmp_path / "log")
        return before, len([*Path("/proc/self/fd").iterdir()])

    before, after = asyncio.run(many())
    assert after == before


def test_the_log_is_appended_to_and_has_everything(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "er" / "x.log"
    run("seq 100", tmp_path, log=log)
    done = run("seq 101 200; echo end >&2", tmp_path, log=log)
    assert log.read_text().split() == [*map(str, range(1, 201)), "end"]
    assert len(done.tail) == 40
    assert done.tail[-2:] == ("200", "end")


def test_a_log_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandFailed, match="cannot write the log"):
        run("true", tmp_path, log=tmp_path / "file" / "x.log")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_does_not_end_the_command(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    done = run("echo first; sleep 0.2; echo then; sleep 0.2; echo last", tmp_path, log=Path("/dev/full"))
    assert done.ok
    assert [line for line in done.tail if "log" not in line] == ["first", "then", "last"]
    assert any("log could not be written" in line for line in done.tail)
    assert not caplog.records  # of asyncio, about an exception in a callback


def test_secrets_are_taken_out_of_tail_log_and_capture(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = run(f"echo a {SECRET} b; echo e {SECRET} >&2", tmp_path, log=log, capture=True)
    assert done.output == f"a {HIDDEN} b\n"
    assert done.tail == (f"e {HIDDEN}",)
    assert log.read_text() == f"e {HIDDEN}\n"


def test_verbatim_output_is_as_it_was(tmp_path: Path) -> None:
    done = run(f"echo {SECRET}; echo {SECRET} >&2", tmp_path, capture=True, verbatim=True)
    assert (done.output, done.tail) == (f"{SECRET}\n", (HIDDEN,))


def test_a_secret_that_comes_in_pieces_is_taken_out(tmp_path: Path) -> None:
    half = len(SECRET) // 2
    first, second = SECRET[:half], SECRET[half:]
    done = run(f"printf {first}; sleep 0.2; echo {second}", tmp_path)
    assert done.tail == (HIDDEN,)


def test_a_secret_is_taken_out_wherever_it_stands_in_an_endless_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = f"import sys; [sys.stdout.write('é' * n + {SECRET!r}) for n in range(800, 1300)]"
    run(python(code), tmp_path, log=log, env={"PYTHONUTF8": "1"})
    text = log.read_text().replace("\n", "")
    assert SECRET not in text
    assert SECRET[:12] not in text
    assert text.count("é") == sum(range(800, 1300))
    assert "\ufffd" not in text


def test_lines_are_bounded(tmp_path: Path) -> None:
    assert [len(line) for line in run(python("print('x' * 10_000)"), tmp_path).tail] == [4_000]


@pytest.mark.slow
@pytest.mark.parametrize("line_end", ["\\n", ""])
@pytest.mark.parametrize("logged", [True, False])
def test_100_mb_of_output_is_bounded_and_does_not_hold_up_the_loop(line_end: str, logged: bool, tmp_path: Path) -> None:
    gaps: list[float] = []

    async def beat() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.001)
            gaps.append(loop.time() - before)

    async def both(log: Path | None) -> Finished:
        beating = asyncio.create_task(beat())
        try:
            code = f"import sys; line = 'x' * 99 + '{line_end}'; [sys.stdout.write(line * 1000) for _ in range(1000)]"
            return await COMMANDS.run(python(code), cwd=tmp_path, log=log, timeout=60)
        finally:
            beating.cancel()

    log = tmp_path / "log"
    done = asyncio.run(both(log if logged else None))
    assert done.ok
    assert sorted(gaps)[len(gaps) * 95 // 100] < 0.1
    if logged:
        assert 20_000_000 <= log.stat().st_size < 20_100_000
        assert log.read_text().endswith("[the rest of the output was dropped: the log is full]\n")


@pytest.mark.slow
def test_capture_is_bounded(tmp_path: Path) -> None:
    code = "import sys; [sys.stdout.write('x' * 1_000_000) for _ in range(60)]"
    assert len(run(python(code), tmp_path, capture=True, verbatim=True).output) == 50_000_000
