"""SARIF 2.1.0, the part that is needed: what was found, where, and how bad. Plain JSON, no library.

Section numbers are those of the OASIS standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

SIZE_LIMIT = 50_000_000


class UnreadableLog(Exception):
    """The file is no SARIF log; the message says why."""


class Level(IntEnum):
    """How bad a finding is (§3.27.10). `none` is for a result that is no problem."""

    none = 0
    note = 1
    warning = 2
    error = 3


class Finding(msgspec.Struct, frozen=True):
    """One result. `path` is relative to what was scanned; `line` is 0 where none is given.

    `snippet` is the code it is about, when the scanner gives it. It may hold a secret: it is for comparison only.
    """

    rule: str
    name: str
    level: Level
    path: str
    line: int
    message: str = ""
    snippet: str = ""


class Log(msgspec.Struct, frozen=True):
    """A scan: what was found, how many results were suppressed, and what the tool complains it could not do."""

    findings: tuple[Finding, ...] = ()
    suppressed: int = 0
    complaints: tuple[str, ...] = ()


def read(path: Path, scanned: Path) -> Log:
    """The log at `path` of a scan of the directory `scanned`. Raises `UnreadableLog`."""
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise UnreadableLog(f"it is larger than {SIZE_LIMIT // 1_000_000} MB")
        log = json.loads(path.read_bytes())
        return parse(log, scanned)
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableLog(str(error)) from error
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise UnreadableLog(f"it is JSON, but not a SARIF 2.1.0 log ({error!r})") from error


def parse(log: Mapping[str, Any], scanned: Path) -> Log:
    """The same for a log that is decoded. Raises `KeyError` or `TypeError` for what is no SARIF."""
    runs = log["runs"]
    results = [(run, result) for run in runs for result in run.get("results") or ()]
    counted = [(run, result) for run, result in results if not _is_suppressed(result)]
    return Log(
        findings=tuple(f for run, result in counted if (f := _finding(run, result, scanned)).level is not Level.none),
        suppressed=len(results) - len(counted),
        complaints=tuple(complaint for run in runs for complaint in _complaints(run, scanned)),
    )


def _is_suppressed(result: Mapping[str, Any]) -> bool:
    """Suppressed when there are suppressions and none is under review or rejected (§3.27.23, §3.35.3)."""
    suppressions = result.get("suppressions") or ()
    return bool(suppressions) and all(s.get("status", "accepted") == "accepted" for s in suppressions)


def _finding(run: Mapping[str, Any], result: Mapping[str, Any], scanned: Path) -> Finding:
    rule = _rule(run, result)
    place = (result.get("locations") or [{}])[0].get("physicalLocation", {})
    region = place.get("region", {})
    return Finding(
        rule=str(result.get("ruleId") or result.get("rule", {}).get("id") or rule.get("id") or "?"),
        name=str(rule.get("name") or ""),
        level=_level(rule, result),
        path=_path(place.get("artifactLocation", {}), run, scanned),
        line=int(region.get("startLine", 0)),
        message=str(result.get("message", {}).get("text", "")),
        snippet=str(region.get("snippet", {}).get("text", "")),
    )


def _rule(run: Mapping[str, Any], result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rule's description: by index (§3.27.6), else by id; of the driver (rules of extensions carry no default)."""
    rules: list[Mapping[str, Any]] = run["tool"]["driver"].get("rules") or []
    index: int = result.get("ruleIndex", result.get("rule", {}).get("index", -1))
    wanted = result.get("ruleId") or result.get("rule", {}).get("id")
    if 0 <= index < len(rules) and wanted in (None, rules[index].get("id")):
        return rules[index]
    return next((rule for rule in rules if rule.get("id") == wanted), {})


def _level(rule: Mapping[str, Any], result: Mapping[str, Any]) -> Level:
    """The result's own level, else its rule's default, else `warning`; `none` for a `kind` but `fail` (§3.27.10)."""
    if result.get("kind", "fail") != "fail":
        return Level.none
    default = rule.get("defaultConfiguration", {}).get("level", "warning")
    return Level[result.get("level", default)]


def _path(location: Mapping[str, Any], run: Mapping[str, Any], scanned: Path) -> str:
    """Relative to `scanned`, whether the URI is absolute, relative, or relative to a named base (§3.4)."""
    base = (run.get("originalUriBaseIds") or {}).get(location.get("uriBaseId", ""), {}).get("uri", "")
    text = str(location.get("uri", ""))
    if base.startswith("file:") and not urlsplit(text).scheme and not text.startswith("/"):
        text = base.rstrip("/") + "/" + text
    path = Path(unquote(urlsplit(text).path if text.startswith("file:") else text))
    for root in (scanned, scanned.resolve()):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.as_posix()


def _complaints(run: Mapping[str, Any], scanned: Path) -> Iterator[str]:
    """What went wrong in the tool itself (§3.20.14, §3.20.21, §3.20.22)."""
    for invocation in run.get("invocations") or ():
        if invocation.get("executionSuccessful") is False:
            yield "the tool says that it did not succeed"
        for kind in ("toolExecutionNotifications", "toolConfigurationNotifications"):
            yield from _errors(invocation.get(kind) or (), run, scanned)


def _errors(notifications: Iterable[Mapping[str, Any]], run: Mapping[str, Any], scanned: Path) -> Iterator[str]:
    for notification in notifications:
        if notification.get("level", "warning") == "error":
            places = (entry.get("physicalLocation", {}) for entry in notification.get("locations") or ())
            files = ", ".join(_path(place.get("artifactLocation", {}), run, scanned) for place in places)
            yield f"{files or 'no file'}: {notification.get('message', {}).get('text', '')}"


def joined(logs: Iterable[Log]) -> Log:
    """Several scans of parts of one tree, as one."""
    parts = list(logs)
    return Log(
        findings=tuple(finding for part in parts for finding in part.findings),
        suppressed=sum(part.suppressed for part in parts),
        complaints=tuple(complaint for part in parts for complaint in part.complaints),
    )
