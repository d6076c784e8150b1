"""Commits of our own making that carry data, on no branch and with no checkout: a lock, a run's events."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from ..command import Commands
from .call import GitCall
from .records import Commit
from .remotes import Remotes

_NOBODY = "hotfix-deploy-runner <hotfix-deploy-runner@localhost>"
_IDS = {"sha1": 40, "sha256": 64}


class DataCommit(msgspec.Struct, frozen=True):
    """A commit to be made: `files` by path, on top of the tree of `parent` where there is one; `at` in whole seconds.

    Made twice it is the same commit.
    """

    subject: str
    files: Mapping[str, bytes]
    parent: Commit = ""
    at: int = 0


class Objects(Remotes):
    """Data as commits: made here, pushed to refs of the remote, brought from there. No local ref is left behind."""

    def __init__(self, repository: Path, commands: Commands, *, remote: str = "origin", timeout: float = 20.0) -> None:
        super().__init__(GitCall(repository, commands, timeout), remote)

    async def make(self, wanted: Sequence[DataCommit]) -> tuple[Commit, ...]:
        """Make all of them with one process (git-fast-import(1)); their ids in order."""
        if not wanted:
            return ()
        room = f"refs/hotfix/making/{secrets.token_hex(8)}"
        script = b"feature done\n"
        for number, commit in enumerate(wanted, start=1):
            script += _commands(commit, f"{room}/{number}", number)
        nothing = "0" * await self._id_length()
        script += "".join(f"reset {room}/{n}\nfrom {nothing}\n\n" for n in range(1, len(wanted) + 1)).encode()
        done = await self._call.run(
            "fast-import", "--quiet", what="store what the team shares", given=script + b"done\n"
        )
        return tuple(done.output.split())

    async def bring(self, refs: Sequence[str]) -> None:
        """Have the objects of these refs of the remote here, and no ref. Raises `GitFailed` when one is not there."""
        if refs:
            still = ("--no-tags", "--no-prune", "--no-recurse-submodules", "--no-auto-maintenance", "--refmap=")
            asked = ("fetch", *still, "--no-write-fetch-head", "--", self._remote, *refs)
            what = f"fetch from {self._remote}"
            await self._call.run(*asked, what=what, env=await self._call.over_the_network(), next_step=self._look())

    async def file(self, commit: Commit, path: str) -> str | None:
        """The text of a file of `commit`; None when the commit or the file is not here."""
        asked = ("cat-file", "blob", f"{commit}:{path}")
        done = await self._call.run(*asked, what=f"read {path}", accept=frozenset({0, 128}))
        return done.output if done.exit_code == 0 else None

    async def lines(self, commit: Commit, folder: str) -> list[str]:
        """The lines of all files under `folder`, in the order of their names."""
        asked = ("grep", "--no-color", "--text", "-h", "-e", "", commit, "--", f"{folder}/")
        return (await self._call.text(*asked, what=f"read {folder}")).split("\n")

    async def missing(self, commits: Collection[Commit]) -> frozenset[Commit]:
        """Which of these are not here."""
        if not commits:
            return frozenset()
        given = "".join(f"{commit}\n" for commit in commits).encode()
        done = await self._call.run("cat-file", "--batch-check", what="look for commits", given=given)
        return frozenset(line.partition(" ")[0] for line in done.output.splitlines() if line.endswith(" missing"))

    async def known_remote(self) -> bool:
        """Whether git knows a remote of this name."""
        return self._remote in (await self._call.text("remote", what="list its remotes")).splitlines()

    async def url(self) -> str:
        """Where the remote is, as git has it: there may be a password in it."""
        done = await self._call.run(
            "remote", "get-url", "--", self._remote, what="find its remote", accept=frozenset({0, 2, 128})
        )
        return done.output.strip()

    async def is_read_by_anybody(self, url: str) -> bool:
        """Whether what is at `url`, an address without a login, is told to somebody who has none."""
        nobody = ("-c", "credential.helper=", "-c", "http.extraHeader=", "-c", "http.cookieFile=")
        asked = (*nobody, "ls-remote", "--quiet", "--", url, "HEAD")
        env = {"GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "HOME": "/nonexistent"}
        done = await self._call.run(*asked, what="ask without a login", env=env, accept=frozenset(range(256)))
        return done.exit_code == 0

    async def refs_like(self, *patterns: str) -> dict[str, Commit]:
        """The remote's refs that match one of the patterns, which may end in `*`."""
        return await self._ls_remote(patterns=patterns)

    async def _id_length(self) -> int:
        form = await self._call.text("rev-parse", "--show-object-format", what="tell how objects are named")
        return _IDS.get(form, 40)


def _commands(commit: DataCommit, ref: str, mark: int) -> bytes:
    """The commands for git-fast-import(1)."""
    subject = commit.subject.encode()
    head = f"commit {ref}\nmark :{mark}\ncommitter {_NOBODY} {commit.at} +0000\ndata {len(subject)}\n".encode()
    origin = f"from {commit.parent}\n".encode() if commit.parent else b""
    files = b"".join(
        f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
        for path, content in commit.files.items()
    )
    return head + subject + b"\n" + origin + files + f"\nget-mark :{mark}\n".encode()
