import subprocess
from pathlib import Path

import msgspec
import pytest
from tests.fakes.workshop import BRANCH, Workshop, go, step, texts

from hotfix_deploy_runner.core.check import Status
from hotfix_deploy_runner.core.policy import Policy
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.doors.git import Git
from hotfix_deploy_runner.errors import GitFailed
from hotfix_deploy_runner.steps.tag import Tags
from hotfix_deploy_runner.steps.work import Outcome

TAG = "refs/tags/v1.0.1"
MARK = "refs/hotfix/rolled-back/v1.0.1"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def tag(shop: Workshop, git: Git | None = None, *, candidate: bool = False) -> Outcome:
    name = "v1.0.1-rc.1" if candidate else "v1.0.1"
    tags = Tags(git or shop.git, "origin")
    return go(tags.tag(step("tag", tag=name, candidate=candidate), shop.run(), shop.work))


def mark(shop: Workshop, run: Run | None = None, name: str = "v1.0.1") -> Outcome:
    return go(Tags(shop.git, "origin").mark(step("mark", tag=name), run or shop.run(), shop.work))


def test_the_tag_is_annotated_on_the_pinned_commit_with_the_runs_facts_and_pushed(shop: Workshop) -> None:
    assert texts(tag(shop)) == ["[OK] Tagged v1.0.1"]
    assert shop.remote(TAG) == shop.local(TAG) == shop.commit
    origin = shop.repository.origin
    assert shop.repository.git("cat-file", "-t", TAG, cwd=origin) == "tag"
    assert shop.repository.git("for-each-ref", "--format=%(subject)", TAG, cwd=origin) == f"v1.0.1: {BRANCH}"
    trailers = shop.repository.git("for-each-ref", "--format=%(contents:trailers)", TAG, cwd=origin).split("\n")
    assert [line for line in trailers if line] == [
        "Hotfix-Base: v1.0.0",
        f"Hotfix-Commit: {shop.commit}",
        "Hotfix-Run: run-1",
        "Hotfix-Operator: ada",
    ]


def test_a_candidate_is_tagged_and_pushed_too_without_a_word(shop: Workshop) -> None:
    assert tag(shop, candidate=True) == Outcome()
    assert shop.remote("refs/tags/v1.0.1-rc.1") == shop.commit


def test_doing_it_again_changes_nothing(shop: Workshop) -> None:
    tag(shop)
    object_id = shop.repository.git("rev-parse", TAG)
    (line,) = tag(shop).lines
    assert line.text == "Tagged v1.0.1"
    assert line.detail == (f"found on origin at {shop.commit[:7]}: not made again",)
    assert shop.repository.git("rev-parse", TAG) == object_id
    assert shop.repository.git("rev-parse", TAG, cwd=shop.repository.origin) == object_id


def test_a_repeat_after_the_push_was_lost_pushes_the_same_tag(shop: Workshop) -> None:
    tag(shop)
    object_id = shop.repository.git("rev-parse", TAG)
    shop.repository.git("update-ref", "-d", TAG, cwd=shop.repository.origin)
    tag(shop)
    assert shop.repository.git("rev-parse", TAG, cwd=shop.repository.origin) == object_id


def test_a_version_that_somebody_took_stays_theirs(shop: Workshop) -> None:
    shop.repository.git("tag", "v1.0.1", shop.base, cwd=shop.another())
    shop.repository.git("push", "--quiet", "origin", "v1.0.1", cwd=shop.another())
    outcome = tag(shop)
    assert outcome.ended is Ended.FAILED
    assert texts(outcome) == [f"[FAIL] Tag v1.0.1 exists already, at {shop.base[:7]}"]
    assert (shop.remote(TAG), shop.local(TAG)) == (shop.base, "")


def test_a_local_tag_on_another_commit_is_neither_moved_nor_pushed(shop: Workshop) -> None:
    shop.repository.git("tag", "v1.0.1", shop.base)
    with pytest.raises(GitFailed, match="exists already"):
        tag(shop)
    assert (shop.remote(TAG), shop.local(TAG)) == ("", shop.base)


def test_a_tag_that_the_remote_refuses_does_not_stay_here(shop: Workshop) -> None:
    shop.hook("echo 'no tags today' >&2; exit 1")
    with pytest.raises(GitFailed) as refused:
        tag(shop)
    assert "no tags today" in refused.value.detail
    assert (shop.remote(TAG), shop.local(TAG)) == ("", "")


