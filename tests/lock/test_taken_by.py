"""Whether a lease is still one's own, for who was stopped while others went on."""

from pathlib import Path

from hotfix_deploy_runner.lock.local import LocalLocks


def test_a_lease_is_ones_own_while_held_and_after_its_release(tmp_path: Path) -> None:
    locks = LocalLocks(tmp_path)
    lease = locks.acquire(("staging", "production"), "one", "ada")
    assert locks.taken_by(lease) == ""
    locks.release(lease)
    assert locks.taken_by(lease) == ""


def test_whoever_took_it_over_is_named_also_when_it_has_ended(tmp_path: Path) -> None:
    locks = LocalLocks(tmp_path)
    lease = locks.acquire(("staging", "production"), "one", "ada")
    other = locks.acquire(("production",), "two", "bob", takeover=True)
    assert locks.taken_by(lease) == "two"
    locks.release(other)
    assert locks.taken_by(lease) == "two"
    assert locks.taken_by(other) == ""


def test_a_lock_that_is_gone_or_unreadable_proves_nothing(tmp_path: Path) -> None:
    locks = LocalLocks(tmp_path)
    lease = locks.acquire(("production",), "one", "ada")
    (file,) = tmp_path.glob("*.lock.json")
    file.write_text("{")
    assert locks.taken_by(lease) == ""
    file.unlink()
    assert locks.taken_by(lease) == ""
