"""Which tool migrates the database."""

from typing import NamedTuple

from .found import Guess
from .tree import Tree

_LOOK = "leave it out where the application migrates by itself; it needs its database's address"


class _Tool(NamedTuple):
    """A tool, known by files of its layout (a regular expression of paths), or by words in sources."""

    name: str
    command: str
    files: str
    words: str = ""


_TOOLS = (
    _Tool("Alembic", "$HOTFIX_ENV/bin/alembic upgrade head", r"(.*/)?alembic\.ini"),
    _Tool("Django", "$HOTFIX_ENV/bin/python manage.py migrate --noinput", r"(.*/)?migrations/\d{4}_\w+\.py", r"django"),
    _Tool("Rails", "BUNDLE_PATH=$HOTFIX_ENV bundle exec rails db:migrate", r"(.*/)?db/migrate/\d+_\w+\.rb"),
    _Tool("Prisma", "npx prisma migrate deploy", r"(.*/)?prisma/schema\.prisma"),
    _Tool("Knex", "npx knex migrate:latest", r"(.*/)?knexfile\.[cm]?[jt]s"),
    _Tool("Sequelize", "npx sequelize-cli db:migrate", r"(.*/)?\.sequelizerc"),
    _Tool("Flyway", "flyway migrate", r"(.*/)?V\d[\w.]*__\w+\.sql"),
    _Tool("Liquibase", "liquibase update", r"(.*/)?db\.changelog[^/]*"),
    _Tool("goose", "goose -dir {folder} up", r"(.*/)?\d+_\w+\.sql", r"-- \+goose Up"),
    _Tool("golang-migrate", "migrate -path {folder} up", r"(.*/)?\d+_\w+\.up\.sql"),
)


def tool(tree: Tree) -> Guess | None:
    """The migration tool: `value` is the command that brings the database up, `why` the tool and a file of it."""
    for one in _TOOLS:
        files = tree.matching(one.files)
        if files and (not one.words or any(tree.search(one.words, *files))):
            folder = files[0].rpartition("/")[0] or "."
            return Guess(one.command.format(folder=folder), f"{one.name}: {files[0]}", _LOOK)
    if files := tree.matching(r"(.*/)?migrations?/[^/]+\.sql"):
        return Guess("", f"plain SQL: {files[0]}")
    return None
