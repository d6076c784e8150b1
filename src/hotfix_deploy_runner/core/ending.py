"""How a run ends, and the exit code that says so."""

from enum import IntEnum

import msgspec


class ExitCode(IntEnum):
    """The interface that scripts rely on (README, "Exit codes")."""

    DONE = 0
    BUG = 1
    USAGE = 2
    STOPPED = 3
    ROLLED_BACK = 4
    NEEDS_HUMAN = 5
    UNPROVEN = 6
    HELD = 7
    INTERRUPTED = 130
    TERMINATED = 143


class Ending(msgspec.Struct, frozen=True):
    """The last word of a run: its code, what happened in one sentence, what production runs now, what to do next.

    `next_step` is a command to type, or empty when there is nothing to do. `unfinished` runs can be gone on with.
    """

    code: int
    summary: str
    production: str
    next_step: str = ""
    unfinished: bool = False
