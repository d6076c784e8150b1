"""Two platforms in one environment: an API and its workers, rolled out one after the other, rolled back together."""

import json
import re
from pathlib import Path

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, MakePlace, Place, version_of

from hotfix_deploy_runner.core.events import StepEnded, StepStarted
from hotfix_deploy_runner.demo.ports import as_text, free_block

pytestmark = pytest.mark.slow

WORKERS = """
[environments.production.workers]
platform = "process"
instances = 2
ports = "{ports}"
start = "$HOTFIX_ENV/bin/python -m service"
health = "/healthz"
ready = "/readyz"
drain = "0.5s"
start_limit = "20s"
root = "{root}"
"""


def add_workers(world: Place) -> Path:
    """Two workers on the base version, which the hotfix does not start on; web has what it needs. Their folder."""
    settings, root = world.layout.clone / "hotfix.toml", world.layout.folder / "workers"
    text = settings.read_text()
    room = text.index("[environments.production.web]")
    web = re.sub(r"^env = .*$", 'env = {TOKEN_AUDIENCE = "production"}', text[room:], count=1, flags=re.MULTILINE)
    settings.write_text(text[:room] + web + WORKERS.format(ports=as_text(free_block(4)), root=root))
    done = world.run("rollback-deploy-auto", "--version", BASE)
    assert done.end() == 0, done.out + done.err
    assert f"  [OK] web: {BASE} verified everywhere (3 processes healthy)" in done.lines
    assert f"  [OK] workers: {BASE} verified everywhere (2 processes healthy)" in done.lines
    return root


def test_when_the_second_does_not_get_healthy_both_are_rolled_back(place: MakePlace) -> None:
    world = place("crash")
    root = add_workers(world)
    done = world.run(*DEPLOY)
    assert done.end() == 4, done.out + done.err
    at = done.lines.index("  [OK] Rolling deploy started (5 processes)")
    assert done.lines[at + 1 : at + 4] == [f"  [OK] Process {n}/5 healthy" for n in (1, 2, 3)]
    assert done.lines[at + 4].startswith("  [FAIL] Process workers-1 failed") and "TOKEN_AUDIENCE" in done.out
    back = done.lines[done.lines.index("Rollback:") + 1 :]
    assert back[0].startswith(f"  [OK] Rolling back to {BASE} (")
    assert back[1:3] == [
        f"  [OK] web: {BASE} verified everywhere (3 processes healthy)",
        f"  [OK] workers: {BASE} verified everywhere (2 processes healthy)",
    ]
    assert f"Production runs {BASE} again, verified everywhere." in done.out
    assert world.serving() == [BASE] * 3
    workers = json.loads((root / "serving.json").read_text())["endpoints"]
    assert [version_of(endpoint) for endpoint in workers] == [BASE] * 2
    events = world.events()
    begun = [e.step for e in events if isinstance(e, StepStarted) and e.step.startswith(("batch:", "restore:"))]
    batches = [f"batch:production/{place}" for place in ("web:1", "web:2", "web:3", "workers:1")]
    assert begun == [*batches, "restore:production/web", "restore:production/workers"]
    gate = next(n for n, e in enumerate(events) if isinstance(e, StepEnded) and e.step == "gate:production/web:3")
    workers_begin = next(n for n, e in enumerate(events) if isinstance(e, StepStarted) and e.step == batches[3])
    assert gate < workers_begin, "web first, to its last gate"
    both = next(n for n, e in enumerate(events) if isinstance(e, StepStarted) and e.step.startswith("restore:p"))
    assert isinstance(events[both + 1], StepStarted), "neither waits for the other"
    assert NEXT in world.tags()
