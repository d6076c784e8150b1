from pathlib import Path

import msgspec
import pytest
from tests.checks.places import candidate, check, workplace
from tests.fakes.repository import Repository, make_repository

from hotfix_deploy_runner.checks.scope import make_check
from hotfix_deploy_runner.core.check import CheckResult, Status
from hotfix_deploy_runner.core.revision import Revision


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make_repository(tmp_path / "repo")


def measured(repository: Repository, tmp_path: Path, content: dict[str, str], **settings: object) -> CheckResult:
    base = repository.head()
    commit = repository.commit(content)
    what = candidate(tmp_path / "what")
    what = msgspec.structs.replace(what, base=Revision("v1", base), commit=commit)
    return check(make_check(settings, workplace(repository.clone)), what)


def test_a_small_change_is_counted(repository: Repository, tmp_path: Path) -> None:
    result = measured(repository, tmp_path, {"a.py": "1\n2\n", "b c.py": "3\n", "é.py": "4\n"})
    assert [(line.status, line.text) for line in result.lines] == [(Status.OK, "Scope: 3 files, 4 lines")]
    assert result.found == {"files": 3, "lines": 4, "sensitive": {}}


def test_limits_warn_or_fail_as_configured(repository: Repository, tmp_path: Path) -> None:
    (line,) = measured(repository, tmp_path, {"a.py": "1\n" * 9, "b.py": "2\n"}, files=1, lines=5).lines
    assert line.status is Status.WARN
    assert line.text == "Scope: 2 files, 10 lines"
    assert line.detail[0] == "more than 1 file (checks.scope.files)"
    assert line.detail[1].endswith("most in a.py: 9")
    (line,) = measured(repository, tmp_path, {"c.py": "1\n" * 9}, lines=5, over="fail").lines
    assert line.status is Status.FAIL


def test_sensitive_paths_are_named_with_what_they_are(repository: Repository, tmp_path: Path) -> None:
    files = {"web/package-lock.json": "{}\n", ".github/workflows/ci.yml": "on: push\n", "infra/main.tf": "x\n"}
    (line,) = measured(repository, tmp_path, files).lines
    assert line.status is Status.WARN
    assert set(line.detail) == {
        "web/package-lock.json (lock file)",
        ".github/workflows/ci.yml (CI)",
        "infra/main.tf (infrastructure)",
    }
    (line,) = measured(
        repository, tmp_path, {"billing/x.py": "1\n"}, sensitive=["billing/**"], on_sensitive="fail"
    ).lines
    assert (line.status, line.detail) == (Status.FAIL, ("billing/x.py (sensitive)",))


def test_a_binary_file_counts_as_a_file_without_lines(repository: Repository, tmp_path: Path) -> None:
    assert measured(repository, tmp_path, {"a.bin": "\0\1\2"}).lines[0].text == "Scope: 1 file, 0 lines"
