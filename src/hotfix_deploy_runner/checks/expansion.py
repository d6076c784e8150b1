"""Whether a migration only adds: then the old version goes on working with it, and needs no way back.

Read from its text, by pattern. True is said only where every statement is known to add; anything else is not.
"""

import re
from typing import NamedTuple

from .statements import way_up


class _Language(NamedTuple):
    """How operations are called in a kind of file, and which of them only add. Others of the same look do not."""

    ending: str
    operation: str
    adding: frozenset[str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LANGUAGES = (
    _Language(  # Django
        ".py",
        r"\bmigrations\.([A-Z]\w*)\(",
        _words("CreateModel AddField AddIndex AddIndexConcurrently"),
    ),
    _Language(  # Alembic
        ".py",
        r"\b(?:batch_)?op\.(\w+)\(",
        _words("create_table add_column create_index create_table_comment batch_alter_table f"),
    ),
    _Language(  # Rails
        ".rb",
        r"^\s*((?:create|add|enable|change|remove|drop|rename|execute|reversible|up_only|validate)\w*)\b",
        _words("create_table create_join_table add_column add_index add_reference add_timestamps enable_extension"),
    ),
    *(
        _Language(  # Knex
            ending,
            r"\.(\w*[tT]able\w*|raw|alter|drop\w*|rename\w*|set\w+|del|delete|update|insert)\(",
            _words("createTable createTableIfNotExists alterTable table hasTable"),
        )
        for ending in (".js", ".cjs", ".mjs", ".ts")
    ),
)
_REQUIRED = re.compile(r"\bnullable\s*=\s*False\b|\bnull:\s*false\b|\.notNullable\(|\bNOT\s+NULL\b", re.I)
_DEFAULT = re.compile(r"\bserver_default\b|\bdefault\b|\bDEFAULT\b|\.defaultTo\(|\bGENERATED\b", re.I)

_NAME = r"(?:IF\s+NOT\s+EXISTS\s+)?[\w.\"`\[\]]+"
_ADDING_SQL = re.compile(
    rf"CREATE\s+(?:TABLE|SEQUENCE|SCHEMA|EXTENSION|TYPE|VIEW|MATERIALIZED\s+VIEW)\s+{_NAME}.*"
    rf"|CREATE\s+INDEX\s+(?:CONCURRENTLY\s+)?{_NAME}.*"
    r"|ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?[\w.\"`\[\]]+\s+ADD\s+(?!(?:CONSTRAINT|UNIQUE|PRIMARY|CHECK|FOREIGN)\b)"
    r"(?!.*\b(?:ALTER|DROP|RENAME|MODIFY|CHANGE|UNIQUE|CHECK|CONSTRAINT)\b).*"
    r"|COMMENT\s+ON\s.*|(?:BEGIN|COMMIT|START\s+TRANSACTION|END)\b.*|SET\s+(?:LOCAL\s+)?(?:lock|statement)_timeout\b.*"
    r"|GRANT\s.*",
    re.I | re.S,
)


def only_adds(path: str, text: str) -> bool:
    """Whether the migration at `path` is known to leave everything that the old version uses as it is."""
    body = way_up(text)
    if path.endswith(".sql"):
        return _sql_only_adds(body)
    found = [(language, re.findall(language.operation, body, re.M)) for language in _language_of(path)]
    used = [(language, names) for language, names in found if names]
    return bool(used) and all(_adds(language, names, body) for language, names in used)


def _language_of(path: str) -> list[_Language]:
    return [language for language in _LANGUAGES if path.endswith(language.ending)]


def _adds(language: _Language, names: list[str], body: str) -> bool:
    """A column that old code does not know of and may not leave out breaks its inserts, unless a default helps."""
    if not language.adding.issuperset(names):
        return False
    adds_columns = any(name in body for name in ("add_column", "AddField", "alterTable", ".table("))
    # Django's fields are required unless they say otherwise, and its defaults are not the database's.
    if "AddField" in names:
        return "null=True" in body or "db_default" in body
    return not (adds_columns and _REQUIRED.search(body) and not _DEFAULT.search(body))


def _sql_only_adds(body: str) -> bool:
    if "$$" in body:  # a body of code: its semicolons are not statements' ends
        return False
    statements = [statement.strip() for statement in body.split(";") if statement.strip()]
    return bool(statements) and all(_statement_adds(statement) for statement in statements)


def _statement_adds(statement: str) -> bool:
    if not _ADDING_SQL.fullmatch(statement):
        return False
    alters = re.match(r"ALTER\b", statement, re.I) is not None
    return not (alters and _REQUIRED.search(statement) and not _DEFAULT.search(statement))
