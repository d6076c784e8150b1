"""Unpacked artifacts, a directory each."""

import asyncio
import hashlib
import shutil
import tarfile
from collections.abc import Collection
from pathlib import Path

import msgspec

from ...core.revision import Revision
from ...doors.file_lock import file_lock
from ...doors.install import Installer, Setup
from ...doors.unpack import unpack
from ...errors import ArtifactMissing, PlatformFailed

KEPT = 3
"""How many of the releases used last stay, whatever runs."""


class Release(msgspec.Struct, frozen=True):
    """A revision ready to be started: its `tree`, and the `environment` with its dependencies ($HOTFIX_ENV)."""

    tree: Path
    environment: Path


class Releases:
    """Makes releases from `artifacts/<digest-hex>.tar.gz`, once each, side by side under `root`."""

    def __init__(self, root: Path, artifacts: Path, installer: Installer, setup: Setup) -> None:
        self._root = root
        self._artifacts = artifacts
        self._installer = installer
        self._setup = setup

    def tree(self, revision: Revision) -> Path:
        """Where the release of `revision` is, or would be."""
        return self._root / _hex(revision) / "tree"

    async def provide(self, revision: Revision) -> Release:
        """The release of `revision`, unpacked and installed unless it is already.

        Raises `ArtifactMissing` when its bytes are not in the store, `PlatformFailed` when they are not what the
        digest says or cannot be unpacked, `CommandFailed` when the setup fails.
        """
        tree = self.tree(revision)
        if not tree.is_dir():
            async with file_lock(self._root / f"{_hex(revision)}.lock"):
                if not tree.is_dir():
                    await asyncio.to_thread(self._unpack, revision, tree)
        environment = await self._installer.install(tree, self._setup, tree.parent / "install.log")
        tree.parent.touch()  # the time of its last use
        return Release(tree, environment)

    def remove(self, needed: Collection[Revision]) -> None:
        """Remove the releases that are neither of `needed` nor among the last used. Blocks; call it in a thread."""
        keep = {_hex(revision) for revision in needed}
        found = sorted((p for p in self._root.glob("*") if p.is_dir()), key=lambda p: p.stat().st_mtime)
        for place in found[:-KEPT]:
            if place.name not in keep:
                shutil.rmtree(place, ignore_errors=True)
                place.with_suffix(".lock").unlink(missing_ok=True)

    def _unpack(self, revision: Revision, tree: Path) -> None:
        archive = self._artifacts / f"{_hex(revision)}.tar.gz"
        self._verify(revision, archive)
        part = tree.with_name("unpacking")
        shutil.rmtree(part, ignore_errors=True)  # left by one that was killed
        try:
            part.mkdir(parents=True)
            unpack(archive, part)
            part.rename(tree)
        except (OSError, EOFError, tarfile.TarError) as error:
            shutil.rmtree(part, ignore_errors=True)
            raise PlatformFailed(
                f"the artifact of {revision.version} cannot be unpacked: {error}",
                detail=f"{archive} into {tree}",
                next_step=f"df -h {self._root}",
            ) from error

    def _verify(self, revision: Revision, archive: Path) -> None:
        try:
            with archive.open("rb") as file:
                seen = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            missing = f"the artifact of {revision.version} is not in the store"
            raise ArtifactMissing(missing, detail=str(error)) from error
        if seen != _hex(revision):
            raise PlatformFailed(
                f"the artifact of {revision.version} is damaged: its content is not what its name says",
                detail=f"{archive} has sha256 {seen}",
                next_step=f"rm {archive}",
            )


def _hex(revision: Revision) -> str:
    """The directory's name. A digest is input from outside: nothing but 64 hex digits may become a path."""
    digest = revision.artifact.removeprefix("sha256:")
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ArtifactMissing(
            f"the artifact of {revision.version} is not known",
            detail=f"{revision.artifact!r} is not a sha256 digest",
        )
    return digest
