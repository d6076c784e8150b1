"""What `status --instances` says of each platform."""

from collections.abc import Iterator, Mapping

from ..core.fleet import Fleet, Instance
from .columns import columns


def instances_lines(fleets: Mapping[str, Fleet]) -> Iterator[str]:
    """For each platform, by name, its instances in columns: name, version, state, role and why."""
    for name, fleet in fleets.items():
        yield f"{name}:" + ("" if fleet.instances else " nothing runs")
        yield from (f"  {line}" for line in columns([_cells(instance) for instance in fleet.instances]))


def _cells(instance: Instance) -> tuple[str, ...]:
    role = "" if instance.role.value == "serving" else f"({instance.role.value})"
    return (instance.name, instance.revision.version, instance.state.value, role, instance.why)
