import asyncio
import gzip
import hashlib
import os
import socket
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest

from hotfix_deploy_runner.artifacts.archive import ArchiveBuilder, make_builder
from hotfix_deploy_runner.artifacts.tarball import contents, pack
from hotfix_deploy_runner.core.revision import Artifact
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.doors.unpack import unpack
from hotfix_deploy_runner.errors import CheckFailed
from hotfix_deploy_runner.ports import Workplace

COMMIT = "c" * 40


class Shop:
    """A source to build from, and a store to build into."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.source = home / "source"
        self.source.mkdir()
        self.store = home / "store"

    def write(self, path: str, text: str = "x\n", mode: int = 0o644) -> Path:
        file = self.source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def builder(self, **settings: Any) -> ArchiveBuilder:
        return make_builder(settings, Workplace(self.source, self.store, Redactor(["hunter22"])))

    def build(self, source: Path | None = None, commit: str = COMMIT, **settings: Any) -> Artifact:
        return asyncio.run(self.builder(**settings).build(source or self.source, commit))

    def refused(self, **settings: Any) -> CheckFailed:
        with pytest.raises(CheckFailed) as caught:
            self.build(**settings)
        assert self.stored == []
        return caught.value

    @property
    def stored(self) -> list[str]:
        return sorted(path.name for path in (self.store / "artifacts").glob("*"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def members(artifact: Artifact) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(artifact.location) as archive:
        return {member.name: member for member in archive}


def git(where: Path, *words: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    return subprocess.run(
        ["git", *identity, *words], cwd=where, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_artifact_is_the_tree_and_its_digest_is_the_files(shop: Shop) -> None:
    shop.write("app/main.py", "print(1)\n")
    shop.write("bin/run", "#!/bin/sh\n", mode=0o775)
    (shop.source / "current").symlink_to("app/main.py")
    artifact = shop.build()
    content = Path(artifact.location).read_bytes()
    assert artifact.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert artifact.size == len(content)
    assert Path(artifact.location).stat().st_mode & 0o777 == 0o644
    assert Path(artifact.location) == shop.store / "artifacts" / f"{artifact.digest[7:]}.tar.gz"
    unpack(Path(artifact.location), shop.home / "out")
    assert (shop.home / "out/current").read_text() == "print(1)\n"
    assert os.access(shop.home / "out/bin/run", os.X_OK)


def test_members_are_sorted_and_say_nothing_of_who_when_and_where(shop: Shop) -> None:
    for path in ("b", "a/z", "a.txt", "a/b", "é"):
        shop.write(path, mode=0o600)
    shop.write("c", mode=0o700)
    artifact = shop.build()
    found = members(artifact)
    assert list(found) == ["a.txt", "a/b", "a/z", "b", "c", "é"]
    facts = {(m.uid, m.gid, m.uname, m.gname, m.mtime, m.mode) for m in found.values()}
    assert facts == {(0, 0, "", "", 0, 0o644), (0, 0, "", "", 0, 0o755)}
    content = Path(artifact.location).read_bytes()
    assert content[4:8] == b"\0\0\0\0", "gzip's own time"
    assert str(shop.home).encode() not in gzip.decompress(content)


def test_the_same_tree_at_another_commit_and_place_is_the_same_artifact(shop: Shop) -> None:
    git(shop.source, "init", "-q")
    shop.write("app.py")
    shop.write("bin/run", mode=0o755)
    (shop.source / "link").symlink_to("bin/run")
    git(shop.source, "add", ".")
    git(shop.source, "commit", "-qm", "one")
    git(shop.source, "commit", "-qm", "two", "--allow-empty")
    trees = [shop.home / name for name in ("first", "second-place")]
    for tree, commit in zip(trees, ("HEAD~1", "HEAD"), strict=True):
        git(shop.source, "worktree", "add", "-q", "--detach", str(tree), commit)
    for path in trees[1].rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    (trees[1] / "app.py").chmod(0o600)
    builds = [shop.build(tree, git(tree, "rev-parse", "HEAD")) for tree in trees]
    assert builds[0] == builds[1]
    assert set(members(builds[0])) == {"app.py", "bin/run", "link"}
    assert len(shop.stored) == 1


@pytest.mark.parametrize("change", ["content", "mode", "name", "link", "more"])
def test_another_tree_is_another_artifact(shop: Shop, change: str) -> None:
    file = shop.write("app.py")
    (shop.source / "link").symlink_to("app.py")
    before = shop.build().digest
    if change == "content":
        file.write_text("y\n")
    elif change == "mode":
        file.chmod(0o755)
    elif change == "name":
        file.rename(shop.source / "apq.py")
    elif change == "link":
        (shop.source / "link").unlink()
        (shop.source / "link").symlink_to("./app.py")
    else:
        shop.write("more")
    assert shop.build().digest != before


def test_what_differs_in_every_copy_is_left_out(shop: Shop) -> None:
    shop.write("app.py")
    before = shop.build()
    for path in (".git", ".hotfix-env/bin/python", "a/__pycache__/b.pyc", "c.pyc", ".pytest_cache/v", "sub/.git"):
        shop.write(path)
    (shop.source / "empty").mkdir()
    assert shop.build() == before


def test_exclude_is_for_names_at_any_depth_and_for_whole_paths(shop: Shop) -> None:
    for path in ("app.py", "a/notes.md", "notes.md", "docs/x.py", "a/docs/x.py", "b/tmp/deep/y"):
        shop.write(path)
    artifact = shop.build(exclude=["*.md", "docs/*", "b/tmp"])
    assert set(members(artifact)) == {"app.py", "a/docs/x.py"}


def test_the_command_runs_first_and_only_its_output_is_packed(shop: Shop) -> None:
    shop.write("app.py", "v = 1\n")
    artifact = shop.build(command='mkdir dist && cp app.py dist/ && echo "$HOTFIX_COMMIT" > dist/id', output="dist")
    with tarfile.open(artifact.location) as archive:
        packed = archive.extractfile("id")
        assert packed is not None and packed.read().decode() == f"{COMMIT}\n"
        assert archive.getnames() == ["app.py", "id"]


def test_a_command_that_fails_says_how_and_leaves_its_log(shop: Shop) -> None:
    shop.write("app.py")
    error = shop.refused(command="echo compiling; echo with hunter22 >&2; exit 3")
    log = shop.store / "logs" / f"build-{COMMIT[:12]}.log"
    assert error.message == f"the build command failed with 3 (log: {log})"
    assert error.detail == "compiling\nwith [redacted]"
    assert log.read_text().splitlines()[-1] == "with [redacted]"


def test_a_command_that_hangs_is_ended(shop: Shop) -> None:
    error = shop.refused(command="sleep 60", timeout="200ms")
    assert "was ended after 0.2 s" in error.message


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/etc/passwd", "points out of the tree"),
        ("../secret", "points out of the tree"),
        ("a/../../source/app.py", "points out of the tree"),
        ("way/passwd", "points out of the tree"),
        ("loop", "leads back to itself"),
    ],
)
def test_a_link_out_of_the_tree_is_refused(shop: Shop, target: str, words: str) -> None:
    shop.write("app.py")
    if target.startswith("way/"):
        (shop.source / "way").symlink_to("/etc")
    (shop.source / "loop").symlink_to(target)
    error = shop.refused()
    assert error.message.startswith("cannot pack the link ")
    assert words in error.message


def test_a_link_that_leaves_by_way_of_another_link_is_refused(shop: Shop) -> None:
    shop.write("s/t/app.py")
    (shop.source / "s/t/top").symlink_to("../..")
    (shop.source / "x").symlink_to("s/t/top/..")
    assert shop.refused().message == "cannot pack the link x: it points out of the tree"


@pytest.mark.parametrize("target", ["app.py", "../app.py", "nowhere", "../a"])
def test_a_link_inside_is_kept_as_it_is(shop: Shop, target: str) -> None:
    shop.write("app.py")
    shop.write("a/app.py")
    (shop.source / "a/link").symlink_to(target)
    link = members(shop.build())["a/link"]
    assert (link.issym(), link.linkname) == (True, target)


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_what_is_no_file_is_refused_by_name(shop: Shop, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write("app.py")
    monkeypatch.chdir(shop.source)
    if kind == "pipe":
        os.mkfifo("odd")
        assert shop.refused().message.startswith("cannot pack odd")
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("odd")
            assert shop.refused().message.startswith("cannot pack odd")


def test_hard_links_are_two_files(shop: Shop) -> None:
    file = shop.write("a", "same\n")
    (shop.source / "b").hardlink_to(file)
    linked = shop.build()
    (shop.source / "b").unlink()
    shop.write("b", "same\n")
    assert shop.build() == linked


def test_a_name_that_is_not_utf8_and_a_very_long_one(shop: Shop) -> None:
    odd = os.fsdecode(b"caf\xe9")
    deep = "/".join(["d" * 60] * 5) + "/file"
    shop.write(odd)
    shop.write(deep)
    first = shop.build()
    assert sorted(members(first)) == sorted([deep, odd])
    assert shop.build() == first


@pytest.mark.parametrize("settings", [{}, {"output": "dist"}])
def test_nothing_to_pack_is_a_failure(shop: Shop, settings: dict[str, str]) -> None:
    (shop.source / "dist").mkdir()
    assert "nothing to pack" in shop.refused(**settings).message


def test_an_output_that_the_command_did_not_make(shop: Shop) -> None:
    assert shop.refused(command="true", output="dist").message == "there is no directory dist to pack after the build"


def test_an_output_that_leads_elsewhere(shop: Shop) -> None:
    (shop.home / "elsewhere").mkdir()
    assert "leads out" in shop.refused(command="ln -s ../elsewhere dist", output="dist").message


FULL_DISK = """
import asyncio, pathlib, resource, sys
from hotfix_deploy_runner.artifacts.archive import make_builder
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import CheckFailed
from hotfix_deploy_runner.ports import Workplace
source, store = map(pathlib.Path, sys.argv[1:3])
if sys.argv[3] == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    asyncio.run(make_builder({}, Workplace(source, store, Redactor())).build(source, "c" * 40))
except CheckFailed as error:
    print(error.message, "|", error.detail, "|", error.next_step)
