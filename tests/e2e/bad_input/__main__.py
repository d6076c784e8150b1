"""`python -m tests.e2e.bad_input [WORD…]`: try every case (or those with a word in their name), and print the table.

Ends with 1 when one did not come out as it has to.
"""

import sys
import tempfile
from pathlib import Path

from tests.e2e.bad_input.case import Result, carry_out
from tests.e2e.bad_input.table import CASES, markdown
from tests.e2e.bad_input.world import World


def main() -> int:
    words = sys.argv[1:]
    chosen = [case for case in CASES if not words or any(word in case.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="bad-input-") as folder:
        world = World(Path(folder))
        try:
            world.build()
            results = [carry_out(case, world) for case in chosen]
        finally:
            world.close()
    print(markdown(results))
    return int(not all(map(as_expected, results)))


def as_expected(result: Result) -> bool:
    return bool(result.line) and (result.code, result.after) == (result.case.code, result.case.after)


if __name__ == "__main__":
    sys.exit(main())
