"""The unit of work: a node in the graph of a run."""

from enum import StrEnum
from typing import Any

import msgspec

StepId = str
"""Readable and stable across resumes: `tests`, `batch:production/api:2`."""


class Phase(StrEnum):
    """The headings of the narration, in their order."""

    PREFLIGHT = "Pre-flight checks"
    STAGING = "Staging deployment"
    PRODUCTION = "Production deployment"
    VALIDATION = "Post-deploy validation"
    FIRST = "First deployment"
    ROLLBACK = "Rollback"
    AFTERWARDS = "Afterwards"


class Course(StrEnum):
    """Where a run is heading. LEAVE: interrupted, or taken over; everything is left as it is."""

    FORWARD = "forward"
    BACK = "back"
    FINISH = "finish"
    LEAVE = "leave"


class Step(msgspec.Struct, frozen=True):
    """One thing to do: declared, so that it can be done again after a crash.

    `does` names who performs it, `args` says with what. It starts when all of `waits_for` have passed, and never
    beside a running step that shares something in `touches` (`git`, `platform:production/api`).
    `judged` steps are never started: `decide` ends them itself, from what was read.
    `background` steps do not hold up the end of a run; they run until they are stopped.
    `course` says on which way of the run it is done: forward, on the way back, or at the end whatever happened.
    """

    id: StepId
    does: str
    phase: Phase
    waits_for: frozenset[StepId] = frozenset()
    touches: frozenset[str] = frozenset()
    args: dict[str, Any] = {}
    judged: bool = False
    background: bool = False
    course: Course = Course.FORWARD


class Ended(StrEnum):
    """How a step ended. STOPPED: it was told to, and drained. All but FAILED and STOPPED let others go on."""

    PASSED = "passed"
    FAILED = "failed"
    STOPPED = "stopped"
