from pathlib import Path

import pytest
from tests.checks.places import candidate, check, workplace

from hotfix_deploy_runner.checks.migrations import make_check
from hotfix_deploy_runner.core.check import CheckResult, Line, Status


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
    assert result.lines[0].text.startswith("Database migrations: 1 (")
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
    (line,) = check(make_check({"squawk": False}, workplace(tmp_path)), what).lines
    assert line.text == "Database migrations: 3 (plain SQL; not known to be expand-only)"
    assert line.detail[:3] == ("migrations/0.sql (deleted)", "migrations/1.sql (changed)", "migrations/2.sql")
    assert "needs --allow-migrations" in line.detail[3]


def test_what_cannot_be_taken_back_and_what_locks_is_named(tmp_path: Path) -> None:
    files = {
        "migrations/1.sql": "ALTER TABLE t DROP COLUMN a; CREATE INDEX i ON t (b);",
        "migrations/1.down.sql": "DROP TABLE t",
    }
    what = candidate(tmp_path, files, changed=tuple(files))
    result = check(make_check({"squawk": False}, workplace(tmp_path)), what)
    assert result.lines[0].text == "Database migrations: 2 (plain SQL, golang-migrate; irreversible)"
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
    assert line.text.startswith("Database migrations: 25 (")
    assert "and 5 more" in line.detail


TOOLS = {
    "migrations/versions/3f2a_a.py": ("from alembic import op\ndef upgrade():\n    op.add_column()\n", "Alembic"),
    "shop/migrations/0007_total.py": ("from django.db import migrations\n", "Django"),
    "db/migrate/20261123_a.rb": ("class A < ActiveRecord::Migration[7.1]\nend\n", "Rails"),
    "sql/migrations/V2_1__a.sql": ("SELECT 1;", "Flyway"),
    "db/changelog/1.xml": ("<databaseChangeLog/>", "Liquibase"),
    "migrations/1.sql": ("--liquibase formatted sql\n", "Liquibase"),
    "prisma/migrations/1_a/migration.sql": ("SELECT 1;", "Prisma"),
    "migrations/1_a.js": ("exports.up = (knex) => knex.schema.table('t', () => {})\n", "Knex"),
    "db/migrations/2_a.js": ("module.exports = { up: (queryInterface) => 1 }\n", "Sequelize"),
    "migrations/3_a.sql": ("-- +goose Up\nSELECT 1;\n", "goose"),
    "migrations/4_a.up.sql": ("SELECT 1;", "golang-migrate"),
    "migrations/5_a.sql": ("SELECT 1;", "plain SQL"),
}


def test_the_tool_is_named_by_layout_and_content(tmp_path: Path) -> None:
    files = {path: text for path, (text, _) in TOOLS.items()}
    result = check(make_check({"squawk": False}, workplace(tmp_path)), candidate(tmp_path, files, changed=tuple(files)))
    assert result.found["tools"] == {path: tool for path, (_, tool) in TOOLS.items()}


def test_knex_is_known_by_its_file_above(tmp_path: Path) -> None:
    files = {"api/knexfile.js": "", "api/migrations/1.js": "exports.up = (db) => db.schema.createTable('t')\n"}
    result = check(make_check({}, workplace(tmp_path)), candidate(tmp_path, files, changed=("api/migrations/1.js",)))
    assert result.found["tools"] == {"api/migrations/1.js": "Knex"}
    assert result.found["expand_only"] is True


def linted(root: Path, text: str, **config: str) -> CheckResult:
    what = candidate(root, {"migrations/1.sql": text, **config}, {}, ("migrations/1.sql",))
    return check(make_check({"allow": True}, workplace(root)), what)


def test_squawk_reads_sql_and_says_rule_and_line(tmp_path: Path) -> None:
    (line,) = linted(tmp_path, "SELECT 1;\nCREATE INDEX i ON t (b);\n").lines
    assert any(text.startswith("migrations/1.sql:2 squawk: require-concurrent-index-creation") for text in line.detail)
    assert line.status is Status.WARN


def test_squawk_does_not_read_the_way_down(tmp_path: Path) -> None:
    text = "-- +goose Up\nCREATE TABLE IF NOT EXISTS t (id bigint);\n-- +goose Down\nDROP TABLE t;\n"
    result = linted(tmp_path, text)
    assert "irreversible" not in result.lines[0].text
    assert result.found["irreversible"] == {}
    assert result.found["expand_only"] is True
    assert "ban-drop-table" not in str(result.lines[0].detail)


def test_a_fix_cannot_switch_a_rule_of_squawk_off(tmp_path: Path) -> None:
    off = 'excluded_rules = ["require-concurrent-index-creation"]\n'
    result = linted(tmp_path, "CREATE INDEX i ON t (b);\n", **{".squawk.toml": off})
    assert "require-concurrent-index-creation" in str(result.found["squawk"])


def test_the_bases_configuration_of_squawk_holds(tmp_path: Path) -> None:
    base = {".squawk.toml": 'excluded_rules = ["require-concurrent-index-creation"]\n'}
    what = candidate(tmp_path, {"migrations/1.sql": "CREATE INDEX i ON t (b);"}, base, ("migrations/1.sql",))
    result = check(make_check({"allow": True}, workplace(tmp_path)), what)
    assert "require-concurrent-index-creation" not in str(result.found.get("squawk"))


def test_sql_that_squawk_cannot_read_is_said(tmp_path: Path) -> None:
    (line,) = linted(tmp_path, "ALTER TABLE t MODIFY COLUMN a INT AFTER b;").lines
    assert "squawk cannot read migrations/1.sql: it knows PostgreSQL only" in line.detail


def test_who_runs_them_is_said(tmp_path: Path) -> None:
    what = candidate(tmp_path, {"migrations/1.sql": "DROP TABLE t;"}, changed=("migrations/1.sql",))
    (line,) = check(make_check({"allow": True, "run_by": "command"}, workplace(tmp_path)), what).lines
    assert line.detail[-2:] == (
        "they are run before the first batch",
        "a rollback does not undo them: with an irreversible one in, a breach holds and pages",
    )
    (line,) = check(make_check({"allow": True}, workplace(tmp_path)), what).lines
    assert line.detail[-2] == "the application runs them, when it starts"
