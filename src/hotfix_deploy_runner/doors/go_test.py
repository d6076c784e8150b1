"""Test reports as `go test -json` prints them: an event a line (`go doc test2json`).

Every test counts, the one around subtests too, as in `go test -v`. A test that began and did not end has failed (a
time limit ends all of a package's tests so); a package that fails without one of its tests is a case of its own (it
does not build, or `TestMain` ends it).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from .tally import Case, Outcome, Tally, UnreadableReport

_ENDED = {"pass": Outcome.PASSED, "skip": Outcome.SKIPPED, "fail": Outcome.FAILED}
_FRAMES = ("=== ", "--- ", "FAIL", "ok  \t", "exit status ", "# ")
"""What go writes around the words of a test; since 1.25 it is marked as a frame as well."""

_Place = tuple[str, str]
"""A package and a test of it; without one the package itself, or what was built for it."""


class _Event(msgspec.Struct, frozen=True, rename="pascal"):
    """One line. `failed_build` is the build for want of which a package failed, `import_path` what was built."""

    action: str
    package: str = ""
    test: str = ""
    output: str = ""
    output_type: str = ""
    import_path: str = ""
    failed_build: str = ""

    @property
    def place(self) -> _Place:
        return self.package or self.import_path, self.test


def is_one(content: bytes) -> bool:
    """Whether this is meant to be such a report: it begins with an object of JSON."""
    return content.lstrip().startswith(b"{")


def read(content: bytes) -> Tally:
    """The cases, in the order in which they ended. Raises `UnreadableReport` for a line that is no event."""
    events = [*_events(content)]
    said = _said(events)
    places = [*_ended(events), *((place, Outcome.FAILED) for place in _unfinished(events))]
    tests = [Case("::".join(place), outcome, _message(said, place, outcome)) for place, outcome in places]
    failed = {place[0] for place, outcome in places if outcome is Outcome.FAILED}
    alone = (event for event in events if event.action == "fail" and not event.test and event.package not in failed)
    packages = [
        Case(event.package, Outcome.FAILED, _message(said, (event.failed_build or event.package, ""), Outcome.FAILED))
        for event in alone
    ]
    return Tally((*tests, *packages))


def _events(content: bytes) -> Iterator[_Event]:
    """The events. Other lines are passed over: what a test starts may write to the same output."""
    for number, line in enumerate(content.splitlines(), start=1):
        if line.startswith(b"{"):
            try:
                yield msgspec.json.decode(line, type=_Event)
            except msgspec.MsgspecError as error:
                raise UnreadableReport(f"line {number} is no event of go test -json: {error}") from error


def _said(events: Iterable[_Event]) -> Mapping[_Place, list[_Event]]:
    """What each test, package and build wrote in its own words."""
    said: dict[_Place, list[_Event]] = defaultdict(list)
    for event in events:
        framed = event.output_type == "frame" or event.output.startswith(_FRAMES)
        if event.action in ("output", "build-output") and event.output.strip() and not framed:
            said[event.place].append(event)
    return said


def _ended(events: Iterable[_Event]) -> Iterator[tuple[_Place, Outcome]]:
    return ((event.place, _ENDED[event.action]) for event in events if event.test and event.action in _ENDED)


def _unfinished(events: Iterable[_Event]) -> Iterator[_Place]:
    begun = Counter(event.place for event in events if event.action == "run")
    return (begun - Counter(place for place, _ in _ended(events))).elements()


def _message(said: Mapping[_Place, list[_Event]], place: _Place, outcome: Outcome) -> str:
    """The first line of its failure, where that can be told from what else it wrote; else the first line."""
    lines = said.get(place, [])
    if outcome is Outcome.PASSED or not lines:
        return ""
    telling = (line for line in lines if line.output_type == "error" or line.output.startswith("panic: "))
    return next(telling, lines[0]).output.strip()
