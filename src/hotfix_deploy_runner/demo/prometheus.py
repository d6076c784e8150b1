"""A real Prometheus for the demo, that scrapes production's instances once a second."""

import json
import shutil
import urllib.request

from ..errors import UsageError
from .layout import Layout
from .ports import DemoPorts
from .processes import Child, Processes, wait_until

START_LIMIT = 30.0
"""Seconds until its first scrape; its targets are taken up five seconds after its start."""


def needed() -> str:
    """The program. Raises `UsageError` when it is not installed."""
    program = shutil.which("prometheus")
    if program is None:
        raise UsageError(
            "the demo with --metrics prometheus needs Prometheus, which is not on the PATH",
            detail="on Debian and Ubuntu: apt-get install --no-install-recommends prometheus",
        )
    return program


def start_prometheus(processes: Processes, layout: Layout, ports: DemoPorts) -> Child:
    """Start one on its port of 127.0.0.1; it has scraped what serves when this returns.

    Its targets are all ports of production: those that nobody listens on are down, which is what they are.
    """
    config = layout.folder / "prometheus.json"  # JSON is YAML
    targets = [f"127.0.0.1:{one}" for one in ports.production]
    jobs = [{"job_name": "accounts", "static_configs": [{"targets": targets}]}]
    intervals = {"scrape_interval": "1s", "scrape_timeout": "900ms"}
    config.write_text(json.dumps({"global": intervals, "scrape_configs": jobs}))
    arguments = [
        needed(),
        f"--config.file={config}",
        f"--storage.tsdb.path={layout.folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{ports.prometheus}",
    ]
    child = processes.start("prometheus", arguments)
    wait_until(lambda: _has_scraped(ports.prometheus), "Prometheus has scraped the instances", START_LIMIT)
    return child


def _has_scraped(port: int) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://127.0.0.1:{port}/api/v1/query?query=sum(up)%3E0", timeout=2) as answer:
            return bool(json.load(answer)["data"]["result"])
    except OSError:
        return False
