"""Prometheus' query API: raw samples over a range, the server's clock, what its targets' pages declare.

https://prometheus.io/docs/prometheus/latest/querying/api/ has its answers and its errors.
"""

import asyncio
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from ...core.instant import Instant, Seconds
from ...doors.http import Answer, Http, Unanswered, place
from ...errors import NoReading

ANSWER_LIMIT = 50_000_000
"""Bytes of an answer; a longer one is not read."""

_HINTS = {
    401: "it wants to know who asks: set metrics.bearer_token_env, or metrics.username and metrics.password_env",
    403: "who asks may not: see what metrics.bearer_token_env or metrics.password_env hold",
    404: "there is no query API: metrics.url has to be the server's base",
    405: "it takes no POST: ask it directly, not through a proxy",
    429: "it is asked too often: raise watch.interval",
}
T = TypeVar("T")


class RangeSeries(msgspec.Struct, frozen=True):
    """One series with its raw samples: when each was scraped (by the server's clock), and its value as text."""

    metric: dict[str, str]
    values: tuple[tuple[Instant, str], ...] = ()


class _Envelope(msgspec.Struct, frozen=True):
    status: str
    data: msgspec.Raw = msgspec.Raw(b"null")
    errorType: str = ""
    error: str = ""
    warnings: tuple[str, ...] = ()


class _Vector(msgspec.Struct, frozen=True):
    resultType: str
    result: msgspec.Raw


class _Declared(msgspec.Struct, frozen=True):
    target: dict[str, str]


class QueryApi:
    """Asks the server at `url`. Every method raises `NoReading`, with what went wrong and what may mend it."""

    def __init__(self, http: Http, url: str, headers: Mapping[str, str], timeout: Seconds) -> None:
        self._http, self._url, self._headers, self._timeout = http, url, headers, timeout
        self.place = place(url)

    async def now(self) -> Instant:
        """The server's clock."""
        found = await self._query("time()", None, "scalar")
        return self._read(found, tuple[Instant, str])[0]

    async def samples(self, selector: str, length: Seconds, at: Instant | None = None) -> tuple[RangeSeries, ...]:
        """The raw samples of `selector` in the `length` seconds before `at` (by the server's clock; None: now)."""
        milliseconds = max(1, round(length * 1000))
        found = await self._query(f"{selector}[{milliseconds}ms]", at, "matrix")
        return await asyncio.to_thread(self._read, found, tuple[RangeSeries, ...])

    async def declaring(self, metric: str, targets: str) -> tuple[Mapping[str, str], ...]:
        """The labels of those of the `targets` (a selector of them) whose pages now declare `metric`."""
        fields = {"metric": metric, "match_target": targets}
        address = f"{self._url}/api/v1/targets/metadata"
        try:
            answer = await self._http.get(f"{address}?{urlencode(fields)}", self._timeout, ANSWER_LIMIT, self._headers)
        except Unanswered as error:
            raise NoReading(error.message) from error
        declared = self._read(self._opened(answer).data, tuple[_Declared, ...])
        return tuple(one.target for one in declared)

    async def _query(self, query: str, at: Instant | None, kind: str) -> msgspec.Raw:
        fields = {"query": query} | ({} if at is None else {"time": f"{at:.3f}"})
        address = f"{self._url}/api/v1/query"
        try:
            answer = await self._http.post_form(address, fields, self._headers, self._timeout, ANSWER_LIMIT)
        except Unanswered as error:
            raise NoReading(error.message) from error
        envelope = self._opened(answer)
        found = self._read(envelope.data, _Vector)
        if found.resultType != kind:
            raise NoReading(f"{self.place} answered with a {found.resultType}, not a {kind}: {query}")
        return found.result

    def _opened(self, answer: Answer) -> _Envelope:
        """What stands in an answer that is whole and good."""
        try:
            envelope = msgspec.json.decode(answer.text, type=_Envelope)
        except msgspec.MsgspecError:
            envelope = _Envelope("error")
            if answer.status == 200:
                raise NoReading(
                    f"{self.place} answered 200 with what is not the query API's JSON", next_step=_HINTS[404]
                ) from None
        if answer.status != 200 or envelope.status != "success":
            raise self._refusal(answer.status, envelope)
        if envelope.warnings:
            # A part of the data would pass for counters that fell.
            raise NoReading(f"{self.place} answered in part only: {envelope.warnings[0][:200]}")
        return envelope

    def _refusal(self, status: int, envelope: _Envelope) -> NoReading:
        kind = f" ({envelope.errorType})" if envelope.errorType else ""
        words = envelope.error[:300]
        if envelope.errorType in ("bad_data", "execution"):
            return NoReading(
                f"{self.place} cannot carry out the query{kind}: {words}",
                next_step="correct the selectors in [metrics]",
            )
        hint = _HINTS.get(status, "")
        return NoReading(f"{self.place} answered {status}{kind}" + "".join(f": {t}" for t in (words or hint,) if t))

    def _read(self, raw: msgspec.Raw, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(raw, type=kind)
        except msgspec.MsgspecError as error:
            raise NoReading(f"{self.place} answered with something else than was asked for: {error}") from error
