"""Archives that are as they should be, and archives that would lead elsewhere; with and without Python's own filter."""

import io
import tarfile
from pathlib import Path

import pytest

from hotfix_deploy_runner.doors.unpack import unpack


@pytest.fixture(params=["as it is", "as in Python 3.11.2"])
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param != "as it is":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    return str(request.param)


def packed(folder: Path, name: str, *, link: str = "", kind: bytes = tarfile.REGTYPE) -> Path:
    """An archive of one member."""
    path = folder / "a.tar.gz"
    member = tarfile.TarInfo(name)
    member.type, member.linkname = (kind, link) if not link else (tarfile.SYMTYPE, link)
    member.size = 5 if member.isreg() else 0
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(member, io.BytesIO(b"hello") if member.isreg() else None)
    return path


@pytest.mark.usefixtures("python")
def test_what_is_inside_is_unpacked(tmp_path: Path) -> None:
    unpack(packed(tmp_path, "deep/file"), tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "file").read_text() == "hello"
    unpack(packed(tmp_path, "deep/link", link="file"), tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "link").read_text() == "hello"


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize(
    ("name", "link", "kind"),
    [
        ("../outside", "", tarfile.REGTYPE),
        ("deep/../../outside", "", tarfile.REGTYPE),
        ("link", "../outside", tarfile.SYMTYPE),
        ("deep/link", "../../outside", tarfile.SYMTYPE),
        ("link", "/etc/passwd", tarfile.SYMTYPE),
        ("device", "", tarfile.CHRTYPE),
    ],
)
def test_what_leads_elsewhere_is_refused(tmp_path: Path, name: str, link: str, kind: bytes) -> None:
    with pytest.raises(tarfile.TarError):
        unpack(packed(tmp_path, name, link=link, kind=kind), tmp_path / "in" / "out")
    assert not (tmp_path / "in" / "outside").exists()
