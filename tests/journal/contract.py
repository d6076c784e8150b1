"""What every `Store` must do. A test module subclasses `StoreContract` and says how its stores are opened."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.context import SpawnProcess
from typing import Any

import pytest
from tests.fakes.processes import wait_for

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.ending import Ending
from hotfix_deploy_runner.core.events import (
    AnyEvent,
    Interrupted,
    RequestReceived,
    RunEnded,
    RunStarted,
    StepEnded,
    StepReported,
    StepStarted,
)
from hotfix_deploy_runner.core.facts import Facts, Request
from hotfix_deploy_runner.core.policy import Policy
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.errors import JournalBroken, UsageError
from hotfix_deploy_runner.journal.store import InboxRequest, RunRow, Store

Open = Callable[[], Store]
"""Opens the same journal again, also in another process: it is pickled."""

SPAWN = multiprocessing.get_context("spawn")


def started(run: str, at: float = 100.0) -> RunStarted:
    request = Request("deploy", "production", branch="hotfix/x", operator="ada")
    facts = Facts(old=Revision("v1.0.0"), old_from="tag", base="b" * 40, commit="c" * 40, version="v1.0.1")
    return RunStarted(at=at, run=run, request=request, policy=Policy(), facts=facts, steps=())


def ended(code: int = 0, at: float = 200.0) -> RunEnded:
    return RunEnded(at=at, ending=Ending(code=code, summary=f"ended with {code}", production="v1.0.1"))


def report(text: str, step: str = "tests") -> StepReported:
    return StepReported(at=101.0, step=step, line=Line(Status.OK, text))


def asking(identity: str, at: float = 150.0, **more: Any) -> InboxRequest:
    return InboxRequest(id=identity, verb=more.get("verb", "rollback"), by="bob", reason="it burns", at=at)


def received(identity: str) -> RequestReceived:
    return RequestReceived(at=151.0, request=identity, verb="rollback", by="bob", reason="it burns")


def texts(store: Store, run: str) -> list[str]:
    return [event.line.text for _, event in store.events(run) if isinstance(event, StepReported)]


# What other processes do. At module level, for they are pickled.


def append_until_refused(open_store: Open, run: str, name: str, after: int, count: int) -> None:
    """Append one event at a time; exit with 3 when somebody else was there first."""
    store = open_store()
    for number in range(count):
        try:
            after = store.append(run, after, [report(f"{name} {number}")])
        except JournalBroken:
            os._exit(3)


def ask_many(open_store: Open, run: str, name: str, count: int) -> None:
    store = open_store()
    for number in range(count):
        store.ask(run, asking(f"{name}-{number}"))


def whole_runs(open_store: Open, name: str, count: int) -> None:
    for number in range(count):
        store, run = open_store(), f"{name}-{number}"
        store.append(run, 0, [started(run), report("one")])
        store.append(run, 2, [report("two"), ended()])
        store.close()


def append_pairs_from(open_store: Open, run: str, after: int) -> None:
    store = open_store()
    while True:
        after = store.append(run, after, [report(f"{after} a"), report(f"{after} b")])


def appends_pair(store: Store, run: str) -> bool:
    """Whether nobody else writes now. What a process has sent to a database arrives also after its death."""
    after = len(store.events(run))
    try:
        store.append(run, after, [report(f"{after} a"), report(f"{after} b")])
    except JournalBroken:
        return False
    return True


def at_once(work: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> list[int | None]:
    """Run `work` in a process for each of `arguments`; their exit codes."""
    processes = [SPAWN.Process(target=work, args=each) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


class StoreContract:
    """Needs a fixture `open_store: Open`; each test has a journal of its own."""

    def test_a_new_journal_is_empty(self, open_store: Open) -> None:
        store = open_store()
        assert store.runs() == []
        assert store.events("r1") == []
        assert store.requests("r1") == []

    def test_events_come_back_as_they_were_in_order_and_numbered(self, open_store: Open) -> None:
        events: list[AnyEvent] = [
            started("r1"),
            StepStarted(at=100.5, step="tests"),
            report('é "quoted" \n\0 \u2028'),
            StepEnded(at=102.0, step="tests", ended=Ended.PASSED, found={"n": 1, "deep": {"a": [1.5, None, "x"]}}),
            Interrupted(at=103.0, signal="SIGINT"),
            ended(130),
        ]
        store = open_store()
        assert store.append("r1", 0, events[:2]) == 2
        assert store.append("r1", 2, events[2:]) == 6
        expected = list(enumerate(events, 1))
        assert store.events("r1") == expected
        assert store.events("r1", after=4) == expected[4:]
        assert store.events("r1", after=6) == []
        assert open_store().events("r1") == expected

    def test_runs_do_not_mix(self, open_store: Open) -> None:
        store = open_store()
        store.append("r1", 0, [started("r1")])
        store.append("r2", 0, [started("r2"), report("of r2")])
        store.append("r1", 1, [report("of r1")])
        assert (texts(store, "r1"), texts(store, "r2")) == (["of r1"], ["of r2"])

    def test_appending_nothing_changes_nothing(self, open_store: Open) -> None:
        store = open_store()
        store.append("r1", 0, [started("r1")])
        assert store.append("r1", 1, []) == 1
        assert len(store.events("r1")) == 1

    @pytest.mark.parametrize("after", [0, 1, 3, 99, -1])
    def test_a_writer_that_does_not_know_the_last_event_is_refused(self, open_store: Open, after: int) -> None:
        store = open_store()
        store.append("r1", 0, [started("r1"), report("kept")])
        with pytest.raises(JournalBroken, match="somebody else writes"):
            store.append("r1", after, [report("refused")])
        with pytest.raises(JournalBroken):
            store.append("r1", 0, [started("r1"), report("refused")])
        assert texts(store, "r1") == ["kept"]
        assert store.append("r1", 2, [report("goes on")]) == 3

    def test_a_run_begins_with_its_start(self, open_store: Open) -> None:
        store = open_store()
        wrong: list[list[AnyEvent]] = [[report("x")], [report("x"), started("r1")], []]
        for events in wrong:
            with pytest.raises(JournalBroken, match="run-started"):
                store.append("r1", 0, events)
        assert store.runs() == []

    def test_a_run_at_a_glance(self, open_store: Open) -> None:
        store = open_store()
        store.append("r1", 0, [started("r1", at=100.0), report("x")])
        row = RunRow("r1", "deploy", "hotfix/x", "production", "v1.0.1", "v1.0.0", 100.0, operator="ada", last_seq=2)
        assert store.runs() == [row]
        store.append("r1", 2, [ended(4, at=200.0), report("late")])
        (after,) = store.runs()
        assert (after.ended_at, after.code, after.summary, after.last_seq) == (200.0, 4, "ended with 4", 4)

    def test_an_ended_run_that_is_gone_on_with_has_not_ended(self, open_store: Open) -> None:
        store = open_store()
        store.append("r1", 0, [started("r1"), ended(130)])
        store.append("r1", 2, [StepStarted(at=300.0, step="tests")])
        (row,) = store.runs()
        assert (row.ended_at, row.code, row.summary) == (None, None, "")
        store.append("r1", 3, [ended(0, at=400.0)])
        assert (store.runs()[0].ended_at, store.runs()[0].code) == (400.0, 0)

    def test_runs_are_listed_newest_first(self, open_store: Open) -> None:
        store = open_store()
        for run, at in (("b", 200.0), ("a", 100.0), ("d", 300.0), ("c", 300.0)):
            store.append(run, 0, [started(run, at=at)])
        assert [row.run for row in store.runs()] == ["c", "d", "b", "a"]
        assert [row.run for row in store.runs(limit=2)] == ["c", "d"]
        assert store.runs(limit=0) == []

    def test_finds_the_run_that_is_meant(self, open_store: Open) -> None:
        store = open_store()
        with pytest.raises(UsageError, match="no run yet"):
            store.find()
        for run, at in (("r-1", 1.0), ("r-12", 2.0), ("r-2%", 3.0)):
            store.append(run, 0, [started(run, at=at)])
        found = [store.find(which) for which in ("last", "r-1", "r-12", "r-2", "r-2%")]
        assert found == ["r-2%", "r-1", "r-12", "r-2%", "r-2%"]
        with pytest.raises(UsageError, match="several") as several:
            store.find("r-")
        assert several.value.detail == "r-2%, r-12, r-1"
        for which in ("x", "%", "", "r-_"):
            with pytest.raises(UsageError, match="no run"):
                store.find(which)

    def test_requests_wait_until_the_holder_has_received_them(self, open_store: Open) -> None:
        holder, other = open_store(), open_store()
        holder.append("r1", 0, [started("r1")])
        holder.append("r2", 0, [started("r2")])
        first, second = asking("z"), asking("a", at=140.0, verb="abort")
        for request in (first, second, first):
            other.ask("r1", request)
        assert holder.requests("r1") == [first, second]
        assert holder.requests("r2") == []
        holder.append("r1", 1, [received("z")])
        assert holder.requests("r1") == other.requests("r1") == [second]
        other.ask("r1", first)
        assert holder.requests("r1") == [second]

    def test_nobody_can_ask_a_run_that_is_not(self, open_store: Open) -> None:
        with pytest.raises(UsageError, match="no run r9"):
            open_store().ask("r9", asking("a"))

    def test_another_thread_than_the_one_that_opened_it_may_use_it(self, open_store: Open) -> None:
        store, seen = open_store(), []

        def work() -> None:
            store.append("r1", 0, [started("r1")])
            seen.append(len(store.events("r1")))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert seen == [1]
        assert len(store.events("r1")) == 1

    @pytest.mark.slow
    def test_of_several_writers_of_a_run_one_gets_through(self, open_store: Open) -> None:
        store = open_store()
        store.append("r1", 0, [started("r1")])
        codes = at_once(append_until_refused, [(open_store, "r1", f"w{n}", 1, 50) for n in range(3)])
        seqs, events = zip(*store.events("r1"), strict=True)
        writers = {event.line.text.split()[0] for event in events[1:]}
        assert seqs == tuple(range(1, 52))
        assert len(writers) == 1
        assert sorted(map(str, codes)) == ["0", "3", "3"]

    @pytest.mark.slow
    def test_many_processes_begin_write_and_ask_at_once(self, open_store: Open) -> None:
        codes = at_once(whole_runs, [(open_store, f"p{n}", 10) for n in range(4)])
        assert codes == [0] * 4
        store = open_store()
        assert len(store.runs()) == 40
        assert all((row.code, row.last_seq) == (0, 4) for row in store.runs())
        asked = [(open_store, "p0-0", f"a{n}", 10) for n in range(3)]
        assert at_once(ask_many, asked) == [0] * 3
        assert len(store.requests("p0-0")) == 30

    @pytest.mark.slow
    def test_a_killed_writer_leaves_whole_batches_and_others_go_on(self, open_store: Open) -> None:
        store = open_store()
        store.append("r1", 0, [started("r1")])
        for _ in range(3):
            before = len(store.events("r1"))
            victim: SpawnProcess = SPAWN.Process(target=append_pairs_from, args=(open_store, "r1", before))
            victim.start()
            wait_for(lambda enough=before + 40: len(store.events("r1")) > enough, "the writer to write")  # type: ignore[misc]
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGKILL)
            victim.join()
            wait_for(lambda: appends_pair(store, "r1"), "what the victim has written to be there")
            seqs = [seq for seq, _ in store.events("r1")]
            assert seqs == list(range(1, len(seqs) + 1))
            assert len(seqs) % 2 == 1  # the start, and pairs
            assert store.runs()[0].last_seq == len(seqs)