def test_a_tag_whose_push_was_not_answered_is_looked_for(shop: Workshop) -> None:
    shop.unheard()
    assert texts(tag(shop)) == ["[OK] Tagged v1.0.1"]
    assert shop.remote(TAG) == shop.local(TAG) == shop.commit


def test_who_is_overtaken_between_the_look_and_the_push_keeps_no_tag_of_its_own(shop: Workshop) -> None:
    class Overtaken(Git):
        async def tag(self, name: str, commit: str, message: str) -> None:
            await super().tag(name, commit, message)
            other = shop.another()
            shop.repository.git("tag", "--force", name, shop.base, cwd=other)
            shop.repository.git("push", "--quiet", "origin", name, cwd=other)

    with pytest.raises(GitFailed):
        tag(shop, Overtaken(shop.repository.clone, shop.commands))
    assert (shop.remote(TAG), shop.local(TAG)) == (shop.base, "")


def test_a_remote_that_cannot_be_asked_for_a_moment_is_asked_again(shop: Workshop) -> None:
    class Blinking(Git):
        asked = 0

        async def remote_tags(self) -> dict[str, str]:
            Blinking.asked += 1
            if Blinking.asked == 1:
                raise GitFailed("git could not ask origin for its refs")
            return await super().remote_tags()

    assert texts(tag(shop, Blinking(shop.repository.clone, shop.commands))) == ["[OK] Tagged v1.0.1"]
    assert Blinking.asked == 2


def test_nothing_is_tagged_while_the_remote_cannot_be_asked(shop: Workshop) -> None:
    shop.unreachable()
    with pytest.raises(GitFailed):
        tag(shop)
    assert shop.local(TAG) == ""


def test_a_rolled_back_version_is_marked_here_and_for_everybody_and_its_tag_stays(shop: Workshop) -> None:
    tag(shop)
    assert texts(mark(shop)) == ["[OK] v1.0.1 marked as rolled back"]
    assert shop.local(MARK) == shop.remote(MARK) == shop.commit
    assert shop.remote(TAG) == shop.commit
    assert texts(mark(shop)) == ["[OK] v1.0.1 marked as rolled back"]


def test_a_version_without_a_tag_cannot_be_marked_and_that_is_no_matter(shop: Workshop) -> None:
    assert mark(shop) == Outcome()
    assert shop.remote(MARK) == ""


def test_without_the_remote_the_mark_is_made_here_and_warned_about(shop: Workshop) -> None:
    tag(shop)
    shop.unreachable()
    outcome = mark(shop)
    assert outcome.ended is Ended.PASSED
    assert texts(outcome) == ["[WARN] v1.0.1 is not marked as rolled back for everybody"]
    assert outcome.lines[0].detail
    assert shop.local(MARK) == shop.commit


def test_an_asked_rollback_marks_what_it_replaced(shop: Workshop) -> None:
    tag(shop)
    old = Revision("v1.0.1", shop.commit)
    run = shop.run("rollback", old=old, base=shop.commit, commit=shop.base, version="v1.0.0")
    assert texts(mark(shop, run)) == ["[OK] v1.0.1 marked as rolled back"]
    assert shop.remote(MARK) == shop.commit


def test_a_rollback_to_what_runs_already_does_not_mark_it_as_bad(shop: Workshop) -> None:
    old = Revision("v1.0.0", shop.base)
    run = shop.run("rollback", old=old, base=shop.base, commit=shop.base, version="v1.0.0")
    assert mark(shop, run, "v1.0.0") == Outcome()
    assert shop.remote("refs/hotfix/rolled-back/v1.0.0") == ""


def merge_with_the_runners_own_words(shop: Workshop, other: Path, branch: str) -> None:
    shop.repository.git("merge", "--no-ff", "-m", "Merge hotfix v1.0.1 into main", f"origin/{branch}", cwd=other)


def merge_a_pull_request(shop: Workshop, other: Path, branch: str) -> None:
    shop.repository.git("merge", "--no-ff", "-m", "Merge pull request #5", f"origin/{branch}", cwd=other)


