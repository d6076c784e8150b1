"""A small disk: a tmpfs of its own, so that it can be full without the machine's being full."""

import os
import subprocess
from pathlib import Path

import pytest


class SmallDisk:
    """The directory `place`, with `megabytes` of room; `mounted` is False where that was refused."""

    def __init__(self, place: Path, mounted: bool) -> None:
        self.place, self.mounted = place, mounted

    def fill(self, leave: int) -> Path:
        """Take all room but `leave` bytes; the file that takes it. Skips loudly where there is no such disk."""
        if not self.mounted:
            why = "no tmpfs can be mounted here: the case of a full disk was not tried"
            if os.environ.get("CI"):
                pytest.fail(why)
            pytest.skip(why)
        ballast = self.place / "ballast"
        room = os.statvfs(self.place)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - leave)
        return ballast

    def close(self) -> None:
        """Unmount it."""
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.place)], check=True)


def small_disk(place: Path, *, megabytes: int) -> SmallDisk:
    """Mount one at `place`, which is made; where that is refused, `place` is an ordinary directory."""
    place.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    try:
        done = subprocess.run(asked, check=False, capture_output=True)
    except FileNotFoundError:
        return SmallDisk(place, mounted=False)
    return SmallDisk(place, mounted=done.returncode == 0)
