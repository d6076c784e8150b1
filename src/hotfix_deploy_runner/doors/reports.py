"""The report that a test command left in a file, in whichever of the known forms it is."""

from pathlib import Path

from . import go_test, junit
from .tally import Tally, UnreadableReport

SIZE_LIMIT = 50_000_000
"""Bytes."""


def read(path: Path, tree: Path) -> Tally:
    """The cases in the report at `path`: JUnit XML, or what `go test -json` prints. `tree` is where the tests are.

    Raises `UnreadableReport`: it cannot be opened, is too large (50 MB), or is neither of the two.
    """
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise UnreadableReport(f"it is larger than {SIZE_LIMIT // 1_000_000} MB")
        content = path.read_bytes()
        return go_test.read(content) if go_test.is_one(content) else junit.read(content, tree)
    except (OSError, UnreadableReport) as error:
        raise UnreadableReport(f"{path.name}: {error}") from error
