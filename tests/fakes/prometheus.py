"""A real Prometheus over pages, and a server that answers as the query API does, for what a real one does not show."""

import json
import subprocess
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.components import needs
from tests.fakes.processes import wait_for
from tests.fakes.web import body_of, reply, serving

from hotfix_deploy_runner.demo.ports import free_block
from hotfix_deploy_runner.demo.processes import listening

Point = tuple[float, str]


@contextmanager
def real_prometheus(folder: Path, targets: Sequence[str], interval: str = "200ms") -> Iterator[str]:
    """One that scrapes `targets` (base URLs); its URL. It takes five seconds until its first scrape."""
    program, port = needs("prometheus"), free_block(1)[0]
    jobs = [{"job_name": "test", "static_configs": [{"targets": [url.partition("://")[2] for url in targets]}]}]
    config = {"global": {"scrape_interval": interval, "scrape_timeout": interval}, "scrape_configs": jobs}
    (folder / "prometheus.json").write_text(json.dumps(config))
    arguments = [
        str(program),
        f"--config.file={folder}/prometheus.json",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log)
    try:
        wait_for(lambda: listening(port) or process.poll() is not None, "Prometheus listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


class Scraped:
    """What a Prometheus would have: samples by series, at instants of the test's. `now` is its clock."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.series: dict[tuple[tuple[str, str], ...], list[Point]] = {}
        self.declared: set[str] = set()
        self.further: dict[str, set[str]] = {}
        self.answer: tuple[int, str] | None = None
        self.asked: list[dict[str, str]] = []
        self.headers: Any = {}

    def scrape(self, place: str, at: float, *, up: bool = True, job: str = "x", **counts: Any) -> None:
        """One scrape of `place`: `s200=3` is the request counter with status 200 at 3. A page declares it."""
        self._add({"__name__": "up", "instance": place, "job": job}, at, "1" if up else "0")
        if up:
            self.declared.add(place)
        for key, value in counts.items():
            name = {"__name__": "http_requests_total", "instance": place, "status": key[1:], "job": job}
            self._add(name, at, str(value))

    def count(self, name: str, place: str, at: float, value: float, **labels: str) -> None:
        """A sample of another counter; its page declares it."""
        self.further.setdefault(name, set()).add(place)
        self._add({"__name__": name, "instance": place, "job": "x", **labels}, at, str(value))

    def _add(self, labels: Mapping[str, str], at: float, value: str) -> None:
        self.series.setdefault(tuple(sorted(labels.items())), []).append((at, value))

    @contextmanager
    def online(self) -> Iterator[str]:
        """The URL where it answers."""
        with serving(self._respond) as url:
            yield url

    def _respond(self, request: BaseHTTPRequestHandler) -> None:
        path, _, asked = request.path.partition("?")
        fields = dict(urllib.parse.parse_qsl(asked or body_of(request).decode()))
        self.asked.append(fields)
        self.headers = request.headers
        status, body = self.answer or (200, json.dumps({"status": "success", "data": self._data(path, fields)}))
        reply(request, body, status)

    def _data(self, path: str, fields: Mapping[str, str]) -> Any:
        if path.endswith("/metadata"):
            declaring = {"http_requests_total": self.declared, **self.further}.get(fields["metric"], set())
            return [{"target": {"instance": place}, "metric": fields["metric"]} for place in sorted(declaring)]
        query, end = fields["query"], float(fields.get("time", self.now))
        if query == "time()":
            return {"resultType": "scalar", "result": [self.now, str(self.now)]}
        name, _, length = query.partition("{")[0], *query.rpartition("[")[1:]
        start = end - float(length.removesuffix("ms]")) / 1000
        found = []
        for labels, points in self.series.items():
            inside = [point for point in points if start <= point[0] <= end]
            if dict(labels)["__name__"] == name and inside:
                found.append({"metric": dict(labels), "values": inside})
        return {"resultType": "matrix", "result": found}
