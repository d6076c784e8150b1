"""Totals by instance, differenced against those in the cursor: for sources that learn each instance's totals of now."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ..core.fleet import Fleet, Instance
from ..core.instant import Instant
from ..core.reading import Cursor, Reading, Sample
from ..errors import NoReading
from .counters import Counters, increment
from .portions import FIRST_TIME, Portion, followed

Life = tuple[str, str]
"""An instance's name and its incarnation."""

FOLLOWED = "followed"


class _Kept(msgspec.Struct, frozen=True):
    """What the cursor keeps of one instance. `counters` None: it was there and has never been read."""

    name: str
    incarnation: str
    counters: Counters | None = None


def life(instance: Instance) -> Life:
    """What an instance is known by."""
    return (instance.name, instance.incarnation)


def settle(
    fleet: Fleet,
    cursor: Cursor | None,
    now: Instant,
    answers: Mapping[Life, Counters | str],
    further: Sequence[Portion] = (),
) -> tuple[Reading, Cursor]:
    """The reading since `cursor`, from what each serving instance answered: its totals at `now`, or why there are none.

    All that is known of the past is in the cursor. An instance that is silent keeps its old counters there, so its next
    increment covers the gap. One that was in no fleet before was born since and counts from zero; one that was there
    unread gives its first sample at its second reading. Of `further` metrics that are divided, the values that are
    followed stand in the cursor. Raises `NoReading` when there are no totals at all.
    """
    if not any(isinstance(answer, Counters) for answer in answers.values()):
        raise nothing(fleet.serving, {instance.name: str(answers[life(instance)]) for instance in fleet.serving})
    before = _before(fleet, cursor)
    follow = following(cursor, (one for one in answers.values() if isinstance(one, Counters)), further)
    answers = {one: told if isinstance(told, str) else told.narrowed(follow) for one, told in answers.items()}
    samples, silent = _compare(fleet.serving, before, answers, first=cursor is None)
    reading = Reading(start=cursor.at if cursor else now, end=now, samples=samples, silent=silent)
    return reading, Cursor(
        at=now, state={"instances": _kept(before, answers), **({FOLLOWED: follow} if follow else {})}
    )


def following(
    cursor: Cursor | None, totals: Iterable[Counters], further: Sequence[Portion]
) -> dict[str, tuple[str, ...]]:
    """Which values of the divided metrics are followed from now on; they are kept in the cursor under `FOLLOWED`."""
    return followed(cursor.state.get(FOLLOWED, {}) if cursor else {}, (one.further for one in totals), further)


def sample(instance: Instance, added: Counters) -> Sample:
    """An instance's part of a reading: what was added to its totals."""
    return Sample(
        instance=instance.name,
        incarnation=instance.incarnation,
        version=instance.revision.version,
        requests=added.requests,
        errors=added.errors,
        latency=added.latency,
        further=added.further,
        unread=added.unread,
    )


def nothing(serving: Sequence[Instance], silent: Mapping[str, str]) -> NoReading:
    """That no instance gave a reading, and why not, by name."""
    reasons = [f"{instance.name}: {silent[instance.name]}" for instance in serving]
    if not reasons:
        return NoReading("no instance gave a reading: nothing serves")
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return NoReading(f"no instance gave a reading: {reasons[0]}{more}", detail="\n".join(reasons))


def _before(fleet: Fleet, cursor: Cursor | None) -> dict[Life, Counters | None]:
    """The counters from which every instance of the fleet, in any role, is counted; None: not known."""
    kept = msgspec.convert(cursor.state["instances"], tuple[_Kept, ...]) if cursor else ()
    known = {(one.name, one.incarnation): one.counters for one in kept}
    newborn = Counters() if cursor else None
    return {life(instance): known.get(life(instance), newborn) for instance in fleet.instances}


def _compare(
    serving: Iterable[Instance],
    before: Mapping[Life, Counters | None],
    answers: Mapping[Life, Counters | str],
    *,
    first: bool,
) -> tuple[tuple[Sample, ...], dict[str, str]]:
    """A sample for every instance that can be differenced, and for the others the reason why not."""
    samples: list[Sample] = []
    silent: dict[str, str] = {}
    for instance in serving:
        earlier, answer = before[life(instance)], answers[life(instance)]
        if isinstance(answer, str):
            silent[instance.name] = answer
        elif earlier is not None:
            samples.append(sample(instance, increment(earlier, answer)))
        elif not first:
            silent[instance.name] = FIRST_TIME
    return tuple(samples), silent


def _kept(before: Mapping[Life, Counters | None], answers: Mapping[Life, Counters | str]) -> list[dict[str, object]]:
    """The cursor's JSON: every instance of the fleet with its newest counters."""
    kept = []
    for one, earlier in before.items():
        answer = answers.get(one)
        kept.append(_Kept(*one, counters=answer.after(earlier) if isinstance(answer, Counters) else earlier))
    found: list[dict[str, object]] = msgspec.to_builtins(kept)
    return found
