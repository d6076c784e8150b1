"""The exit codes. By themselves, so that a command that answers at once imports nothing else for them."""

from enum import IntEnum


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
