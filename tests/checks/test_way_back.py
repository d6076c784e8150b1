import hashlib
from pathlib import Path

import msgspec
import pytest
from tests.checks.places import candidate, check
from tests.fakes.repository import Repository, make_repository

from hotfix_deploy_runner.checks.way_back import make_check
from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.ports import Workplace


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make_repository(tmp_path / "repo")


def looked(repository: Repository, root: Path, old: Revision, **settings: object) -> Line:
    place = Workplace(repository=repository.clone, store=root / "store", redact=Redactor([]))
    what = msgspec.structs.replace(candidate(root), base=old)
    (line,) = check(make_check(settings, place), what).lines
    return line


def kept(root: Path, content: bytes = b"packed") -> str:
    digest = hashlib.sha256(content).hexdigest()
    file = root / "store/artifacts" / f"{digest}.tar.gz"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return f"sha256:{digest}"


def test_an_artifact_that_is_kept_is_the_way_back(repository: Repository, tmp_path: Path) -> None:
    line = looked(repository, tmp_path, Revision("v1.0.0", repository.head(), kept(tmp_path)), free_gb=0)
    assert line.status is Status.OK
    assert line.text.startswith("Way back: v1.0.0 is kept (") and line.text.endswith("B free)")


@pytest.mark.parametrize("how", ["gone", "broken", "not known"])
def test_one_that_would_be_built_anew_is_a_warning(repository: Repository, tmp_path: Path, how: str) -> None:
    digest = kept(tmp_path)
    file = next((tmp_path / "store/artifacts").iterdir())
    if how == "gone":
        file.unlink()
    if how == "broken":
        file.write_bytes(b"half")
    old = Revision("v1.0.0", repository.head(), "" if how == "not known" else digest)
    line = looked(repository, tmp_path, old, free_gb=0)
    assert line.status is Status.WARN
    assert line.text.startswith("Way back: v1.0.0 would have to be built anew")
    assert {"gone": "no longer", "broken": "broken", "not known": "not known"}[how] in line.detail[0]


def test_none_at_all_fails(repository: Repository, tmp_path: Path) -> None:
    line = looked(repository, tmp_path, Revision("v1.0.0", "0" * 40, ""), free_gb=0)
    assert (line.status, line.text) == (Status.FAIL, "Way back: there is none to v1.0.0")


def test_a_disk_without_room_fails_and_says_what_is_needed(repository: Repository, tmp_path: Path) -> None:
    line = looked(repository, tmp_path, Revision("v1.0.0", repository.head(), kept(tmp_path)), free_gb=10**9)
    assert line.status is Status.FAIL
    assert line.text.startswith("Way back: only ")
    assert "1000000000 GB" in line.detail[0]
