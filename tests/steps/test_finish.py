import hashlib
import subprocess
from pathlib import Path

import pytest
from tests.fakes.repository import NO_USER
from tests.fakes.workshop import BRANCH, Workshop, go, step, texts

from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.doors.git import Git
from hotfix_deploy_runner.steps.finish import Finish
from hotfix_deploy_runner.steps.work import Outcome

MAIN = "refs/heads/main"
HOTFIX = f"refs/heads/{BRANCH}"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    workshop = Workshop(tmp_path)
    workshop.repository.git("tag", "-a", "-m", "fix", "v1.0.1", workshop.commit)
    workshop.repository.git("push", "--quiet", "origin", "v1.0.1")
    return workshop


def finish(shop: Workshop, git: Git | None = None) -> Finish:
    return Finish(git or shop.git, shop.trees, lambda run: shop.folder / "incident.md", "origin")


def merge(shop: Workshop, git: Git | None = None, branch: str = "main", run: Run | None = None) -> Outcome:
    return go(finish(shop, git).merge(step("merge", branch=branch), run or shop.run(), shop.work))


def delete(shop: Workshop) -> Outcome:
    return go(finish(shop).delete_branch(step("delete-branch"), shop.run(), shop.work))


def contains(shop: Workshop, ref: str, commit: str) -> bool:
    asked = ["git", "merge-base", "--is-ancestor", commit, ref]
    return subprocess.run(asked, cwd=shop.repository.origin, check=False).returncode == 0


def checkout(shop: Workshop) -> dict[str, str]:
    """Everything of the operator's checkout that a merge there would change."""
    clone = shop.repository.clone
    files = [path for path in clone.rglob("*") if path.is_file() and ".git" not in path.relative_to(clone).parts]
    own = [clone / ".git" / name for name in ("HEAD", "index", "config")]
    heads = shop.repository.git("for-each-ref", "refs/heads", "refs/tags", "refs/stash")
    digests = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in [*files, *own]}
    return {**digests, "refs": heads, "state": str(sorted(path.name for path in (clone / ".git").glob("*_HEAD")))}


class Busy(Git):
    """Somebody pushes to main between each of the first `times` merges and its push."""

    def __init__(self, shop: Workshop, times: int) -> None:
        super().__init__(shop.repository.clone, shop.commands)
        self.shop, self.times, self.merges = shop, times, 0

    async def merge(self, worktree: Path, commit: str, message: str) -> str:
        made = await super().merge(worktree, commit, message)
        self.merges += 1
        if self.merges <= self.times:
            self.shop.on_main({f"busy-{self.merges}.py": "x\n"})
        return made


def test_the_fix_goes_to_the_remotes_main_with_a_merge_commit(shop: Workshop) -> None:
    theirs = shop.on_main({"other.py": "x\n"})
    outcome = merge(shop)
    tip = shop.remote(MAIN)
    assert texts(outcome) == [f"[OK] Merged back to main ({tip[:7]})"]
    assert outcome.found == {"merge": tip}
    origin = shop.repository.origin
    assert shop.repository.git("log", "-1", "--format=%P", tip, cwd=origin) == f"{theirs} {shop.commit}"
    assert shop.repository.git("log", "-1", "--format=%s", tip, cwd=origin) == "Merge hotfix v1.0.1 into main"
    assert "Hotfix-Run: run-1" in shop.repository.git("log", "-1", "--format=%B", tip, cwd=origin)


def test_main_gets_a_merge_commit_also_where_it_could_be_moved_forward(shop: Workshop) -> None:
    merge(shop)
    assert shop.remote(MAIN) != shop.commit
    assert contains(shop, MAIN, shop.commit)


def test_the_operators_checkout_is_byte_for_byte_as_it_was(shop: Workshop) -> None:
    shop.on_main({"other.py": "x\n"})
    clone = shop.repository.clone
    (clone / "staged.py").write_text("half done\n")
    shop.repository.git("add", "staged.py")
    (clone / "app.py").write_text("VERSION = 'mine'\n")
    (clone / "fix.py").write_text("in the way, and not tracked\n")
    shop.repository.git("status")  # refreshes the index, which is the operator's doing
    before = checkout(shop)
    assert merge(shop).ended is Ended.PASSED
    assert checkout(shop) == before


@pytest.mark.slow
def test_main_that_moves_meanwhile_is_merged_into_anew(shop: Workshop) -> None:
    git = Busy(shop, 2)
    assert merge(shop, git).ended is Ended.PASSED
    assert git.merges == 3
    tree = shop.repository.git("ls-tree", "--name-only", MAIN, cwd=shop.repository.origin).split("\n")
    assert {"busy-1.py", "busy-2.py", "fix.py"} <= set(tree)


