"""Versions, the tags that carry them, and the next free one."""

import re
from collections.abc import Iterable
from typing import Self

import msgspec

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-rc\.(0|[1-9]\d*))?")


class Version(msgspec.Struct, frozen=True):
    """`major.minor.patch`, or a release candidate of it, `-rc.N`. Ordered as Semantic Versioning 2.0.0 §11 says."""

    major: int
    minor: int
    patch: int
    rc: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The version that `text` spells exactly, else None. Other pre-releases and build metadata are not ours."""
        match = _VERSION.fullmatch(text)
        if match is None:
            return None
        major, minor, patch, rc = match.groups()
        return cls(int(major), int(minor), int(patch), None if rc is None else int(rc))

    @property
    def final(self) -> "Version":
        """The version that this is, or is a candidate of."""
        return Version(self.major, self.minor, self.patch)

    @property
    def is_final(self) -> bool:
        """Whether it is not a release candidate."""
        return self.rc is None

    def __str__(self) -> str:
        core = f"{self.major}.{self.minor}.{self.patch}"
        return core if self.rc is None else f"{core}-rc.{self.rc}"

    def __lt__(self, other: "Version") -> bool:
        return self._key < other._key

    def __le__(self, other: "Version") -> bool:
        return self._key <= other._key

    def __gt__(self, other: "Version") -> bool:
        return self._key > other._key

    def __ge__(self, other: "Version") -> bool:
        return self._key >= other._key

    @property
    def _key(self) -> tuple[int, int, int, float]:
        return (self.major, self.minor, self.patch, float("inf") if self.rc is None else self.rc)


class TagFormat(msgspec.Struct, frozen=True):
    """How a version is spelled as a tag: `v{version}`, `api/v{version}`."""

    pattern: str = "v{version}"

    def tag(self, version: Version) -> str:
        """The tag's name for `version`."""
        return self.pattern.replace("{version}", str(version))

    def version(self, tag: str) -> Version | None:
        """The version that `tag` carries, or None when it is not in this format."""
        before, _, after = self.pattern.partition("{version}")
        if not (tag.startswith(before) and tag.endswith(after) and len(tag) > len(before) + len(after)):
            return None
        return Version.parse(tag[len(before) : len(tag) - len(after)])

    def versions(self, tags: Iterable[str]) -> tuple[Version, ...]:
        """The versions among `tags`, ascending."""
        return tuple(sorted(v for v in map(self.version, tags) if v is not None))


def next_patch(base: Version, taken: Iterable[Version]) -> Version:
    """The base's next patch number that no final tag has ever used: also not one that was rolled back.

    >>> str(next_patch(Version(2, 14, 3), [Version(2, 14, 3), Version(2, 14, 4)]))
    '2.14.5'
    """
    same_line = (v.patch for v in taken if v.is_final and (v.major, v.minor) == (base.major, base.minor))
    return Version(base.major, base.minor, max([base.patch, *same_line]) + 1)


def next_candidate(version: Version, taken: Iterable[Version]) -> Version:
    """The next release candidate of `version`, counting up from 1."""
    used = (v.rc or 0 for v in taken if v.final == version and not v.is_final)
    return Version(version.major, version.minor, version.patch, max([0, *used]) + 1)
