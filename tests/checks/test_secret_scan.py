"""The check with the real detect-secrets."""

import json
from pathlib import Path

import pytest
from tests.checks.places import candidate, check, line, texts, workplace

from hotfix_deploy_runner.checks.security import make_check
from hotfix_deploy_runner.core.check import CheckResult, Status

KEY = "AKIA" + "IOSFODNN7ABCDEFG"
OTHER = "AKIA" + "QWERTYUIOP234567"
ONE = f'key = "{KEY}"\n'
ALLOWED = f'key = "{KEY}"  # pragma: allowlist secret\n'


def scanned(root: Path, ours: dict[str, str], base: dict[str, str], **settings: object) -> CheckResult:
    changed = tuple(sorted(p for p in {**ours, **base} if ours.get(p) != base.get(p)))
    table = {"scanners": {"detect-secrets": {}}, **settings}
    result = check(make_check(table, workplace(root)), candidate(root, ours, base, changed))
    everything = repr(result) + "".join(f.read_text() for f in (root / "logs").rglob("*") if f.is_file())
    assert KEY not in everything and OTHER not in everything, "a secret is never shown"
    return result


def test_a_new_secret_fails_by_type_and_place(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"src/a.py": "import os\n" + ONE}, {"src/a.py": "import os\n"})
    failed = line(result, "Security scan: 1 new finding (detect-secrets)")
    assert failed.status is Status.FAIL
    assert failed.detail == ("AWS Access Key src/a.py:2",)


def test_one_that_the_base_has_is_old_also_when_it_moves(tmp_path: Path) -> None:
    assert texts(scanned(tmp_path / "a", {"a.py": "\n\n" + ONE}, {"a.py": ONE})) == ["Security scan clear"]
    assert texts(scanned(tmp_path / "b", {"new.py": ONE}, {"old.py": ONE})) == ["Security scan clear"]


def test_another_one_in_its_place_is_new_and_so_is_a_second_file(tmp_path: Path) -> None:
    changed = scanned(tmp_path / "a", {"a.py": f'key = "{OTHER}"\n'}, {"a.py": ONE})
    assert texts(changed, Status.FAIL) == ["Security scan: 1 new finding (detect-secrets)"]
    copied = scanned(tmp_path / "b", {"a.py": ONE, "b.py": ONE}, {"a.py": ONE}, secrets="all")
    assert line(copied, "Security scan: 1 new finding (detect-secrets)").detail == ("AWS Access Key b.py:1",)


def test_only_changed_files_are_read_unless_all_are_asked_for(tmp_path: Path) -> None:
    files = {"same.py": ONE, "a.py": "x = 1\n"}
    few = scanned(tmp_path / "few", files, {"same.py": ONE})
    assert line(few, "Security scan clear").detail == ("detect-secrets: 1 file, 0 findings that the base has too",)
    every = scanned(tmp_path / "all", files, {"same.py": ONE}, secrets="all")
    assert line(every, "Security scan clear").detail == ("detect-secrets: 2 files, 1 finding that the base has too",)


def test_what_is_marked_as_no_secret_passes_and_is_counted(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"a.py": ALLOWED}, {})
    said = line(result, "Security scan clear").detail
    assert "detect-secrets: 1 line more than in the base marked allowlist secret, and let pass" in said


def test_excluded_and_deleted_files_leave_nothing_to_scan(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"tests/a.py": ONE}, {"gone.py": "x = 1\n"})
    assert texts(result) == ["Security scan skipped: detect-secrets has no changed file to look at"]
    assert result.status is Status.SKIP


def test_the_bases_settings_hold_and_not_the_fixs(tmp_path: Path) -> None:
    settings = {"version": "1.5.0", "plugins_used": [{"name": "JwtTokenDetector"}], "filters_used": [], "results": {}}
    baseline = {".secrets.baseline": json.dumps(settings)}
    bases = scanned(tmp_path / "base", {"a.py": ONE, **baseline}, baseline)
    assert texts(bases) == ["Security scan clear"], "the base looks for JWT only"
    fixs = scanned(tmp_path / "fix", {"a.py": ONE, **baseline}, {})
    assert texts(fixs, Status.FAIL) == ["Security scan: 1 new finding (detect-secrets)"]


def test_one_that_crashes_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin/detect-secrets"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho '{\"results\": 7}'\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program.parent / "python"))
    result = scanned(tmp_path, {"a.py": ONE}, {})
    assert texts(result, Status.FAIL) == ["Security scan could not be done"]


def test_it_is_driven_beside_bandit_by_default(tmp_path: Path) -> None:
    what = candidate(tmp_path, {"a.py": "x = 1\n"}, {}, ("a.py",))
    result = check(make_check({}, workplace(tmp_path)), what)
    assert set(result.found) == {"bandit", "detect-secrets"}
    assert texts(result) == ["Security scan clear"]
