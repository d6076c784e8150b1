"""Which refs of the remote hold what.

    <room>lock/<environment>          a commit with lock.json
    <room>runs/<run>                  a commit with the run's events, in chunks
    <room>requests/<run>/<id>         a commit with request.json; made once, removed by the run's holder

`room` is `refs/hotfix/` unless the host takes only branches.
"""

import re
from urllib.parse import unquote

import msgspec

from ...core.facts import Environment
from ...journal.rows import RunId

_PLAIN = re.compile(rb"[A-Za-z0-9_-]")


class Names(msgspec.Struct, frozen=True):
    """The names in `room`, a beginning of refs that ends in `/` or `-`."""

    room: str = "refs/hotfix/"

    def lock(self, environment: Environment) -> str:
        """The lock of an environment."""
        return f"{self.room}lock/{quoted(environment)}"

    @property
    def locks(self) -> str:
        """A pattern for all locks."""
        return f"{self.room}lock/*"

    def environment(self, ref: str) -> Environment:
        """Whose lock `ref` is."""
        return unquote(ref.removeprefix(f"{self.room}lock/"))

    def run(self, run: RunId) -> str:
        """A run's events."""
        return f"{self.room}runs/{quoted(run)}"

    @property
    def runs(self) -> str:
        """A pattern for all runs."""
        return f"{self.room}runs/*"

    def run_of(self, ref: str) -> RunId:
        """Whose events `ref` is."""
        return unquote(ref.removeprefix(f"{self.room}runs/"))

    def request(self, run: RunId, identity: str) -> str:
        """A request to a run."""
        return f"{self.room}requests/{quoted(run)}/{quoted(identity)}"

    def requests(self, run: RunId) -> str:
        """A pattern for all requests to a run."""
        return f"{self.room}requests/{quoted(run)}/*"


def quoted(name: str) -> str:
    """`name` as one part of a ref (git-check-ref-format(1)): what is not plain as %XX, dots among it."""
    return "".join(
        chr(byte) if _PLAIN.match(bytes([byte])) else f"%{byte:02X}" for byte in name.encode("utf-8", "surrogateescape")
    )
