"""What in a migration cannot be taken back, or holds a lock while the service runs. Read from its text, by pattern.

It is a list of well-known statements, not a parser of SQL: it names what a person should look at, and an empty
answer is no promise. The locks are PostgreSQL's (manual, "ALTER TABLE", "CREATE INDEX", "Explicit Locking").
"""

import re
from collections.abc import Mapping

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|^\s*#[^\n]*", re.S | re.M)
# What undoes a migration is left out: a rollback never runs it.
_WAY_DOWN = re.compile(
    r"^def downgrade\b.*?(?=^\S|\Z)"  # Alembic
    r"|^[ \t]*def (?:self\.)?down\b.*?^[ \t]*end\b"  # Rails
    r"|^-- \+(?:goose|migrate) Down.*?(?=^-- \+(?:goose|migrate) Up|\Z)"
    r"|^-- migrate:down.*?(?=^-- migrate:up|\Z)"  # dbmate
    r"|^(?:exports\.down\b|export (?:async )?function down\b).*?(?=^export|\Z)"  # Knex
    r"|^    public function down\b.*?^    \}",  # Laravel
    re.S | re.M,
)

_IRREVERSIBLE: Mapping[str, str] = {
    "drops a table": r"\bDROP\s+TABLE\b|\bdrop_table\b|\bdropTable\b|\bDeleteModel\b",
    "drops a column": r"\bDROP\s+COLUMN\b|\bdrop_column\b|\bdropColumn\b|\bremove_column\b|\bRemoveField\b",
    "drops a schema or database": r"\bDROP\s+(?:SCHEMA|DATABASE)\b",
    "empties a table": r"\bTRUNCATE\b",
    "deletes or changes rows": r"\bDELETE\s+FROM\b|\bUPDATE\s+[\w.\"]+\s+SET\b|\bRunPython\b",
    "renames": r"\bRENAME\s+(?:TO|COLUMN)\b|\brename_(?:table|column)\b|\brename(?:Table|Column)\b"
    r"|\bRename(?:Field|Model)\b",
}
_LOCKING: Mapping[str, str] = {
    "builds an index under a lock": r"\bCREATE\s+(?:UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY)|\bAddIndex\b"
    r"|\b(?:create_index|add_index)\b(?![^\n]*concurrently)",
    "changes a column's type": r"\bALTER\s+COLUMN\s+\S+\s+(?:SET\s+DATA\s+)?TYPE\b|\bAlterField\b|\bchange_column\b"
    r"|\balter_column\([^)]*\btype_\s*=",
    "makes a column required": r"\bSET\s+NOT\s+NULL\b|\bnullable\s*=\s*False\b",
    "locks a table": r"\bLOCK\s+TABLE\b",
    "rewrites a table": r"\bVACUUM\s+FULL\b|\bCLUSTER\s+\w",
}


def irreversible(text: str) -> tuple[str, ...]:
    """What in a migration's `text` a rollback of the code cannot take back, in words."""
    return _seen(_IRREVERSIBLE, text)


def locking(text: str) -> tuple[str, ...]:
    """What in a migration's `text` holds a lock that queries wait for, in words."""
    return _seen(_LOCKING, text)


def without_way_down(text: str) -> str:
    """A migration's `text` with what undoes it blanked out; every line keeps its number."""
    return _WAY_DOWN.sub(lambda match: "\n" * match[0].count("\n"), text)


def way_up(text: str) -> str:
    """What a migration's `text` does on its way up, without comments."""
    return _COMMENT.sub(" ", without_way_down(text))


def _seen(patterns: Mapping[str, str], text: str) -> tuple[str, ...]:
    return tuple(words for words, pattern in patterns.items() if re.search(pattern, way_up(text), re.I))
