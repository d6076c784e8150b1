"""Production as it is found: what no tag explains."""

import asyncio

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, MakePlace, Place

from hotfix_deploy_runner.config.load import load
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.doors.repository import find_repository
from hotfix_deploy_runner.ports import Move
from hotfix_deploy_runner.wiring.project import Project

pytestmark = pytest.mark.slow
SHORT = ("--window", "1s")


def put(world: Place, version: str) -> None:
    """Have production run `version`, a tag of the base's commit that is gone again afterwards."""
    commit = world.git("rev-parse", f"{BASE}^{{commit}}")
    world.clone("tag", version, commit)
    done = world.run("rollback-deploy-auto", "--version", version, "--force")
    assert done.end() == 0, done.out + done.err
    world.clone("tag", "-d", version)


def test_a_base_that_the_operator_names_is_tagged_and_brought_back_by_that_name(place: MakePlace) -> None:
    world = place()
    put(world, "nightly-0412")
    commit = world.git("rev-parse", f"{BASE}^{{commit}}")
    refused = world.run(*DEPLOY, *SHORT)
    assert refused.end() == 3 and f"--base {commit}" in refused.err, refused.err
    done = world.run(*DEPLOY, *SHORT, "--base", BASE)
    assert done.end() == 0, done.out + done.err
    assert done.lines[1:3] == [
        "Current production: nightly-0412 (base)",
        f"Hotfix base: {commit[:12]} (as before/{NEXT})",
    ]
    assert f"  [OK] Tagged what runs: before/{NEXT} ({commit[:7]})" in done.lines
    assert world.git("rev-parse", f"before/{NEXT}^{{commit}}") == commit
    assert world.serving() == [NEXT] * 3
    assert done.lines[-1] == f"Rollback command: rollback-deploy-auto --version before/{NEXT}"
    back = world.run(*done.lines[-1].partition(": ")[2].split())
    assert back.end() == 0, back.out + back.err
    assert world.serving() == ["nightly-0412"] * 3
    assert world.failures() == ()


def turn_one(world: Place, version: str) -> None:
    """Have the first instance of production run `version`, behind the runner's back; the others stay on the base."""
    at_base = _first_runs(world)
    for there in (version, BASE):
        done = world.run("rollback-deploy-auto", "--version", there, "--force")
        assert done.end() == 0, done.out + done.err
        if there == version:
            at_version = _first_runs(world)
    asyncio.run(_shift_one(_project(world), at_version, at_base))


async def _shift_one(project: Project, new: Revision, old: Revision) -> None:
    lease = project.locks.acquire(("production",), "by-hand", "eve")
    platform, move = project.platforms["production", "web"], Move(new, old, lease.fence)
    await platform.prepare(move)
    await platform.shift(move, 1)
    project.locks.release(lease)


def _first_runs(world: Place) -> Revision:
    return asyncio.run(_project(world).platforms["production", "web"].fleet()).serving[0].revision


def _project(world: Place) -> Project:
    repository = find_repository(world.layout.clone)
    return Project(repository, load(repository.top))


def test_several_versions_stop_it_unless_they_are_accepted_and_one_comes_back(place: MakePlace) -> None:
    world = place("errors")
    turn_one(world, "v2.14.2")
    assert sorted(world.serving()) == ["v2.14.2", BASE, BASE]
    refused = world.run(*DEPLOY)
    assert refused.end() == 3 and "web/web-1 runs v2.14.2" in refused.err and "--accept-mixed" in refused.err
    done = world.run(*DEPLOY, "--accept-mixed")
    assert done.end() == 4, done.out + done.err
    runs = f"{BASE} on 2, v2.14.2 on 1"
    assert done.lines[1:3] == [f"Current production: {runs} (tag)", f"Hotfix base: {BASE}"]
    assert f"Note: production runs {runs}; a way back brings all of it to {BASE}" in done.lines
    assert f"  [OK] {BASE} verified everywhere (3 processes healthy)" in done.lines
    assert world.serving() == [BASE] * 3
