"""Whether the journal's file is whole. It is only read."""

import sqlite3
from contextlib import closing
from pathlib import Path


def damage(path: Path) -> tuple[str, ...]:
    """What `PRAGMA integrity_check` finds wrong (https://www.sqlite.org/pragma.html#pragma_integrity_check).

    Empty for a whole journal, and for one that there is not yet.
    """
    if not path.exists():
        return ()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
    except sqlite3.Error as error:
        return (str(error),)
    return () if found == ["ok"] else tuple(found)
