"""Git remotes as teams have them: a folder, over SSH, over HTTP with a password."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.repository import NO_USER
from tests.remotes.proxy import Proxy
from tests.remotes.smart_http import http_url, smart_http
from tests.remotes.sshd import ssh_command, ssh_url, sshd

TRANSPORTS = ("file", "ssh", "http")
NETWORK = ("ssh", "http")
"""Those with a proxy."""

PROTECT = """#!/bin/sh
[ "$1" = refs/heads/main ] || exit 0
echo "error: GH006: Protected branch update failed for refs/heads/main." >&2
echo "error: Changes must be made through a pull request." >&2
exit 1
"""


@dataclass(frozen=True)
class Remote:
    """A bare repository, and how it is reached. `env` is for every git that talks to it, beside the environment.

    `proxy` is what stands in front of the server; there is none for a folder.
    """

    url: str
    bare: Path
    env: Mapping[str, str]
    proxy: Proxy | None = None

    @property
    def network(self) -> Proxy:
        """The proxy, of a remote that has one."""
        assert self.proxy, "a folder has no network"
        return self.proxy

    def git(self, *arguments: str, cwd: Path, seconds: float = 60) -> "subprocess.CompletedProcess[str]":
        """Git as a client that can reach it, to its end, whatever that is. Raises `subprocess.TimeoutExpired`."""
        env = {**os.environ, **self.env}
        return subprocess.run(
            ["git", *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds, check=False
        )

    def value(self, ref: str) -> str:
        """What `ref` is in the bare repository itself, past every network; empty when it is not there."""
        asked = ["git", "--git-dir", str(self.bare), "for-each-ref", "--format=%(objectname)", ref]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()

    def refs(self) -> str:
        """All refs there and what they are, past every network."""
        asked = ["git", "--git-dir", str(self.bare), "for-each-ref", "--format=%(objectname) %(refname)"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


@contextmanager
def remote(transport: str, folder: Path) -> Iterator[Remote]:
    """The bare repository `folder`/origin.git over one of `TRANSPORTS`, until the block is left.

    It is made, with `main` as its first branch, unless it is there (`fakes.repository` makes one with a clone).
    """
    bare = folder / "origin.git"
    if not bare.exists():
        made = ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)]
        subprocess.run(made, env={**os.environ, **NO_USER}, check=True)
    with tempfile.TemporaryDirectory(prefix="hotfix-remote-") as own, SERVE[transport](Path(own), bare) as served:
        yield served


def protect_main(bare: Path) -> None:
    """Refuse every push to `main` from now on, in GitHub's words; other refs of the same push are not refused."""
    hook = bare / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(PROTECT)
    hook.chmod(0o755)


@contextmanager
def _file(_own: Path, bare: Path) -> Iterator[Remote]:
    yield Remote(bare.as_uri(), bare, NO_USER)


@contextmanager
def _ssh(own: Path, bare: Path) -> Iterator[Remote]:
    with sshd(own) as port, Proxy(("127.0.0.1", port)) as proxy:
        yield Remote(ssh_url(proxy.port, bare), bare, {**NO_USER, "GIT_SSH_COMMAND": ssh_command(own)}, proxy)


@contextmanager
def _http(own: Path, bare: Path) -> Iterator[Remote]:
    with smart_http(own, bare.parent) as socket, Proxy(socket) as proxy:
        yield Remote(http_url(proxy.port, bare.name), bare, NO_USER, proxy)


SERVE: Mapping[str, Callable[[Path, Path], AbstractContextManager[Remote]]] = {
    "file": _file,
    "ssh": _ssh,
    "http": _http,
}
