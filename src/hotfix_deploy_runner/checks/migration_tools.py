"""Which tool a migration belongs to, by where it lies and what stands in it. Pure."""

import re
from collections.abc import Callable
from typing import NamedTuple

from .globs import Globs

PLAIN = "plain SQL"
UNKNOWN = "unknown tool"


class _Tool(NamedTuple):
    """A tool: the paths of its migrations, a word that stands in each, and a file beside or above them that tells it.

    Empty `word` and `beside`: the path is enough.
    """

    name: str
    paths: tuple[str, ...]
    word: str = ""
    beside: str = ""


_SCRIPTS = ("**/migrations/**/*.js", "**/migrations/**/*.cjs", "**/migrations/**/*.mjs", "**/migrations/**/*.ts")
_TOOLS = (
    _Tool("Alembic", ("**/versions/**/*.py",), r"\balembic\b|\bdown_revision\b|\bop\.\w+\("),
    _Tool("Alembic", ("**/alembic*/versions/*.py", "**/migrations/versions/*.py")),
    _Tool("Django", ("**/migrations/**/*.py",), r"\bdjango\b"),
    _Tool("Django", ("**/migrations/[0-9][0-9][0-9][0-9]_*.py",)),
    _Tool("Rails", ("**/db/migrate/*.rb", "**/db/*_migrate/*.rb")),
    _Tool("Liquibase", ("**/*.sql",), r"^--\s*liquibase formatted sql"),
    _Tool("goose", ("**/*.sql",), r"^-- \+goose Up\b"),
    _Tool("goose", ("**/migrations/**/*.go",), r"\bgoose\."),
    _Tool("sql-migrate", ("**/*.sql",), r"^-- \+migrate Up\b"),
    _Tool("dbmate", ("**/*.sql",), r"^-- migrate:up\b"),
    _Tool("Prisma", ("**/migrations/*/migration.sql",)),
    _Tool("Flyway", ("**/[VUB][0-9]*__*.sql", "**/R__*.sql")),
    _Tool("golang-migrate", ("**/*.up.sql", "**/*.down.sql")),
    _Tool("Liquibase", ("**/db/changelog/**", "**/db.changelog*", "**/liquibase/**")),
    _Tool("Sequelize", _SCRIPTS, r"\bqueryInterface\b"),
    _Tool("TypeORM", _SCRIPTS, r"\b(?:queryRunner|MigrationInterface)\b"),
    _Tool("Knex", _SCRIPTS, r"\bknex\b"),
    _Tool("Knex", _SCRIPTS, "", "knexfile.*"),
    _Tool("Laravel", ("**/database/migrations/*.php",)),
    _Tool("Doctrine", ("**/migrations/**/*.php",)),
    _Tool("Ecto", ("**/migrations/*.exs",)),
    _Tool("Entity Framework", ("**/[Mm]igrations/**/*.cs",)),
    _Tool(PLAIN, ("**/*.sql",)),
)
_RULES = tuple((tool, Globs(tool.paths), re.compile(tool.word, re.M | re.I)) for tool in _TOOLS)


def tool_of(path: str, text: str, has: Callable[[str], bool]) -> str:
    """The name of the tool that the migration at `path` with this `text` is for.

    `has(pattern)` says whether the tree has a file like that at its root or in a folder above the migration.
    """
    for tool, paths, word in _RULES:
        if paths.matches(path) and word.search(text) and (not tool.beside or has(tool.beside)):
            return tool.name
    return UNKNOWN
