"""What the traffic's log says: pure functions on its answers."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from ..core.instant import Instant


class Answer(msgspec.Struct, frozen=True):
    """One request and what came of it.

    `t` is the instant at which it was due, `ms` the milliseconds from then to its answer. `status` is 0 when there
    was none; `version` is what the answering instance said of itself, empty when nobody did. `tries` is 2 when a 503
    with Retry-After was followed by another try, as clients do; the rest is about the last try.
    """

    t: Instant
    kind: str
    status: int
    version: str = ""
    ms: float = 0.0
    tries: int = 1
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether the customer got no answer, or one that the server is to blame for."""
        return self.status == 0 or self.status >= 500

    @property
    def until(self) -> Instant:
        """The instant at which the answer was there, or given up."""
        return self.t + self.ms / 1000


class Summary(msgspec.Struct, frozen=True):
    """The figures of some answers. `first_failed` is an instant or None, `versions` and `statuses` are counts."""

    sent: int
    failed: int
    retried: int
    first_failed: Instant | None
    versions: dict[str, int]
    statuses: dict[int, int]


def parse(text: str) -> tuple[Answer, ...]:
    """The answers in a log, one JSON object a line, in order of their being due. A last line cut short is left out."""
    *whole, _ = text.split("\n")
    return tuple(sorted((msgspec.json.decode(line, type=Answer) for line in whole if line), key=lambda a: a.t))


def between(answers: Iterable[Answer], start: Instant, end: Instant) -> tuple[Answer, ...]:
    """Those that were due from `start` on and before `end`."""
    return tuple(answer for answer in answers if start <= answer.t < end)


def failures(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Those that failed."""
    return tuple(answer for answer in answers if answer.failed)


def first_failed(answers: Iterable[Answer]) -> Answer | None:
    """The failed answer that was there first, None when none failed."""
    return min(failures(answers), key=lambda answer: answer.until, default=None)


def by_version(answers: Iterable[Answer]) -> dict[str, tuple[Answer, ...]]:
    """The answers of each version, in the order in which the versions were met; `""` for those that nobody gave."""
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.version, []).append(answer)
    return {version: tuple(group) for version, group in found.items()}


def summary(answers: Sequence[Answer]) -> Summary:
    """The figures of all of them."""
    first = first_failed(answers)
    return Summary(
        sent=len(answers),
        failed=len(failures(answers)),
        retried=sum(answer.tries > 1 for answer in answers),
        first_failed=None if first is None else first.until,
        versions=dict(Counter(answer.version for answer in answers)),
        statuses=dict(Counter(answer.status for answer in answers)),
    )
