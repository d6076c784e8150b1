"""What became of the new instances once they had been ready: restarts, and failing health."""

import msgspec

from .fleet import Fleet
from .instant import Instant, Seconds


class Life(msgspec.Struct, frozen=True):
    """One incarnation of a new instance. `unready_since` is set when it had been ready and no longer is."""

    name: str
    was_ready: bool = False
    unready_since: Instant | None = None
    why: str = ""

    @property
    def well(self) -> bool:
        """Whether it was ready when it was last seen."""
        return self.was_ready and self.unready_since is None

    def seen(self, at: Instant, ready: bool, why: str) -> "Life":
        """As seen at `at`; itself when nothing has changed."""
        since = at if self.unready_since is None else self.unready_since
        failing = self.was_ready and not ready
        now = Life(self.name, self.was_ready or ready, since if failing else None, "" if ready else why)
        return self if now == self else now


class Lives(msgspec.Struct, frozen=True):
    """All incarnations of new instances, by incarnation. `restarted` names those that came back as another one.

    One that is gone is remembered, until another incarnation takes its name: that is a restart. One that was never
    ready is the gate's business.
    """

    known: dict[str, Life] = {}
    restarted: tuple[str, ...] = ()
    at: Instant = 0.0

    def seen(self, at: Instant, fleet: Fleet, version: str) -> "Lives":
        """With the fleet as it was at `at`; `version` is the new one."""
        present = {instance.incarnation for instance in fleet.instances}
        gone = {life.name: key for key, life in self.known.items() if life.was_ready and key not in present}
        known: dict[str, Life] = {}
        restarted = []
        for instance in fleet.serving:
            if instance.revision.version != version:
                continue
            ready, life = instance.ready, self.known.get(instance.incarnation)
            if life is None and gone.pop(instance.name, ""):
                restarted.append(instance.name)
            if life is None or not (ready and life.well):
                life = (life or Life(instance.name)).seen(at, ready, instance.why)
            known[instance.incarnation] = life
        known |= {key: Life(name, was_ready=True) for name, key in gone.items()}
        return Lives(known, (*self.restarted, *restarted), at)

    def resumed(self) -> "Lives":
        """After a gap in which nobody looked: who is not ready then has not been so for as long as the gap was."""
        known = {key: msgspec.structs.replace(life, unready_since=None) for key, life in self.known.items()}
        return msgspec.structs.replace(self, known=known)

    def unhealthy(self, length: Seconds) -> tuple[Life, ...]:
        """Those that had been ready and then were not for at least `length`, up to when the fleet was last seen."""
        return tuple(
            life
            for life in self.known.values()
            if life.unready_since is not None and self.at - life.unready_since >= length
        )
