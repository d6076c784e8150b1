"""The check `migrations`: which database migrations the fix brings with it, by name and by tool.

A file is a migration by its name. What is known to be irreversible or to lock is named from its text, which is no
promise that the rest is harmless. No migration is run.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from pydantic import Field

from ..core.check import Candidate, CheckResult, Line, Status
from ..core.phrases import at_most
from ..doors.command import Commands
from ..ports import Settings, Workplace
from ..settings import Duration, Table, read_table, reads
from .expansion import only_adds
from .globs import Globs
from .migration_tools import tool_of
from .squawk import GET, Linted, Remark, Squawk, find
from .statements import irreversible, locking, without_way_down

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
_REMARKS = 5
_READ = 1_000_000


class MigrationSettings(Table):
    """`[checks.migrations]`."""

    paths: tuple[str, ...] = Field(COMMON_PATHS, description="Patterns of migration files.", min_length=1)
    allow: bool = Field(False, description="Let migrations pass, with a WARN; set from `migrations.allow`.")
    squawk: bool = Field(True, description="Have SQL read by squawk, where it is installed; it knows PostgreSQL.")
    timeout: Duration = Field(60.0, description="How long squawk may take.", gt=0)
    run_by: Literal["command", "application"] = Field(
        "application", description="Who runs them; set from whether there is a `migrations.command`."
    )


class Migration(msgspec.Struct, frozen=True):
    """One changed migration. `remark` is what is unusual about it; `text` what it says on its way up."""

    path: str
    text: str
    tool: str
    remark: str = ""
    said: tuple[Remark, ...] = ()

    @property
    def irreversible(self) -> tuple[str, ...]:
        """What a rollback of the code cannot take back; one that was published and is changed or gone, too."""
        return irreversible(self.text) or tuple(dict.fromkeys(r.rule for r in self.said if r.irreversible))

    @property
    def only_adds(self) -> bool:
        """Whether it is known to leave alone whatever the old version uses."""
        undoing = _WAY_DOWN.matches(self.path)
        return not self.remark and not self.irreversible and (undoing or only_adds(self.path, self.text))


class MigrationCheck:
    """Passes when nothing among the changed files is a migration."""

    def __init__(self, settings: MigrationSettings, commands: Commands) -> None:
        self._migrations = Globs(settings.paths)
        self._settings = settings
        self._squawk = Squawk(commands, settings.timeout) if settings.squawk else None

    async def check(self, candidate: Candidate) -> CheckResult:
        """The migrations between base and commit.

        `found` has `migrations`, their paths; `tools`; `irreversible` and `locking`, by path, what in them is so;
        `expand_only`, whether all are known to do nothing but add.
        """
        paths = [path for path in candidate.changed if self._is_migration(path)]
        if not paths:
            return CheckResult(lines=(Line(Status.OK, "Database migrations: none"),), found={"migrations": []})
        read = [await asyncio.to_thread(_migration, path, candidate) for path in paths]
        linted = await self._lint(read, candidate)
        found = [msgspec.structs.replace(one, said=linted.remarks.get(one.path, ())) for one in read]
        return CheckResult((self._line(found, linted),), _found(found))

    async def examine(self) -> Sequence[Line]:
        """Whether squawk is there to read SQL. A run goes on without it, and says so where there is SQL."""
        if self._squawk is None or find():
            return []
        return [Line(Status.WARN, "squawk is not installed: SQL migrations are read by pattern only", (GET,))]

    def _is_migration(self, path: str) -> bool:
        return self._migrations.matches(path) and not _NO_MIGRATION.matches(path)

    async def _lint(self, found: Sequence[Migration], candidate: Candidate) -> Linted:
        sql = {one.path: one.text for one in found if one.path.endswith(".sql") and one.text.strip()}
        if self._squawk is None:
            return Linted()
        return await self._squawk.lint(sql, Path(candidate.base_tree), Path(candidate.logs) / "squawk")

    def _line(self, found: Sequence[Migration], linted: Linted) -> Line:
        allow = self._settings.allow
        tools = ", ".join(dict.fromkeys(one.tool for one in found))
        text = f"Database migrations: {len(found)} ({tools}; {_kind(found)}){', allowed' if allow else ''}"
        detail = [*at_most(_SHOWN, [text for one in found for text in _told(one)]), *filter(None, [linted.problem])]
        return Line(Status.WARN if allow else Status.FAIL, text, (*detail, *self._consequences(found)))

    def _consequences(self, found: Sequence[Migration]) -> Iterator[str]:
        if not self._settings.allow:
            yield "a rollback does not undo them; needs --allow-migrations, or a fix without them"
            return
        by_command = self._settings.run_by == "command"
        yield "they are run before the first batch" if by_command else "the application runs them, when it starts"
        if any(one.irreversible for one in found):
            yield "a rollback does not undo them: with an irreversible one in, a breach holds and pages"
        else:
            yield "a rollback does not undo them"


def _kind(found: Sequence[Migration]) -> str:
    """In a word, what they mean for the way back."""
    if any(one.irreversible for one in found):
        return "irreversible"
    return "expand-only" if all(one.only_adds for one in found) else "not known to be expand-only"


def _told(one: Migration) -> Iterator[str]:
    kinds = {"irreversible": one.irreversible, "locking": locking(one.text)}
    yield f"{one.path}{one.remark}" + "".join(f"; {k}: {', '.join(words)}" for k, words in kinds.items() if words)
    yield from at_most(_REMARKS, [f"{one.path}:{r.line} squawk: {r.rule} ({r.message})" for r in one.said])


def _found(found: Sequence[Migration]) -> dict[str, object]:
    return {
        "migrations": [one.path for one in found],
        "tools": {one.path: one.tool for one in found},
        "irreversible": {one.path: list(words) for one in found if (words := one.irreversible)},
        "locking": {one.path: list(words) for one in found if (words := locking(one.text))},
        "squawk": {one.path: [remark.rule for remark in one.said] for one in found if one.said},
        "expand_only": all(one.only_adds for one in found),
    }


def _migration(path: str, candidate: Candidate) -> Migration:
    tree = Path(candidate.tree)
    whole = _read(tree / path) or _read(Path(candidate.base_tree) / path)
    tool = tool_of(path, whole, lambda pattern: _has(tree, path, pattern))
    text = "" if _WAY_DOWN.matches(path) or not (tree / path).exists() else without_way_down(whole)
    return Migration(path, text, tool, _remark(path, candidate))


def _remark(path: str, candidate: Candidate) -> str:
    """What is unusual: a migration that was published is normally neither edited nor taken away."""
    if not (Path(candidate.tree) / path).exists():
        return " (deleted)"
    return " (changed)" if (Path(candidate.base_tree) / path).exists() else ""


def _has(tree: Path, path: str, pattern: str) -> bool:
    """Whether a file like `pattern` lies in a folder above `path`."""
    above = (tree / path).relative_to(tree).parents
    return any(any((tree / folder).glob(pattern)) for folder in above)


def _read(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_READ)
    except OSError:
        return ""


@reads(MigrationSettings)
def make_check(settings: Settings, workplace: Workplace) -> MigrationCheck:
    """The check from its table, `[checks.migrations]`. Raises `UsageError`."""
    table = read_table(MigrationSettings, settings, "checks.migrations")
    return MigrationCheck(table, Commands(workplace.redact, children=workplace.children))
