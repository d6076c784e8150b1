"""Branches, checkouts and tags that are not as a hotfix needs them."""

from contextlib import ExitStack

from tests.e2e.bad_input.case import Case, Typed
from tests.e2e.bad_input.world import BEFORE, OLD, Ran, World

HOSTILE = "hotfix/$(touch${IFS}owned)`touch${IFS}owned`;'\"&|{touch,owned}"
"""Git takes it for a branch; a shell would take it for commands."""


def missing(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying("hotfix/nowhere"))


def behind(world: World, undo: ExitStack) -> Typed:
    branch = world.branch()
    world.git("fetch", "-q", "origin", f"{branch}:{branch}")
    world.branch(name=branch, base=branch)
    return Typed(world.deploying(branch))


def not_descended(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying(world.branch(base=BEFORE)))


def no_name(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying("x; touch owned"))


def an_option(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying("--upload-pack=touch owned"))


def shell_characters(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying(world.branch(name=HOSTILE), target="staging"))


def shell_characters_unpushed(world: World, undo: ExitStack) -> Typed:
    branch = f"{HOSTILE}-mine"
    world.git("branch", branch, OLD)
    return Typed(world.deploying(branch))


def dirty(world: World, undo: ExitStack) -> Typed:
    branch = world.branch()
    world.git("fetch", "-q", "origin", f"{branch}:{branch}")
    checkout = world.folder / "dirty"
    world.git("worktree", "add", "-q", str(checkout), branch)
    undo.callback(world.git, "worktree", "remove", "--force", str(checkout))
    (checkout / "fix").write_text("not committed")
    return Typed(world.deploying(branch))


def without_tags(world: World, undo: ExitStack) -> str:
    """A remote that has none, and a clone that has none; its own are back afterwards."""
    for version in (BEFORE, OLD):
        undo.callback(world.git, "update-ref", f"refs/tags/{version}", world.git("rev-parse", f"refs/tags/{version}"))
    bare = world.copy_of_origin()
    for repository in (world.git, lambda *asked: world.git("--git-dir", str(bare), *asked)):
        for tag in repository("tag", "--list").splitlines():
            repository("tag", "-d", tag)
    return world.remote("tagless", bare)


def no_tag_to_go_back_to(world: World, undo: ExitStack) -> Typed:
    remote = without_tags(world, undo)
    return Typed(world.rolling_back(settings={"remote": remote}, version="v0.9.0"))


def no_tag_of_what_runs(world: World, undo: ExitStack) -> Typed:
    """Production says itself from which commit it runs: that is enough."""
    branch = world.branch()
    remote = without_tags(world, undo)
    return Typed(world.deploying(branch, {"remote": remote}, target="staging"))


def no_tag_and_nothing_runs(world: World, undo: ExitStack) -> Typed:
    branch = world.branch()
    remote = without_tags(world, undo)
    empty = {place: {"web": {"root": str(world.folder / f"empty-{place}")}} for place in ("staging", "production")}
    return Typed(world.deploying(branch, {"remote": remote, "environments": empty}))


def nothing_was_executed(world: World, ran: Ran) -> None:
    assert not list(world.folder.rglob("owned"))


def the_command_is_quoted(world: World, ran: Ran) -> None:
    """What is printed to be typed must be one word to a shell."""
    nothing_was_executed(world, ran)
    assert "git push origin 'hotfix/$(touch" in ran.told, ran.told


CASES = (
    Case("a branch that does not exist", missing, "Branch hotfix/nowhere exists neither here nor on the remote", 3),
    Case("a branch behind its remote", behind, "[FAIL] Branch is 1 commit behind origin/", 3),
    Case("a branch not cut from the base", not_descended, f"[FAIL] Branch is not cut from {OLD}", 3),
    Case("a branch name with a space and a semicolon", no_name, "'x; touch owned' is no branch name", 2),
    Case("a branch named like an option", an_option, "'--upload-pack=touch owned' is no branch name", 2),
    Case(
        "a branch named like shell commands, to staging",
        shell_characters,
        "is proven on staging.",
        0,
        also=nothing_was_executed,
    ),
    Case(
        "a branch named like shell commands, not pushed",
        shell_characters_unpushed,
        "[FAIL] Branch is not pushed to origin",
        3,
        also=the_command_is_quoted,
    ),
    Case("a dirty checkout", dirty, "[FAIL] Branch has uncommitted changes in ", 3),
    Case("no tag at all, asked to go back", no_tag_to_go_back_to, "there is no tag v0.9.0", 2),
    Case("no tag of what runs, to staging", no_tag_of_what_runs, f"Current production: {OLD} (commit)", 0),
    Case("no tag at all, and nothing runs", no_tag_and_nothing_runs, "nothing runs on production yet", 3),
)
