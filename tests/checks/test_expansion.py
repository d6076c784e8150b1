import pytest

from hotfix_deploy_runner.checks.expansion import only_adds

DJANGO = "class Migration(migrations.Migration):\n    operations = [migrations.{}]\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("1.sql", "CREATE TABLE t (id bigint NOT NULL);\nCREATE INDEX CONCURRENTLY i ON t (id);"),
        ("1.sql", "ALTER TABLE t ADD COLUMN a int; COMMENT ON COLUMN t.a IS 'x'"),
        ("1.sql", "SET lock_timeout = '2s'; ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 0;"),
        ("1.sql", "-- DROP TABLE t;\nBEGIN; CREATE TABLE t (id int); COMMIT;"),
        ("a.py", DJANGO.format("CreateModel(name='A')")),
        ("a.py", DJANGO.format("AddField('a', 'b', models.TextField(null=True))")),
        (
            "a.py",
            "def upgrade():\n    op.add_column('t', sa.Column('a'))\ndef downgrade():\n    op.drop_column('t', 'a')\n",
        ),
        ("a.rb", "class A < M\n  def change\n    add_column :t, :a, :text\n  end\nend\n"),
    ],
)
def test_what_only_adds(path: str, text: str) -> None:
    assert only_adds(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("1.sql", ""),
        ("1.sql", "ALTER TABLE t ADD COLUMN a int NOT NULL;"),
        ("1.sql", "ALTER TABLE t ADD COLUMN a int, DROP COLUMN b;"),
        ("1.sql", "ALTER TABLE t ALTER COLUMN a TYPE bigint;"),
        ("1.sql", "CREATE UNIQUE INDEX i ON t (a);"),
        ("1.sql", "CREATE OR REPLACE VIEW v AS SELECT 1;"),
        ("1.sql", "UPDATE t SET a = 1;"),
        ("1.sql", "CREATE TABLE t (id int); SELECT drop_everything();"),
        ("1.sql", "DO $$ BEGIN CREATE TABLE t (id int); END $$;"),
        ("a.py", DJANGO.format("RemoveField('a', 'b')")),
        ("a.py", DJANGO.format("RunSQL('CREATE TABLE t (id int)')")),
        ("a.py", DJANGO.format("AddField('a', 'b', models.TextField())")),
        ("a.py", "def upgrade():\n    op.execute(STATEMENT)\n"),
        ("a.py", "def upgrade():\n    op.add_column('t', sa.Column('a', nullable=False))\n"),
        ("a.py", "print('nothing known')\n"),
        ("a.rb", "def change\n  add_column :t, :a, :text, null: false\nend\n"),
        ("a.js", "exports.up = (knex) => knex.schema.alterTable('t', (t) => t.dropColumn('a'))"),
        ("a.php", "Schema::create('t')"),
    ],
)
def test_what_is_not_known_to(path: str, text: str) -> None:
    assert not only_adds(path, text)
