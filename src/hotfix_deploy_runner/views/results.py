"""What an exit code says of a run that has ended."""

from ..core.exit_code import ExitCode

RESULTS = {
    ExitCode.DONE: "done",
    ExitCode.BUG: "failed by a bug",
    ExitCode.USAGE: "refused",
    ExitCode.STOPPED: "stopped",
    ExitCode.ROLLED_BACK: "rolled back",
    ExitCode.NEEDS_HUMAN: "needs a human",
    ExitCode.UNPROVEN: "live, unproven or unfinished",
    ExitCode.HELD: "held off",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "interrupted",
}
"""What an exit code says of a run."""


def result(code: int) -> str:
    """An exit code with its meaning: `4 rolled back`."""
    return f"{int(code)} {RESULTS[ExitCode(code)]}" if code in set(ExitCode) else str(code)