@pytest.mark.slow
def test_what_was_taken_out_of_main_meanwhile_does_not_come_back(shop: Workshop) -> None:
    """A push without a lease would go through: the merge descends from what main has been wound back to."""
    shop.on_main({"secret.py": "x\n"})

    class Rewound(Busy):
        async def merge(self, worktree: Path, commit: str, message: str) -> str:
            made = await Git.merge(self, worktree, commit, message)
            shop.repository.git("update-ref", MAIN, shop.base, cwd=shop.repository.origin)
            return made

    assert merge(shop, Rewound(shop, 0)).ended is Ended.PASSED
    tree = shop.repository.git("ls-tree", "--name-only", MAIN, cwd=shop.repository.origin).split("\n")
    assert "fix.py" in tree and "secret.py" not in tree


@pytest.mark.slow
def test_main_that_never_rests_is_left_to_a_human(shop: Workshop) -> None:
    outcome = merge(shop, Busy(shop, 99))
    assert outcome.ended is Ended.FAILED
    assert "git push origin HEAD:main" in outcome.lines[0].detail
    assert not contains(shop, MAIN, shop.commit)


def test_a_protected_main_is_said_in_the_remotes_words(shop: Workshop) -> None:
    shop.hook("echo 'main is protected' >&2; exit 1")
    outcome = merge(shop)
    assert outcome.ended is Ended.FAILED
    assert outcome.lines[0].text.startswith("Merge back to main was refused")
    assert any("main is protected" in line for line in outcome.lines[0].detail)
    assert any("open a pull request" in line for line in outcome.lines[0].detail)


def test_a_merge_that_was_not_answered_is_made_once(shop: Workshop) -> None:
    shop.unheard()
    assert texts(merge(shop)) == ["[OK] main contains the fix already"]
    merges = shop.repository.git("rev-list", "--merges", MAIN, cwd=shop.repository.origin)
    assert len(merges.splitlines()) == 1


@pytest.mark.slow
def test_a_remote_that_is_away_is_tried_again_and_then_left_to_a_human(shop: Workshop) -> None:
    shop.unreachable()
    outcome = merge(shop)
    assert outcome.ended is Ended.FAILED
    assert outcome.lines[0].text.startswith("Merge back to main did not go through: git could not fetch from origin")
    assert "git push origin HEAD:main" in outcome.lines[0].detail


def test_main_that_holds_the_fix_is_left_alone(shop: Workshop) -> None:
    shop.repository.git("push", "--quiet", "origin", f"{shop.commit}:main")
    outcome = merge(shop)
    assert texts(outcome) == ["[OK] main contains the fix already"]
    assert outcome.found == {"merge": shop.commit}
    assert shop.remote(MAIN) == shop.commit


def test_merging_twice_merges_once(shop: Workshop) -> None:
    merge(shop)
    tip = shop.remote(MAIN)
    assert texts(merge(shop)) == ["[OK] main contains the fix already"]
    assert shop.remote(MAIN) == tip


def test_what_an_earlier_try_left_in_the_merges_worktree_is_no_hindrance(shop: Workshop) -> None:
    tree = shop.trees.merge(shop.run())
    go(shop.git.add_worktree(tree, shop.base))
    (tree / "app.py").write_text("half a merge\n")
    assert merge(shop).ended is Ended.PASSED


def test_a_branch_that_is_not_there_is_said(shop: Workshop) -> None:
    assert texts(merge(shop, branch="develop")) == ["[FAIL] Merge back: origin has no branch develop"]


def shell(command: str, cwd: Path) -> int:
    """Its exit code, typed as it is printed."""
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(cwd), **NO_USER}
    return subprocess.run(["/bin/sh", "-c", command], cwd=cwd, env=env, capture_output=True, check=False).returncode


def test_a_conflict_fails_with_commands_that_solve_it_when_they_are_typed(shop: Workshop) -> None:
    theirs = shop.on_main({"fix.py": "another way\n"})
    outcome = merge(shop)
    assert outcome.ended is Ended.FAILED
    assert texts(outcome) == ["[FAIL] Merge back to main conflicts in fix.py"]
    assert shop.remote(MAIN) == theirs
    clone = shop.repository.clone
    begin, join, push = [line for line in outcome.lines[0].detail if line.startswith("git ")]
    assert shell(begin, clone) == 0
    assert shell(join, clone) == 1, "it conflicts"
    assert shell("echo both > fix.py && git add fix.py && git commit --no-edit", clone) == 0
    assert shell(push, clone) == 0
    assert contains(shop, MAIN, shop.commit) and contains(shop, MAIN, theirs)
    assert texts(merge(shop)) == ["[OK] main contains the fix already"]


