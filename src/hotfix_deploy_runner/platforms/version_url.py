"""What runs, asked of the instances themselves where nothing on their platform says it. Goes round any platform."""

import asyncio
import re

import msgspec

from ..core.fleet import Fleet, Instance, State
from ..core.instant import Seconds
from ..core.revision import UNKNOWN, Revision
from ..doors.http import Answer, Http, Unanswered
from ..ports import All, Move, Platform

PATIENCE: Seconds = 2.0
"""How long an instance may take to say what it is."""

_LIMIT = 65_536
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/@:-]{0,127}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class VersionAsked:
    """`platform`, with the version of every instance that it knows none of asked at `path`. All else is `platform`'s.

    An instance is asked until it has answered once: one life of it runs one version. One that does not answer stays
    unknown, and says why.
    """

    def __init__(self, platform: Platform, path: str, http: Http) -> None:
        self.noun = platform.noun
        self._platform, self._path, self._http = platform, path, http
        self._known: dict[str, Revision] = {}

    async def fleet(self) -> Fleet:
        """What runs now, by the platform and then by what its instances say."""
        fleet = await self._platform.fleet()
        return Fleet(tuple(await asyncio.gather(*map(self._told, fleet.instances))))

    async def prepare(self, move: Move) -> None:
        """As the platform does it."""
        await self._platform.prepare(move)

    async def shift(self, move: Move, count: "int | All") -> None:
        """As the platform does it."""
        await self._platform.shift(move, count)

    async def settle(self, keep: Revision, fence: int) -> None:
        """As the platform does it."""
        await self._platform.settle(keep, fence)

    async def explain(self, instance: Instance) -> str:
        """As the platform does it."""
        return await self._platform.explain(instance)

    async def _told(self, instance: Instance) -> Instance:
        if instance.revision.version != UNKNOWN.version or instance.state is State.FAILED:
            return instance
        if instance.incarnation not in self._known:
            try:
                told = await self._ask(instance)
            except _NotSaid as error:
                why = f"GET {self._path}, for its version: {error}"
                return msgspec.structs.replace(instance, why="; ".join(filter(None, (instance.why, why))))
            self._known[instance.incarnation] = told
        return msgspec.structs.replace(instance, revision=self._known[instance.incarnation])

    async def _ask(self, instance: Instance) -> Revision:
        if instance.endpoint is None:
            raise _NotSaid("it has no address")
        try:
            answer = await self._http.get(instance.endpoint.rstrip("/") + self._path, PATIENCE, _LIMIT)
        except Unanswered as error:
            raise _NotSaid(error.why) from error
        said = _read(answer)
        artifact = instance.revision.artifact
        return Revision(said.version, said.commit if _COMMIT.fullmatch(said.commit) else "", artifact)


class _NotSaid(Exception):
    """Why an instance's version is not known, in a few words."""


class _Said(msgspec.Struct, frozen=True):
    """What an answer may hold as JSON; other keys are left alone."""

    version: str
    commit: str = ""


def _read(answer: Answer) -> _Said:
    """The version in an answer: a JSON object's `version` and `commit`, else its first line."""
    if answer.status != 200:
        raise _NotSaid(f"it answered {answer.status}")
    text = answer.text.strip()
    try:
        said = msgspec.json.decode(text, type=_Said) if text.startswith("{") else _Said(text.partition("\n")[0].strip())
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _NotSaid("its answer is no JSON object with a version") from error
    if not _VERSION.fullmatch(said.version) or said.version == UNKNOWN.version:
        raise _NotSaid("its answer is no version")
    return said
