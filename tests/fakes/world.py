"""A pure simulator of a world that obeys `decide`. No clock, no process: what happens next is read off a tape.

It stands for the shell, the platforms, the metrics source and the people. It performs started steps, ends them in the
order that the tape says, measures, and brings trouble at a chosen moment. Every decision is held to the `laws`, every
event goes through JSON, and the fleets are counts of instances on the new revision, a count per platform.
"""

from collections.abc import Callable, Iterable
from functools import partial

import msgspec
from tests.fakes import laws
from tests.fakes.dials import REQUESTS, Dials, measure

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.decide import Decision, decide
from hotfix_deploy_runner.core.ending import Ending
from hotfix_deploy_runner.core.events import (
    AnyEvent,
    Interrupted,
    ReadingMissed,
    ReadingTaken,
    RequestReceived,
    Resumed,
    RunStarted,
    StepEnded,
    StepReported,
    StepStarted,
    Verb,
    from_json,
    to_json,
)
from hotfix_deploy_runner.core.reading import Cursor
from hotfix_deploy_runner.core.run import apply, begin, fold
from hotfix_deploy_runner.core.step import Ended, Step, StepId

MOST_HAPPENINGS = 3_000
MOST_DECISIONS_AT_ONCE = 12
LATE = 0.3
"""Seconds that a reading takes to come after it was due."""


Moment = Callable[["World"], bool]
"""Whether it has come."""


def never(_world: "World") -> bool:
    """No moment."""
    return False


def after(happenings: int) -> Moment:
    """From the moment on when so many things have happened."""
    return lambda world: world.happenings >= happenings


class Trouble(msgspec.Struct, frozen=True):
    """What goes wrong, and when.

    `fails`: steps that end badly, as `badly` says and without a line where `silently`. While `bad`, half of the new
    version's requests fail; while `blind`, no reading comes; while `quiet`, nobody asks for anything. Once `strikes`
    the `strike` comes: a verb that somebody asks for, or the name of a signal. Once it `dies`, the process that drives
    the run is gone with all that it had under way, and after `gap` seconds another one goes on.
    """

    fails: frozenset[StepId] = frozenset()
    badly: Ended = Ended.FAILED
    silently: bool = False
    bad: Moment = never
    blind: Moment = never
    quiet: Moment = never
    strikes: Moment = never
    strike: str = "rollback"
    dies: Moment = never
    gap: float = 60.0


