"""What runs where, as a platform sees it at one moment. Never kept: a fleet is asked for again each time."""

from enum import StrEnum

import msgspec

from .revision import Revision


class State(StrEnum):
    """What an instance is able to do."""

    READY = "ready"
    STARTING = "starting"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


class Role(StrEnum):
    """What an instance is there for."""

    SERVING = "serving"
    STANDBY = "standby"
    DRAINING = "draining"


class Instance(msgspec.Struct, frozen=True):
    """One process, pod, container or host.

    `name` is its place in the fleet and survives a replacement; `incarnation` is this one life of it and
    changes at every restart. `endpoint` is a base URL (`http://127.0.0.1:9101`) or None. `why` says in the
    platform's words why it is not ready. `platform` names the one it runs on, where the environment has several.
    """

    name: str
    incarnation: str
    revision: Revision
    state: State
    role: Role = Role.SERVING
    endpoint: str | None = None
    why: str = ""
    platform: str = ""

    @property
    def ready(self) -> bool:
        """Whether it takes requests now."""
        return self.state is State.READY


class Fleet(msgspec.Struct, frozen=True):
    """All instances of one platform, in its own order. Draining ones are in it until they are gone."""

    instances: tuple[Instance, ...] = ()

    @property
    def serving(self) -> tuple[Instance, ...]:
        """Those meant to take traffic, ready or not."""
        return tuple(i for i in self.instances if i.role is Role.SERVING)

    @property
    def size(self) -> int:
        """How many places serve. One where a new instance failed beside the old one counts once."""
        return len({instance.name for instance in self.serving})

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """The distinct revisions that serve, in the order met."""
        return tuple(dict.fromkeys(i.revision for i in self.serving))

    @property
    def mixed(self) -> bool:
        """Whether more than one revision serves."""
        return len(self.revisions) > 1

    def of(self, revision: Revision) -> tuple[Instance, ...]:
        """The serving instances of one revision."""
        return tuple(i for i in self.serving if i.revision == revision)

    def ready(self, revision: Revision) -> int:
        """How many serving instances of `revision` are ready."""
        return sum(i.ready for i in self.of(revision))

    def only(self, revision: Revision, count: int) -> bool:
        """Whether nothing but `revision` runs in any role, on `count` instances, all of them ready and serving."""
        return len(self.instances) == count and all(
            i.revision == revision and i.ready and i.role is Role.SERVING for i in self.instances
        )
