"""The `[metrics]` table of `source = "prometheus"`, and the secrets that it names."""

import base64
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from ...errors import NotConfigured
from ...settings import Duration
from ..tables import CountedTable

VARIABLE = r"^([A-Za-z_][A-Za-z0-9_]*)?$"


class PrometheusSettings(CountedTable):
    """The `[metrics]` table of `source = "prometheus"`: the query API of Prometheus, or of what speaks as it does.
    One reading alone never breaches: the watch's window, and a gate's patience, have to hold several of its scrapes.

    `requests`, `duration` and `up` are names, or whole selectors with `{instances}` (a regular expression of the
    values that the instances have under `instance_label`) and `{revision}` (the version that they run).
    """

    url: str = Field("http://127.0.0.1:9090", description="The server's base URL, without /api/v1.")
    requests: str = Field("http_requests_total", description="The counter of completed requests.")
    duration: str = Field(
        "http_request_duration_seconds",
        description="The histogram of latency, in seconds (or a selector of its _bucket series); empty: none is read.",
    )
    up: str = Field("up", description="The series that every scrape writes: 1 when it went well.")
    instance_label: str = Field("instance", description="The label that says which instance a series is of.")
    instance: str = Field(
        "{host}:{port}",
        description="What an instance has under it: {host} and {port} of its endpoint, its {name}, its {incarnation}.",
    )
    lookback: Duration = Field(
        60.0, description="How far back the last scrapes are looked for; at least three of them.", gt=0
    )
    timeout: Duration = Field(5.0, description="How long one query may take.", gt=0)
    bearer_token_env: str = Field("", pattern=VARIABLE, description="The variable that holds a bearer token.")
    username: str = Field("", description="For basic authentication, with password_env.")
    password_env: str = Field("", pattern=VARIABLE, description="The variable that holds its password.")
    headers: dict[str, str] = Field({}, description="Further headers, such as a tenant's; no secrets.")

    @field_validator("url")
    @classmethod
    def _is_a_base(cls, url: str) -> str:
        parsed = urlsplit(url)
        if parsed.scheme not in ("http", "https") or not parsed.hostname:
            raise ValueError("not an http or https URL")
        if parsed.username is not None:
            raise ValueError("holds a user: use username and password_env")
        return url.rstrip("/")

    @field_validator("headers")
    @classmethod
    def _holds_no_secret(cls, headers: dict[str, str]) -> dict[str, str]:
        if any(name.lower() in ("authorization", "proxy-authorization", "cookie") for name in headers):
            raise ValueError("authorization belongs into bearer_token_env, or username and password_env")
        return headers


def authorization(table: PrometheusSettings) -> Mapping[str, str]:
    """The header that the table's variables make. Raises `NotConfigured` for one that is not set."""
    if table.bearer_token_env:
        return {"authorization": f"Bearer {_held('bearer_token_env', table.bearer_token_env)}"}
    if table.password_env:
        pair = f"{table.username}:{_held('password_env', table.password_env)}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def _held(key: str, variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise NotConfigured(
            f"metrics.{key}: the variable {variable} is not set", next_step=f"export {variable}=…, or change [metrics]"
        )
    return value
