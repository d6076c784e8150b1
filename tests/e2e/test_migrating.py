"""A hotfix with a database migration, and one with a check overridden: real runs."""

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, MakePlace, Place

pytestmark = pytest.mark.slow


def migrated_by(world: Place, command: str) -> None:
    settings = world.layout.clone / "hotfix.toml"
    settings.write_text(settings.read_text() + f"\n[migrations]\nallow = true\ncommand = '{command}'\n")


def test_migrations_run_once_before_the_first_batch(place: MakePlace) -> None:
    world = place("migration")
    ran = world.layout.folder / "migrated"
    migrated_by(world, f'echo "$HOTFIX_VERSION $HOTFIX_TARGET" >> {ran}')
    done = world.run(*DEPLOY, "--window", "2s")
    assert done.process.returncode == 0, done.out + done.err
    assert ran.read_text() == f"{NEXT} production\n"
    lines = [line.strip() for line in done.lines]
    migrated = lines.index("[OK] Database of production migrated (1 migration)")
    assert lines.index(f"[OK] Tagged {NEXT}") < migrated < lines.index("[OK] Process 1/3 healthy")
    assert any(line.startswith("[WARN] Database migrations: 1 (plain SQL; ") for line in lines)


def test_a_migration_that_fails_rolls_nothing_out(place: MakePlace) -> None:
    world = place("migration")
    migrated_by(world, "echo no such table; exit 3")
    done = world.run(*DEPLOY, "--window", "2s")
    assert done.process.returncode == 3, done.out + done.err
    assert "[FAIL] Migration of production ended with 3" in done.out
    assert f"Production still runs {BASE}, but the migration may be half applied." in done.out
    assert set(world.serving()) == {BASE}


def test_an_overridden_check_is_told_and_stands_in_the_document(place: MakePlace) -> None:
    world = place("failing-test")
    done = world.run(*DEPLOY, "--window", "2s", "--override", "tests", "--reason", "known to be flaky")
    assert done.process.returncode in (0, 6), done.out + done.err
    assert "[WARN] Tests pass (46/47) (overridden by ada: known to be flaky)" in done.out
    documents = (world.layout.clone / ".git/hotfix/runs").glob("*/incident.md")
    assert any("known to be flaky" in document.read_text() for document in documents)
    refused = world.run(*DEPLOY, "--override", "test", "--reason", "x")
    assert refused.process.returncode == 2
    assert "did you mean tests?" in refused.err
