"""What a person sees when something fails, and the exit code that goes with it. Without click, which is slow."""

import functools
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

from ..core.exit_code import ExitCode
from ..errors import HotfixError

Function = TypeVar("Function", bound=Callable[..., object])


def tells_errors(function: Function) -> Function:
    """Let `function` end with the message, the next step and the exit code of a `HotfixError` it raises.

    Ctrl-C ends it with 130: before a run has begun, and after its end.
    """

    @functools.wraps(function)
    def wrapped(*args: object, **kwargs: object) -> object:
        try:
            return function(*args, **kwargs)
        except HotfixError as error:
            fail(error)
        except KeyboardInterrupt:
            _tell("Interrupted.\nNext: hotfix-deploy-runner status")
            sys.exit(ExitCode.INTERRUPTED)

    return wrapped  # type: ignore[return-value]


def fail(error: HotfixError) -> NoReturn:
    """Say what failed, what was seen and what to do, on standard error; end with the error's code."""
    _tell(f"Error: {error.message}")
    for line in error.detail.splitlines():
        _tell(f"       {line}")
    if error.exit_code in (2, 3):
        _tell("Nothing was deployed: what runs is untouched.")
    if error.next_step:
        _tell(f"Next: {error.next_step}")
    sys.exit(error.exit_code)


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
