"""A case: how an input is made bad, and what has to come of it. Carrying one out tells what did come of it."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from enum import StrEnum
from typing import NamedTuple

from tests.e2e.bad_input.world import OLD, Ran, Seen, World


class After(StrEnum):
    """What production runs when it is over."""

    UNTOUCHED = "untouched"
    """The very same processes of the old version."""
    RESTORED = "restored"
    """The old version everywhere, in other processes or the same."""
    NEW = "new"
    """The new version everywhere: what was bad is no reason to go back."""


class Typed(NamedTuple):
    """What the operator types, and the variables that are set then."""

    command: list[str]
    env: Mapping[str, str] = {}


Make = Callable[[World, ExitStack], Typed]
"""Makes an input bad, and says what is typed then. What it lets the stack close is undone after the case."""


def nothing_more(world: World, ran: Ran) -> None:
    """Message, code and production are all."""


class Case(NamedTuple):
    """`message` is a piece of what the operator reads; `also` asserts what else has to hold."""

    name: str
    make: Make
    message: str
    code: int
    after: After = After.UNTOUCHED
    also: Callable[[World, Ran], None] = nothing_more


class Result(NamedTuple):
    """What came of a case: the line with the message (empty when nobody has read it), code, production."""

    case: Case
    line: str
    code: int
    after: After | None
    instances: int
    told: str


def carry_out(case: Case, world: World) -> Result:
    """Make it bad, type it, look at production; then have the old version there again."""
    before = world.production()
    with ExitStack() as undo:
        typed = case.make(world, undo)
        ran = world.run(*typed.command, env=typed.env)
        seen = world.production()
        case.also(world, ran)
    line = next((line.strip() for line in ran.told.splitlines() if case.message in line), "")
    if {one.version for one in seen} != {OLD}:
        world.restore("production")
    return Result(case, line.replace(str(world.folder), "…"), ran.code, _after(before, seen), len(seen), ran.told)


def _after(before: frozenset[Seen], now: frozenset[Seen]) -> After | None:
    """None for a fleet that is mixed, or has not its size."""
    versions = {one.version for one in now}
    if now == before:
        return After.UNTOUCHED
    if len(now) != len(before) or len(versions) != 1:
        return None
    return After.RESTORED if versions == {OLD} else After.NEW