class World:
    """One run from its first event to its end.

    `tape` is read a number at a time: which of the things that can happen next, happens. First come the ends of what is
    under way, last (-1) that time passes. Past the tape's end the first always happens, and that leads on, so that
    every run ends. After `live`, look at `events`, `run` and the fleets.
    """

    def __init__(self, beginning: RunStarted, tape: Iterable[int] = (), trouble: Trouble | None = None) -> None:
        self.trouble = trouble or Trouble()
        self.events: list[AnyEvent] = [beginning]
        self.run = begin(beginning)
        self.now = beginning.at
        target = beginning.facts.environments[beginning.request.target]
        self.dials = Dials({found.name: len(found.fleet.serving) for found in target})
        self.happenings = 0
        self.touched_when_struck: bool | None = None
        self.died = False
        self._tape = iter(tape)
        self._stopping: set[StepId] = set()
        self._read_at = self.now

    @property
    def versions(self) -> set[str]:
        """Which of `old` and `new` serve somewhere in the target."""
        return self.dials.versions

    def live(self) -> Ending:
        """Obey `decide` until the run is over."""
        while self.happenings < MOST_HAPPENINGS:
            decision = self._obey()
            if decision.over is not None:
                assert fold(self.events) == self.run, "the fold and the run that was kept up to date differ"
                return decision.over
            self._let_happen(decision)
        raise AssertionError("the run does not end")

    def resume(self) -> None:
        """Another process takes the run up, after the gap. What was ordered of the fleets by then stays ordered."""
        self.now += self.trouble.gap
        self._stopping.clear()
        self._append(Resumed(at=self.now, by="bob", host="h2", fence=self.run.facts.fence + 1))

    def _obey(self) -> Decision:
        """Record and start until there is nothing to do but wait."""
        for _ in range(MOST_DECISIONS_AT_ONCE):
            decision = decide(self.run, self.now)
            assert decide(self.run, self.now) == decision, "the same run at the same time is decided differently"
            laws.hold(self.run, decision, self.now)
            self._stopping |= set(decision.stop)
            for event in decision.record:
                self._append(event)
            for step in decision.start:
                self._append(StepStarted(at=self.now, step=step.id))
                self._begin(step)
            if not decision.record and not decision.start:
                return decision
        raise AssertionError("it goes on deciding without letting anything happen")

    def _append(self, event: AnyEvent) -> None:
        assert from_json(to_json(event)) == event, "an event does not survive JSON"
        self.events.append(event)
        self.run = apply(self.run, event)

    def _let_happen(self, decision: Decision) -> None:
        self.happenings += 1
        if self.touched_when_struck is None and self.trouble.strikes(self):
            self._strike()
            return
        if not self.died and self.trouble.dies(self):
            self.died = True
            self.resume()
            return
        possible = self._possible(decision)
        possible[next(self._tape, 0) % len(possible)]()

    def _possible(self, decision: Decision) -> list[Callable[[], None]]:
        working = [p.step for p in self.run.running if not p.step.background or p.step.id in self._stopping]
        watching = any(p.step.does == "watch" and p.step.id not in self._stopping for p in self.run.running)
        moving = [step for step in working if self.dials.left(step)]
        possible: list[Callable[[], None]] = [partial(self._end, step) for step in working]
        possible += [partial(self._shift_one, step) for step in moving]
        possible += [partial(self._report, step) for step in working]
        if watching or decision.wake is not None:
            possible.append(partial(self._pass_time, decision, watching))
        return possible

    def _pass_time(self, decision: Decision, watching: bool) -> None:
        """To the next reading, or to when `decide` wants to be asked again, whichever comes first."""
        due = self._read_at + self.run.policy.watching.interval + LATE if watching else float("inf")
        wake = decision.wake if decision.wake is not None else float("inf")
        self.now = max(self.now, min(due, wake))
        if due <= wake:
            self._read()

    def _strike(self) -> None:
        strike = self.trouble.strike
        self.touched_when_struck = self.run.touched
        if strike.startswith("SIG"):
            self._append(Interrupted(at=self.now, signal=strike))
        else:
            verb = msgspec.convert(strike, Verb)
            self._append(RequestReceived(at=self.now, request="q1", verb=verb, by="bob"))

    def _begin(self, step: Step) -> None:
        """What has to be true of the fleets when `step` begins."""
        if step.does == "batch":
            again = self.run.steps[step.id].again
            assert again or self.dials.left(step) > 0, f"{step.id} does not turn the dial up"
        if step.does in ("merge", "settle", "delete-branch", "probes"):
            assert self.versions == {"new"}, f"{step.id} begins on a fleet that is not new"
        if step.id == "mark" and self.run.request.action == "deploy":
            assert self.versions == {"old"}, "marked as rolled back, and it is not"

    def _end(self, step: Step) -> None:
        """A step ends: badly if it is to fail, as stopped if it was stopped before all was done, else well."""
        self._tick()
        if step.id in self.trouble.fails:
            lines = () if self.trouble.silently else (Line(Status.FAIL, f"{step.id} failed"),)
            self._append(StepEnded(at=self.now, step=step.id, ended=self.trouble.badly, lines=lines))
        elif step.id in self._stopping and not (step.does == "batch" and self.dials.left(step) == 0):
            self._append(StepEnded(at=self.now, step=step.id, ended=Ended.STOPPED))
        else:
            if self.dials.left(step):
                self.dials.shift_all(step)
            found = self._found(step)
            lines = (Line(Status.OK, f"{step.id} done"),)
            self._append(StepEnded(at=self.now, step=step.id, ended=Ended.PASSED, lines=lines, found=found))

    def _found(self, step: Step) -> dict[str, object]:
        if step.does == "observe":
            return {name: new == 0 for name, new in self.dials.new.items()}
        if step.does == "batch":
            return {"incarnations": self.dials.incarnations(step.args["platform"], self.run.facts.old, self.run.new)}
        return {"artifact": "sha256:new"} if step.does in ("build", "artifact") else {}

    def _report(self, step: Step) -> None:
        self._tick()
        self._append(StepReported(at=self.now, step=step.id, line=Line(Status.OK, f"{step.id} goes on")))

    def _shift_one(self, step: Step) -> None:
        """An instance changes sides while the step goes on: a fleet seen from outside."""
        self._tick()
        self.dials.shift_one(step)

    def _tick(self) -> None:
        self.now += 0.01

    def _read(self) -> None:
        fleet = self.dials.fleet(self.run.facts.old, self.run.new)
        start, self._read_at = self._read_at, self.now
        if self.trouble.blind(self):
            self._append(ReadingMissed(at=self.now, why="no answer", fleet=fleet))
            return
        bad = self.run.new if self.trouble.bad(self) else None
        reading = measure(fleet, start, self.now, bad, 0 if self.trouble.quiet(self) else REQUESTS)
        self._append(ReadingTaken(at=self.now, reading=reading, cursor=Cursor(self.now, {}), fleet=fleet))
