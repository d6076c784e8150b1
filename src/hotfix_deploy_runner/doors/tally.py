"""What a test run counted, whatever it was told in. What it means is the caller's to say."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

import msgspec


class UnreadableReport(Exception):
    """The file is no report that may be read; the message says why."""


class Outcome(StrEnum):
    """How one test ended, from good to bad."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"


class Case(msgspec.Struct, frozen=True):
    """One test. `message` is the first line of its failure, or why it was skipped."""

    id: str
    outcome: Outcome
    message: str = ""


class Tally(msgspec.Struct, frozen=True):
    """The cases of one or more reports."""

    cases: tuple[Case, ...] = ()

    @property
    def total(self) -> int:
        """How many tests there are, skipped ones included."""
        return len(self.cases)

    @property
    def passed(self) -> int:
        """How many passed; a skipped test did not."""
        return sum(case.outcome is Outcome.PASSED for case in self.cases)

    @property
    def skipped(self) -> int:
        """How many were skipped."""
        return sum(case.outcome is Outcome.SKIPPED for case in self.cases)

    @property
    def failed(self) -> tuple[Case, ...]:
        """Those that failed, or ended in an error."""
        return tuple(case for case in self.cases if case.outcome is Outcome.FAILED)


def together(tallies: Iterable[Tally]) -> Tally:
    """Several runs as one: a test that was in more than one counts once, with its worst outcome."""
    cases: dict[tuple[str, int], Case] = {}
    for tally in tallies:
        seen: Counter[str] = Counter()
        for case in tally.cases:
            key = (case.id, seen[case.id])
            seen[case.id] += 1
            cases[key] = max(cases.get(key, case), case, key=lambda c: list(Outcome).index(c.outcome))
    return Tally(tuple(cases.values()))
