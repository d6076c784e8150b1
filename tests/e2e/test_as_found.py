"""Production as it is found: what no tag explains."""

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, MakePlace, Place

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
