"""What a service answers to: its health address, and its metrics page."""

import re
from typing import NamedTuple

from .found import Guess, Metrics
from .tree import Tree, line_of

_HEALTH = ("healthz", "health", "livez", "readyz", "_health", "healthcheck", "up", "ping", "status")
_QUOTED = r"""["'`](?:GET )?/?(/?{path})/?["'`]"""
_ROUTE = re.compile(r"route|get|path|handle|url|==|case|when|in ", re.IGNORECASE)


_PROBES = (
    (r"""httpGet:\s*\n(?:\s+\w+:.*\n)*?\s+path:\s*["']?(/[\w./-]*)""", ".yaml", ".yml"),
    (r"""test:.*https?://[\w.:$-]+(/[\w./-]*)""", "compose.yaml", "compose.yml"),
    (r"""^HEALTHCHECK(?:.|\\\n)*?https?://[\w.:$-]+(/[\w./-]*)""", "Dockerfile"),
)
"""How a path stands in each kind of file, and how their names end."""


class _Client(NamedTuple):
    """A Prometheus client library, and what its defaults are called."""

    name: str
    pattern: str
    requests: str = ""
    duration: str = ""
    status_label: str = ""


_CLIENTS = (
    _Client(
        "prometheus-fastapi-instrumentator",
        r"prometheus_fastapi_instrumentator",
        "http_requests_total",
        "http_request_duration_seconds",
        "status",
    ),
    _Client(
        "prometheus-flask-exporter",
        r"prometheus_flask_exporter",
        "flask_http_request_total",
        "flask_http_request_duration_seconds",
        "status",
    ),
    _Client(
        "django-prometheus",
        r"django_prometheus",
        "django_http_responses_total_by_status_total",
        "django_http_requests_latency_including_middlewares_seconds",
        "status",
    ),
    _Client(
        "express-prom-bundle",
        r"express-prom-bundle",
        "http_request_duration_seconds_count",
        "http_request_duration_seconds",
        "status_code",
    ),
    _Client("prom-client", r"""["']prom-client["']"""),
    _Client("client_golang", r"prometheus/promhttp"),
    _Client(
        "prometheus-client (Ruby)",
        r"prometheus/middleware/collector",
        "http_server_requests_total",
        "http_server_request_duration_seconds",
        "code",
    ),
    _Client("yabeda-prometheus", r"yabeda[-/]prometheus"),
    _Client("prometheus-client (Python)", r"^\s*(?:from|import) prometheus_client"),
    _Client("a page written by hand", r"""# TYPE \w+_total counter"""),
)


def health(tree: Tree) -> Guess | None:
    """The health address: what a platform asks already, else a route with a usual name."""
    return _probed(tree) or _routed(tree)


def _probed(tree: Tree) -> Guess | None:
    """What Kubernetes (`httpGet`), Compose or a Dockerfile ask of it."""
    for pattern, *endings in _PROBES:
        for file, match in tree.search(pattern, *endings):
            return Guess(match[1], f"asked by {file}:{line_of(match)}")
    return None


def _routed(tree: Tree) -> Guess | None:
    """A route in the code. A readiness route is the second choice."""
    for path in _HEALTH:
        for file, match in tree.search(_QUOTED.format(path=re.escape(path))):
            line = match.string.splitlines()[line_of(match) - 1]
            if _ROUTE.search(line):
                why = f"{file}:{line_of(match)}"
                return Guess(f"/{path}", why, "it has to answer 2xx only when the instance can work")
    for file, match in tree.search(r"rails/health#show"):
        return Guess("/up", f"{file}:{line_of(match)}", "it says that the application boots, nothing of its database")
    return None


def metrics(tree: Tree) -> Metrics | None:
    """The Prometheus client that is used, and under which names it counts."""
    for client in _CLIENTS:
        for file, match in tree.search(client.pattern):
            where = f"{client.name}, {file}:{line_of(match)}"
            return Metrics(client.name, _table(tree, client, where))
    return None


def _table(tree: Tree, client: _Client, where: str) -> dict[str, Guess]:
    values = {"path": _page(tree, where)}
    names = {
        "requests": (client.requests, r"""\b([a-z_]*requests?(?:_count)?_total)\b"""),
        "duration": (client.duration, r"""\b([a-z_]*requests?_(?:duration|latency)[a-z_]*_seconds)\b"""),
    }
    for key, (usual, pattern) in names.items():
        values[key] = Guess(usual, f"what {client.name} calls it") if usual else _named(tree, pattern, where)
    if client.status_label:
        values["status_label"] = Guess(client.status_label, f"what {client.name} calls it")
    return {key: guess for key, guess in values.items() if guess.value}


def _page(tree: Tree, where: str) -> Guess:
    for file, match in tree.search(r"""["'`](?:GET )?(/[\w/-]*metrics)/?["'`]"""):
        return Guess(match[1], f"{file}:{line_of(match)}")
    return Guess("/metrics", where, "no route of that name was seen in the code")


def _named(tree: Tree, pattern: str, where: str) -> Guess:
    for file, match in tree.search(pattern):
        return Guess(match[1], f"{file}:{line_of(match)}")
    return Guess("", where)