def test_the_branch_goes_here_and_on_the_remote(shop: Workshop) -> None:
    assert texts(delete(shop)) == [f"[OK] Deleted branch {BRANCH} (here and on origin)"]
    assert (shop.local(HOTFIX), shop.remote(HOTFIX)) == ("", "")
    assert texts(delete(shop)) == [f"[OK] Deleted branch {BRANCH} (it was gone)"]


def test_a_branch_whose_deletion_was_not_answered_is_looked_for(shop: Workshop) -> None:
    shop.unheard()
    assert texts(delete(shop)) == [f"[OK] Deleted branch {BRANCH} (here and on origin)"]


def test_a_branch_that_has_moved_on_there_is_kept_everywhere(shop: Workshop) -> None:
    other = shop.another()
    shop.repository.git("switch", "--quiet", BRANCH, cwd=other)
    more = shop.repository.commit({"more.py": "x\n"}, cwd=other)
    shop.repository.git("push", "--quiet", "origin", "HEAD", cwd=other)
    assert texts(delete(shop)) == [f"[WARN] Branch {BRANCH} kept: it has moved on to {more[:7]} on origin"]
    assert (shop.local(HOTFIX), shop.remote(HOTFIX)) == (shop.commit, more)


def test_a_branch_that_has_moved_on_here_is_kept_here_and_said(shop: Workshop) -> None:
    shop.repository.git("switch", "--quiet", BRANCH)
    more = shop.repository.commit({"more.py": "x\n"})
    shop.repository.git("switch", "--quiet", "main")
    outcome = delete(shop)
    assert texts(outcome) == [f"[OK] Deleted branch {BRANCH} (on origin)", f"[WARN] Branch {BRANCH} kept here"]
    assert more[:7] in outcome.lines[1].detail[0]
    assert (shop.local(HOTFIX), shop.remote(HOTFIX)) == (more, "")


def test_a_branch_that_is_checked_out_is_kept_here_with_the_command_that_deletes_it(shop: Workshop) -> None:
    shop.repository.git("switch", "--quiet", BRANCH)
    before = checkout(shop)
    outcome = delete(shop)
    assert texts(outcome) == [f"[OK] Deleted branch {BRANCH} (on origin)", f"[WARN] Branch {BRANCH} kept here"]
    assert checkout(shop) == before
    assert texts(delete(shop)) == [f"[WARN] Branch {BRANCH} kept here"]
    _, _, command = outcome.lines[1].detail[0].partition(": ")
    assert shell(command, shop.folder) == 0
    assert shop.local(HOTFIX) == ""


def test_the_runs_worktrees_go_and_nothing_else(shop: Workshop) -> None:
    run = shop.run()
    for tree in shop.trees.all(run):
        go(shop.git.add_worktree(tree, shop.base))
    mine = shop.folder / "mine"
    go(shop.git.add_worktree(mine, shop.base))
    assert go(finish(shop).cleanup(step("cleanup"), run, shop.work)) == Outcome()
    assert not shop.trees.folder(run).exists()
    listed = shop.repository.git("worktree", "list", "--porcelain")
    assert listed.count("worktree ") == 2 and str(mine) in listed


def test_a_worktree_that_cannot_be_removed_is_said(shop: Workshop) -> None:
    """Somebody has begun to work in it, on a branch."""
    run = shop.run()
    tree = shop.trees.tree(run)
    go(shop.git.add_worktree(tree, shop.base))
    shop.repository.git("switch", "--quiet", "-c", "mine", cwd=tree)
    outcome = go(finish(shop).cleanup(step("cleanup"), run, shop.work))
    assert outcome.ended is Ended.PASSED
    assert texts(outcome) == ["[WARN] Worktrees left behind"]
    assert str(tree) in outcome.lines[0].detail[0]
    assert (tree / "app.py").exists()


def test_the_document_is_written_and_its_place_said(shop: Workshop) -> None:
    written: list[str] = []

    def write(run: Run) -> Path:
        written.append(run.id)
        return shop.folder / "incident.md"

    outcome = go(Finish(shop.git, shop.trees, write, "origin").document(step("document"), shop.run(), shop.work))
    assert written == ["run-1"]
    assert texts(outcome) == [f"[OK] Incident document: {shop.folder / 'incident.md'}"]


def test_a_full_disk_is_a_word_and_no_more(shop: Workshop) -> None:
    def write(run: Run) -> Path:
        raise OSError(28, "No space left on device")

    outcome = go(Finish(shop.git, shop.trees, write, "origin").document(step("document"), shop.run(), shop.work))
    assert outcome.ended is Ended.FAILED
    assert "No space left" in outcome.lines[0].text
