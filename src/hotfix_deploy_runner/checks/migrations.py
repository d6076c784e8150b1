"""The check `migrations`: which database migrations the fix brings with it, by name.

A file is a migration by its name. What is known to be irreversible or to lock is named from its text, which is no
promise that the rest is harmless. No migration is run.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from ..core.check import Candidate, CheckResult, Line, Status
from ..core.phrases import at_most
from ..ports import Settings, Workplace
from ..settings import Table, read_table, reads
from .globs import Globs
from .statements import irreversible, locking

_SCRIPTS = ("py", "sql", "js", "cjs", "mjs", "ts", "rb", "php", "cs", "exs", "go")
COMMON_PATHS = (
    *(f"**/migrations/**/*.{extension}" for extension in _SCRIPTS),  # Django, Flask, Prisma, Knex, goose, Ecto, plain
    "**/Migrations/*.cs",  # Entity Framework
    "**/alembic*/versions/*.py",
    "**/db/migrate/*.rb",  # Rails
    "**/[VU][0-9]*__*.sql",  # Flyway: versioned and undo
    "**/R__*.sql",  # Flyway: repeatable
    "**/db/changelog/**",  # Liquibase
    "**/db.changelog*",
    "**/liquibase/**",
)
_NO_MIGRATION = Globs(["**/__init__.py", "**/*.md", "**/README*", "**/.gitkeep", "**/migration_lock.toml"])
_WAY_DOWN = Globs(["**/*.down.sql", "**/down.sql", "**/*_down.sql", "**/U[0-9]*__*.sql"])
_SHOWN = 20
_READ = 1_000_000


class MigrationSettings(Table):
    """`[checks.migrations]`."""

    paths: tuple[str, ...] = Field(COMMON_PATHS, description="Patterns of migration files.", min_length=1)
    allow: bool = Field(False, description="Let migrations pass, with a WARN.")


class MigrationCheck:
    """Passes when nothing among the changed files is a migration."""

    def __init__(self, settings: MigrationSettings) -> None:
        self._migrations = Globs(settings.paths)
        self._allow = settings.allow

    async def check(self, candidate: Candidate) -> CheckResult:
        """The migrations between base and commit.

        `found` has `migrations`, their paths; `irreversible` and `locking`, by path, what in them is so.
        """
        found = [path for path in candidate.changed if self._is_migration(path)]
        if not found:
            return CheckResult(lines=(Line(Status.OK, "Database migrations: none"),), found={"migrations": []})
        status = Status.WARN if self._allow else Status.FAIL
        text = f"Database migrations: {len(found)}" + (", allowed" if self._allow else "")
        read = {path: await asyncio.to_thread(_text, Path(candidate.tree) / path) for path in found}
        line = Line(status, text, tuple(self._detail(read, candidate)))
        return CheckResult(
            lines=(line,),
            found={
                "migrations": found,
                "irreversible": {path: list(words) for path, text in read.items() if (words := irreversible(text))},
                "locking": {path: list(words) for path, text in read.items() if (words := locking(text))},
            },
        )

    def _is_migration(self, path: str) -> bool:
        return self._migrations.matches(path) and not _NO_MIGRATION.matches(path)

    def _detail(self, read: Mapping[str, str], candidate: Candidate) -> list[str]:
        lines = at_most(_SHOWN, [path + _remark(path, candidate) + _effects(text) for path, text in read.items()])
        if self._allow:
            return [*lines, "a rollback does not undo them"]
        return [*lines, "a rollback does not undo them; needs --allow-migrations, or a fix without them"]


def _remark(path: str, candidate: Candidate) -> str:
    """What is unusual: a migration that was published is normally neither edited nor taken away."""
    if not (Path(candidate.tree) / path).exists():
        return " (deleted)"
    return " (changed)" if (Path(candidate.base_tree) / path).exists() else ""


def _effects(text: str) -> str:
    kinds = {"irreversible": irreversible(text), "locking": locking(text)}
    return "".join(f"; {kind}: {', '.join(words)}" for kind, words in kinds.items() if words)


def _text(file: Path) -> str:
    """What the migration says on its way up; empty for one that only undoes, or cannot be read."""
    if _WAY_DOWN.matches(file.name):
        return ""
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_READ)
    except OSError:
        return ""


@reads(MigrationSettings)
def make_check(settings: Settings, workplace: Workplace) -> MigrationCheck:
    """The check from its table, `[checks.migrations]`. Raises `UsageError`."""
    return MigrationCheck(read_table(MigrationSettings, settings, "checks.migrations"))