print(sorted(p.name for p in (store / "artifacts").iterdir()))
"""


def _no_room(shop: Shop, kind: str, *before: str) -> list[str]:
    (shop.source / "big").write_bytes(os.urandom(1_000_000))
    shop.store.mkdir(exist_ok=True)
    command = [*before, sys.executable, "-c", FULL_DISK, str(shop.source), str(shop.store), kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_no_room_is_said_and_leaves_nothing_half_written(shop: Shop) -> None:
    said, left = _no_room(shop, "limit")
    assert said.startswith(f"no room for the artifact in {shop.store}/artifacts | [Errno 27]")
    assert said.endswith(f"| df -h {shop.store}/artifacts")
    assert left == "[]"


def test_a_full_disk_is_said_and_leaves_nothing_half_written(shop: Shop) -> None:
    mount = ("unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=64k none "$1" && shift && exec "$@"', "sh")
    shop.store.mkdir()
    if subprocess.run([*mount, str(shop.store), "true"], capture_output=True).returncode != 0:
        pytest.skip("no small disk can be mounted here")
    said, left = _no_room(shop, "disk", *mount, str(shop.store))
    assert said.startswith(f"no room for the artifact in {shop.store}/artifacts | [Errno 28]")
    assert left == "[]"


def test_a_store_that_cannot_be_written_is_said(shop: Shop) -> None:
    shop.write("app.py")
    shop.store.write_text("a file where a directory should be\n")
    with pytest.raises(CheckFailed, match="the artifact could not be packed"):
        shop.build()


def test_a_damaged_artifact_is_made_whole_by_building_it_again(shop: Shop) -> None:
    shop.write("app.py")
    artifact = shop.build()
    whole = Path(artifact.location).read_bytes()
    Path(artifact.location).write_bytes(whole[:10])
    assert shop.build() == artifact
    assert Path(artifact.location).read_bytes() == whole


def test_builds_side_by_side_do_not_disturb_each_other(shop: Shop) -> None:
    async def both() -> list[Artifact]:
        return await asyncio.gather(*(shop.builder().build(shop.source, COMMIT) for _ in range(4)))

    shop.write("app.py", "x" * 100_000)
    assert len(set(asyncio.run(both()))) == 1
    assert len(shop.stored) == 1


def test_packing_stops_when_it_is_told_to(shop: Shop) -> None:
    for number in range(5):
        shop.write(f"file-{number}")
    stop = threading.Event()
    asked = []

    def stopped() -> bool:
        asked.append(stop.is_set())
        if len(asked) == 3:
            stop.set()
        return asked[-1]

    with (shop.home / "out").open("wb") as file, pytest.raises(InterruptedError):
        pack(shop.source, contents(shop.source, ()), file, stopped)
    assert asked == [False, False, False, True]


def test_a_cancelled_build_leaves_no_partial_file(shop: Shop) -> None:
    for number in range(300):
        (shop.source / f"file-{number}").write_bytes(os.urandom(100_000))
    shop.store.mkdir()

    async def cancel() -> None:
        task = asyncio.create_task(shop.builder().build(shop.source, COMMIT))
        async with asyncio.timeout(20):
            while not shop.stored:
                await asyncio.sleep(0.002)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert shop.stored == []


WRITER = """
import sys
from pathlib import Path
from hotfix_deploy_runner.artifacts.partial import partial_file
with partial_file(Path(sys.argv[1])) as file:
    print(file.name, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_build_left_is_removed_by_the_next_and_no_sooner(shop: Shop) -> None:
    shop.write("a")
    artifacts = shop.store / "artifacts"
    artifacts.mkdir(parents=True)
    argv = [sys.executable, "-c", WRITER, str(artifacts)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        left = Path(writer.stdout.readline().strip()).name
        shop.build()
        assert left in shop.stored, "it is being written"
        writer.kill()
    built = shop.build()
    assert shop.stored == [Path(built.location).name]
