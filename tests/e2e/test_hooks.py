"""The team's own commands at the turns of a whole run, and of a rollback after it."""

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, ROLL_BACK, MakePlace, Place

pytestmark = pytest.mark.slow


def with_hooks(world: Place) -> None:
    """All four note what they are told and where; the second and the third end badly."""
    note = f'echo "$HOTFIX_HOOK $HOTFIX_VERSION $HOTFIX_OLD_VERSION $HOTFIX_TARGET $PWD" >> {world.layout.folder}/hooks'
    ends = {"before_rollout": 0, "after_rollout": 3, "before_rollback": 4, "after_rollback": 0}
    lines = [f"{name} = '{note}; exit {code}'" for name, code in ends.items()]
    with (world.layout.clone / "hotfix.toml").open("a") as settings:
        settings.write("\n".join(["", "[hooks]", *lines, ""]))


def test_each_runs_at_its_turn_and_only_the_first_could_have_stopped_anything(place: MakePlace) -> None:
    world = place()
    with_hooks(world)
    done = world.run(*DEPLOY, "--window", "2s")
    assert done.end() == 0, done.out + done.err
    at = [done.lines.index(line) for line in ("  [OK] Hook before_rollout done", "  [OK] Process 1/3 healthy")]
    assert at == sorted(at) and "  [WARN] Hook after_rollout ended with 3" in done.lines
    back = world.run(*ROLL_BACK)
    assert back.end() == 0, back.out + back.err
    assert (
        "  [WARN] Hook before_rollback ended with 4" in back.lines and "  [OK] Hook after_rollback done" in back.lines
    )
    told = [line.split() for line in (world.layout.folder / "hooks").read_text().splitlines()]
    assert [words[:4] for words in told] == [
        ["before_rollout", NEXT, BASE, "production"],
        ["after_rollout", NEXT, BASE, "production"],
        ["before_rollback", BASE, NEXT, "production"],
        ["after_rollback", BASE, NEXT, "production"],
    ]
    clone = str(world.layout.clone)
    assert [words[4] == clone for words in told] == [False, False, True, True]
    assert all("/hotfix-deploy-runner/" in words[4] and words[4].endswith("/tree") for words in told[:2])
    assert world.serving() == [BASE] * 3
