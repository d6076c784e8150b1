"""Who contends for an environment, over whatever the lock is kept in."""

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Lost(NamedTuple):
    """What the loser is told, and the code that its run ends with."""

    message: str
    code: int


class Contender(Protocol):
    """One of several that want the same environment. It lives in a process of its own."""

    def acquire(self) -> Lost | None:
        """Try once; None when the environment is its own now. May raise: then the round has not gone well."""
        ...

    def release(self) -> None:
        """Give it back. Called after an `acquire` that won, when all the others have lost."""
        ...


Maker = Callable[[str], Contender]
"""Makes the contender of that name, in the process that is to have it. It is pickled on the way there."""