def fast_forward(shop: Workshop, other: Path, branch: str) -> None:
    shop.repository.git("merge", "--ff-only", f"origin/{branch}", cwd=other)


@pytest.mark.slow
@pytest.mark.parametrize("merge", [merge_with_the_runners_own_words, merge_a_pull_request, fast_forward])
@pytest.mark.parametrize("action", ["deploy", "rollback"])
def test_a_fix_that_somebody_merged_is_told_with_a_command_that_takes_it_out(
    shop: Workshop, merge: object, action: str
) -> None:
    """The fix has two commits, and main goes on after it. Nothing of that has been fetched here."""
    two = shop.branch_off("hotfix/two", {"one.py": "1\n"}, {"two.py": "2\n"})
    shop.repository.git("tag", "-a", "-m", "x", "v1.0.1", two)
    if merge is not fast_forward:
        shop.on_main({"before.py": "b\n"})
    other = shop.another()
    merge(shop, other, "hotfix/two")  # type: ignore[operator]
    shop.repository.git("push", "--quiet", "origin", "HEAD:main", cwd=other)
    for number in range(3):
        shop.on_main({f"after-{number}.py": "a\n"})
    run = shop.run(commit=two)
    if action == "rollback":
        old = Revision("v1.0.1", two)
        run = shop.run("rollback", old=old, base=two, commit=shop.base, version="v1.0.0")
    outcome = mark(shop, run)
    assert texts(outcome)[1:] == ["[WARN] The fix is on main already"]
    command = outcome.lines[1].detail[0].removeprefix("to take it out again: ")
    tree = shop.another()
    before = set(shop.repository.git("ls-files", cwd=tree).split("\n"))
    shop.repository.git(*command.split()[1:], "--no-edit", cwd=tree)
    assert before - set(shop.repository.git("ls-files", cwd=tree).split("\n")) == {"one.py", "two.py"}


def test_without_the_remote_what_is_known_of_main_is_still_told(shop: Workshop) -> None:
    tag(shop)
    shop.repository.git("push", "--quiet", "origin", f"{shop.commit}:main")
    shop.unreachable()
    assert [line.status for line in mark(shop).lines] == [Status.WARN, Status.WARN]


def test_every_branch_that_gets_hotfixes_is_looked_at(shop: Workshop) -> None:
    tag(shop)
    shop.repository.git("push", "--quiet", "origin", f"{shop.commit}:refs/heads/develop")
    policy = Policy(merge_into=("main", "develop", "never-was"))
    run = msgspec.structs.replace(shop.run(), policy=policy)
    assert texts(mark(shop, run))[1:] == ["[WARN] The fix is on develop already"]


def test_the_hook_of_the_operator_does_not_run(shop: Workshop) -> None:
    hook = shop.repository.clone / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    refused = subprocess.run(["git", "push", "origin", "HEAD:x"], cwd=shop.repository.clone, capture_output=True)
    assert refused.returncode != 0
    assert tag(shop).ended is Ended.PASSED


def before(shop: Workshop) -> Outcome:
    run = shop.run(old=Revision("nightly"), old_from="base", before="before/v1.0.1")
    return go(Tags(shop.git, "origin").before(step("before", tag="before/v1.0.1"), run, shop.work))


def test_what_runs_without_a_tag_gets_one_on_its_own_commit(shop: Workshop) -> None:
    for _ in range(2):
        assert texts(before(shop)) == [f"[OK] Tagged what runs: before/v1.0.1 ({shop.base[:7]})"]
    ref, origin = "refs/tags/before/v1.0.1", shop.repository.origin
    assert shop.remote(ref) == shop.local(ref) == shop.base
    told = shop.repository.git("for-each-ref", "--format=%(contents)", ref, cwd=origin)
    assert told.startswith("before/v1.0.1: what ran before v1.0.1\n\nHotfix-Base: nightly\n")


def test_a_tag_of_that_name_on_another_commit_stays_and_is_told(shop: Workshop) -> None:
    shop.repository.git("push", "--quiet", "origin", f"{shop.commit}:refs/tags/before/v1.0.1")
    outcome = before(shop)
    assert outcome.ended is Ended.FAILED and "exists already" in outcome.lines[0].text
    assert shop.remote("refs/tags/before/v1.0.1") == shop.commit
