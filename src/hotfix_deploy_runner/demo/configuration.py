"""The demo repository's own hotfix.toml: what a team would write, with short times."""

import json
from collections.abc import Mapping
from typing import Literal

from .layout import Layout
from .ports import DemoPorts, as_text
from .scenarios import Scenario

Metrics = Literal["scrape", "prometheus"]
"""Who is asked for the metrics."""

GENERAL = """\
# How hotfixes of this service are deployed. Times are short: this is a demo.
tag_format = "v{version}"
rollback_threshold = 5.0
notify = ["slack"]

[setup]
command = "python3 -m venv $HOTFIX_ENV && $HOTFIX_ENV/bin/pip install -q -r requirements.txt"
inputs = ["requirements.txt"]

[checks.security]
level = "note"                   # a password in the source is no more than that to bandit
exclude = ["tests", "smoke", "probes", ".hotfix-env"]

[checks.tests]
command = "$HOTFIX_ENV/bin/python -m pytest -q --junitxml=$HOTFIX_JUNIT"
timeout = "2m"

[staging]
smoke = "$HOTFIX_ENV/bin/python -m pytest -q smoke --junitxml=$HOTFIX_JUNIT"

{metrics}
[notifiers.slack]
type = "slack"
webhook_env = "SLACK_WEBHOOK_URL"
"""

SCRAPED = """\
[metrics]
source = "scrape"
path = "/metrics"
requests = "http_requests_total"
status_label = "status"
duration = "http_request_duration_seconds"
"""

ASKED = """\
[metrics]
source = "prometheus"
url = {url}
requests = "http_requests_total"
status_label = "status"
duration = "http_request_duration_seconds"
"""

WATCH = {
    "window": "8s",
    "interval": "0.5s",
    "gate_wait": "5s",
    "probes": "$HOTFIX_ENV/bin/python -m pytest -q probes --junitxml=$HOTFIX_JUNIT",
}
ROLLOUT = {"min_healthy": "1s"}

PLATFORM = """
[environments.{environment}.web]
platform = "process"
instances = {instances}
ports = {ports}
start = "$HOTFIX_ENV/bin/python -m service"
health = "/healthz"
ready = "/readyz"
drain = "0.5s"
grace = "10s"
start_limit = "20s"
root = {root}
env = {env}
"""


def configuration(layout: Layout, scenario: Scenario, ports: DemoPorts, metrics: Metrics = "scrape") -> str:
    """The text of hotfix.toml: one instance in staging, three in production, their files under the demo's folder.

    `metrics` says who is asked: the instances themselves, or the Prometheus on its port.
    """
    table = SCRAPED if metrics == "scrape" else ASKED.format(url=_quoted(f"http://127.0.0.1:{ports.prometheus}"))
    general = GENERAL.replace("{metrics}", table)
    staging = _platform(layout, "staging", 1, ports.staging, scenario.staging_env)
    production = _platform(layout, "production", 3, ports.production, scenario.production_env)
    watch, rollout = _table("watch", WATCH | {**scenario.watch}), _table("rollout", ROLLOUT | {**scenario.rollout})
    return general + watch + rollout + staging + production


def _table(name: str, values: Mapping[str, str]) -> str:
    return "".join([f"\n[{name}]\n", *(f"{key} = {_quoted(value)}\n" for key, value in values.items())])


def _platform(layout: Layout, environment: str, instances: int, ports: range, env: Mapping[str, str]) -> str:
    return PLATFORM.format(
        environment=environment,
        instances=instances,
        ports=_quoted(as_text(ports)),
        root=_quoted(str(layout.root(environment))),
        env="{" + ", ".join(f"{name} = {_quoted(value)}" for name, value in env.items()) + "}",
    )


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0; JSON's escapes are all among its own, but it wants DEL escaped too."""
    return json.dumps(text).replace("\x7f", "\\u007f")
