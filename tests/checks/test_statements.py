import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.checks.statements import irreversible, locking

ALEMBIC = """
def upgrade():
    op.add_column("t", sa.Column("a", sa.Integer))

def downgrade():
    op.drop_column("t", "a")
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("drop table if exists users;", "drops a table"),
        ("ALTER TABLE t\n  DROP COLUMN a;", "drops a column"),
        ("migrations.RemoveField(model_name='t', name='a')", "drops a column"),
        ("op.drop_table('t')", "drops a table"),
        ("TRUNCATE audit;", "empties a table"),
        ('UPDATE "t" SET a = 1;', "deletes or changes rows"),
        ("ALTER TABLE t RENAME COLUMN a TO b;", "renames"),
        ("def downgrade():\n    pass\n\ndef upgrade():\n    op.drop_table('t')\n", "drops a table"),
        ("-- +goose Down\nDROP TABLE u;\n-- +goose Up\nDROP SCHEMA s;", "drops a schema or database"),
    ],
)
def test_what_cannot_be_taken_back(text: str, words: str) -> None:
    assert irreversible(text) == (words,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CREATE UNIQUE INDEX i ON t (a);", "builds an index under a lock"),
        ("op.create_index('i', 't', ['a'])", "builds an index under a lock"),
        ("ALTER TABLE t ALTER COLUMN a TYPE bigint;", "changes a column's type"),
        ("ALTER TABLE t ALTER COLUMN a SET NOT NULL;", "makes a column required"),
        ("LOCK TABLE t;", "locks a table"),
    ],
)
def test_what_locks(text: str, words: str) -> None:
    assert locking(text) == (words,)


@pytest.mark.parametrize(
    "text",
    [
        ALEMBIC,
        "CREATE TABLE t (a int);",
        "-- DROP TABLE t\n/* TRUNCATE t */\n# op.drop_table('t')\nSELECT 1;",
        "CREATE INDEX CONCURRENTLY i ON t (a);",
        "op.create_index('i', 't', ['a'], postgresql_concurrently=True)",
        "-- +goose Up\nCREATE TABLE t (a int);\n-- +goose Down\nDROP TABLE t;",
        "exports.up = k => k.schema.createTable('t');\nexports.down = k => k.schema.dropTable('t');",
        "  def up\n    add_column :t, :a, :int\n  end\n  def down\n    remove_column :t, :a\n  end\n",
    ],
)
def test_what_is_neither(text: str) -> None:
    assert irreversible(text) == ()
    assert locking(text) == ()


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    irreversible(text)
    locking(text)
