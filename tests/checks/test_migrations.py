from pathlib import Path

import pytest
from tests.checks.places import candidate, check, workplace

from hotfix_deploy_runner.checks.migrations import make_check
from hotfix_deploy_runner.core.check import Line, Status


@pytest.mark.parametrize(
    "path",
    [
        "migrations/versions/3f2a_add_index.py",
        "alembic/versions/3f2a_add_index.py",
        "shop/orders/migrations/0007_total.py",
        "db/migrate/20261123_add_index.rb",
        "src/main/resources/db/migration/V2_1__add_index.sql",
        "sql/R__views.sql",
        "src/main/resources/db/changelog/0001.yaml",
        "prisma/migrations/20261123_init/migration.sql",
        "migrations/20261123_add.ts",
        "db/migrations/0001_add.sql",
        "database/migrations/2026_create_users.php",
        "priv/repo/migrations/2026_create.exs",
        "Shop.Data/Migrations/20261123_Add.cs",
    ],
)
def test_the_usual_tools_migrations_are_seen(path: str, tmp_path: Path) -> None:
    what = candidate(tmp_path, {path: "", "src/a.py": ""}, changed=("src/a.py", path))
    result = check(make_check({}, workplace(tmp_path)), what)
    assert result.lines[0].text == "Database migrations: 1"
    assert result.status is Status.FAIL
    assert result.lines[0].detail[0] == path
    assert result.found["migrations"] == [path]


@pytest.mark.parametrize(
    "path",
    [
        "src/migrations.py",
        "app/migrations/__init__.py",
        "migrations/README.md",
        "immigrations/a.py",
        "api/versions/v1.py",
    ],
)
def test_what_only_looks_like_one_is_none(path: str, tmp_path: Path) -> None:
    result = check(make_check({}, workplace(tmp_path)), candidate(tmp_path, {path: ""}, changed=(path,)))
    assert result.lines == (Line(Status.OK, "Database migrations: none"),)
    assert result.found == {"migrations": []}


def test_changed_and_deleted_ones_are_marked_and_the_flag_is_named(tmp_path: Path) -> None:
    files = {"migrations/1.sql": "new", "migrations/2.sql": ""}
    base = {"migrations/1.sql": "old", "migrations/0.sql": ""}
    what = candidate(tmp_path, files, base, ("migrations/0.sql", "migrations/1.sql", "migrations/2.sql"))
    (line,) = check(make_check({}, workplace(tmp_path)), what).lines
    assert line.text == "Database migrations: 3"
    assert line.detail[:3] == ("migrations/0.sql (deleted)", "migrations/1.sql (changed)", "migrations/2.sql")
    assert "needs --allow-migrations" in line.detail[3]


def test_what_cannot_be_taken_back_and_what_locks_is_named(tmp_path: Path) -> None:
    files = {
        "migrations/1.sql": "ALTER TABLE t DROP COLUMN a; CREATE INDEX i ON t (b);",
        "migrations/1.down.sql": "DROP TABLE t",
    }
    result = check(make_check({}, workplace(tmp_path)), candidate(tmp_path, files, changed=tuple(files)))
    said = "migrations/1.sql; irreversible: drops a column; locking: builds an index under a lock"
    assert result.lines[0].detail[:2] == (said, "migrations/1.down.sql")
    assert result.found["irreversible"] == {"migrations/1.sql": ["drops a column"]}
    assert result.found["locking"] == {"migrations/1.sql": ["builds an index under a lock"]}


def test_allowed_ones_are_a_warning_that_lists_them(tmp_path: Path) -> None:
    what = candidate(tmp_path, {"migrations/1.sql": ""}, changed=("migrations/1.sql",))
    (line,) = check(make_check({"allow": True}, workplace(tmp_path)), what).lines
    assert line.status is Status.WARN
    assert line.detail[0] == "migrations/1.sql"
    assert not any("--allow-migrations" in text for text in line.detail)


def test_own_paths_replace_the_common_ones(tmp_path: Path) -> None:
    a_check = make_check({"paths": ["schema/*.cql"]}, workplace(tmp_path))
    files = ("migrations/1.sql", "schema/1.cql")
    result = check(a_check, candidate(tmp_path, dict.fromkeys(files, ""), changed=files))
    assert result.found["migrations"] == ["schema/1.cql"]


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    files = tuple(f"migrations/{number}.sql" for number in range(25))
    (line,) = check(make_check({}, workplace(tmp_path)), candidate(tmp_path, changed=files)).lines
    assert line.text == "Database migrations: 25"
    assert "and 5 more" in line.detail
