"""How a run ends, with the exit code that says so."""

import msgspec

from .exit_code import ExitCode

__all__ = ["Ending", "ExitCode"]


class Ending(msgspec.Struct, frozen=True):
    """The last word of a run: its code, what happened in one sentence, what production runs now, what to do next.

    `next_step` is a command to type, or empty when there is nothing to do. `unfinished` runs can be gone on with.
    """

    code: int
    summary: str
    production: str
    next_step: str = ""
    unfinished: bool = False
