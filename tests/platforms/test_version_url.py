"""Asking instances for their version over real HTTP: what is believed, what is not, and for how long."""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest
from tests.fakes.platform import FakePlatform, World
from tests.fakes.web import reply, serving
from tests.fakes.workshop import go

from hotfix_deploy_runner.core.fleet import Fleet, State
from hotfix_deploy_runner.core.revision import UNKNOWN, Revision
from hotfix_deploy_runner.doors.http import Http
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.platforms import version_url
from hotfix_deploy_runner.platforms.version_url import VersionAsked
from hotfix_deploy_runner.ports import Move

COMMIT = "c" * 40
KNOWN = Revision("v1.0.0", "a" * 40, "sha256:1")


def world(url: str | None, *revisions: Revision) -> World:
    """Instances of these revisions, unknown ones by default, all at `url`."""
    made = World(size=len(revisions or (UNKNOWN,)))
    for slot, revision in zip(made.slots, revisions or (UNKNOWN,), strict=True):
        made.change(made.begin(slot, revision, State.READY).incarnation, endpoint=url)
    return made


def asked(platform: VersionAsked) -> Fleet:
    return go(platform.fleet())


def around(made: World) -> VersionAsked:
    return VersionAsked(FakePlatform(made), "/version", Http(Redactor()))


def answering(body: str | bytes, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: reply(request, body, status, headers)


@pytest.mark.parametrize(
    ("body", "revision"),
    [
        ("v2.14.3", Revision("v2.14.3")),
        ("  v2.14.3 \r\nbuilt on monday\n", Revision("v2.14.3")),
        ("api/v1.0.0-rc.1\n", Revision("api/v1.0.0-rc.1")),
        ('{"version": "v2.14.3"}', Revision("v2.14.3")),
        (f'\n{{"commit": "{COMMIT}", "version": "v2.14.3", "more": [1]}}', Revision("v2.14.3", COMMIT)),
        ('{"version": "v2.14.3", "commit": "main"}', Revision("v2.14.3")),
    ],
)
def test_a_version_is_told_as_text_or_json(body: str, revision: Revision) -> None:
    with serving(answering(body)) as url:
        (instance,) = asked(around(world(url))).instances
    assert (instance.revision, instance.why) == (revision, "")


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ("", 200, "its answer is no version"),
        ("<!doctype html><html>", 200, "its answer is no version"),
        ("It works!", 200, "its answer is no version"),
        (b"\x00\xff\xfe\x1b[31m", 200, "its answer is no version"),
        ("unknown", 200, "its answer is no version"),
        ("v" * 200, 200, "its answer is no version"),
        ('{"version": 3}', 200, "its answer is no JSON object with a version"),
        ('{"version": "v1"', 200, "its answer is no JSON object with a version"),
        ('{"v":' * 9_000, 200, "its answer is no JSON object with a version"),
        ('{"name": "web"}', 200, "its answer is no JSON object with a version"),
        ("v1.0.0\n" + "x" * 70_000, 200, "answered with more than 65536 bytes"),
        ("v1.0.0", 404, "it answered 404"),
        ("v1.0.0", 500, "it answered 500"),
    ],
)
def test_anything_else_leaves_it_unknown_and_says_why(body: str | bytes, status: int, why: str) -> None:
    with serving(answering(body, status)) as url:
        (instance,) = asked(around(world(url))).instances
    assert (instance.revision, instance.ready) == (UNKNOWN, True)
    assert instance.why == f"GET /version, for its version: {why}"


def test_a_redirect_is_not_followed() -> None:
    with serving(answering("v9.9.9")) as elsewhere, serving(answering("", 302, Location=f"{elsewhere}/version")) as url:
        (instance,) = asked(around(world(url))).instances
    assert instance.revision == UNKNOWN and instance.why.endswith("it answered 302")


def test_nobody_is_waited_for_for_long_and_all_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_url, "PATIENCE", 0.3)

    def drip(request: BaseHTTPRequestHandler) -> None:
        """A byte now and then: each by itself would be in time."""
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(40):
                request.wfile.write(b"v")
                request.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    with serving(drip) as url:
        begun = time.monotonic()
        fleet = asked(around(world(url, *[UNKNOWN] * 8)))
        took = time.monotonic() - begun
    assert took < 2.0, "one after the other it would be more"
    assert {i.why for i in fleet.instances} == {"GET /version, for its version: no answer in 0.3 s"}


def test_what_cannot_be_asked_says_so() -> None:
    (instance,) = asked(around(world(None))).instances
    assert instance.why == "GET /version, for its version: it has no address"


def test_only_what_the_platform_does_not_know_is_asked_and_only_until_it_has_answered() -> None:
    questions: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        questions.append(request.path)
        reply(request, "v2.0.0") if len(questions) > 1 else reply(request, "not now", 503)

    with serving(answer) as url:
        made = world(url, KNOWN, UNKNOWN)
        platform = around(made)
        seen = [[i.revision.version for i in asked(platform).instances] for _ in range(3)]
        assert seen == [["v1.0.0", "unknown"], ["v1.0.0", "v2.0.0"], ["v1.0.0", "v2.0.0"]]
        assert questions == ["/version", "/version"]
        made.remove(made.instances[1].incarnation)
        made.change(made.begin("web-2", UNKNOWN, State.READY).incarnation, endpoint=url)
        assert asked(platform).instances[1].revision.version == "v2.0.0"
        assert len(questions) == 3, "another life may run another version"
        made.remove(made.instances[1].incarnation)
        made.change(made.begin("web-2", UNKNOWN, State.FAILED).incarnation, endpoint=url)
        assert asked(platform).instances[1].revision == UNKNOWN and len(questions) == 3


def test_all_else_is_the_platforms() -> None:
    made = world("http://127.0.0.1:9", KNOWN)
    platform, new = around(made), Revision("v1.0.1")
    move = Move(new, KNOWN, 3)
    go(platform.prepare(move))
    go(platform.shift(move, 1))
    go(platform.settle(new, 3))
    assert made.calls == [("prepare", "v1.0.1"), ("shift", 1), ("settle", "v1.0.1")]
    assert (platform.noun, [i.revision for i in asked(platform).instances]) == ("process", [new])
    assert go(platform.explain(made.instances[0])).startswith("web-1: ready")
