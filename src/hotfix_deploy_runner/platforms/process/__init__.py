"""Instances as processes on this machine: the embedded default, no service needed. Linux only (/proc)."""

import os
from pathlib import Path

from ...doors.command import Commands
from ...doors.install import Installer, Setup
from ...ports import Settings, Site
from ...settings import read_table, reads
from .dial import Dial
from .fence import Fence
from .layout import Layout
from .liveness import Processes
from .observer import Observer
from .platform import ProcessPlatform
from .ports import Ports
from .probe import Probe
from .publisher import Publisher
from .releases import Releases
from .retirement import Retirement
from .settings import ProcessSettings
from .supervisor import Supervisor
from .turn import Parts

__all__ = ["ProcessPlatform", "ProcessSettings", "make_platform"]


@reads(ProcessSettings)
def make_platform(settings: Settings, site: Site) -> ProcessPlatform:
    """The platform described by the table `settings` at `site`. Raises `UsageError` naming every wrong key."""
    read = read_table(ProcessSettings, settings, f"environments.{site.environment}.{site.name}")
    layout = Layout(Path(read.root).expanduser() if read.root else site.state)
    processes = Processes()
    fence = Fence(layout.fence)
    commands = Commands(site.redact, children=site.children)
    supervisor = Supervisor(
        layout, processes, fence, start=read.start, base=os.environ, extra=read.env, grace=read.grace
    )
    probe = Probe(read.paths, read.probe_limit)
    observer = Observer(layout, processes, probe, read.start_limit, site.redact)
    publisher = Publisher(layout, fence, supervisor.alive, commands, read.publish)
    retirement = Retirement(layout, fence, supervisor, publisher, read.drain)
    setup = Setup(read.setup.command, read.setup.inputs, read.setup.timeout)
    releases = Releases(layout.releases, site.artifacts, Installer(commands, site.caches), setup)
    ports = Ports(read.ports)
    parts = Parts(layout, fence, supervisor, observer, retirement, ports, releases, read.start_limit)
    slots = tuple(f"{site.name}-{number}" for number in range(1, read.instances + 1))
    return ProcessPlatform(slots, layout, fence, observer, releases, Dial(parts))
