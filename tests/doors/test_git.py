import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import pytest
from tests.fakes.repository import Repository, make_repository

from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.git import Change, Git, MergePreview
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import GitFailed
from hotfix_deploy_runner.ports import Workplace

T = TypeVar("T")
NASTY = [
    "fix/$(touch${IFS}pwned)",
    "a;reboot",
    "it's",
    'say"hi"',
    "--force",
    "-D",
    "naïve/ünï",
    "a`b`",
    "x&y|z",
    "tab%s{}",
]


def go(work: Awaitable[T]) -> T:
    async def wait() -> T:
        return await work

    return asyncio.run(wait())


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "r"
    make_repository(folder)
    return folder


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Repository:
    """`main` at First, v1.0.0 there; a fresh copy for each test, for making one takes longer."""
    shutil.copytree(template, tmp_path / "r", symlinks=True)
    repository = Repository(tmp_path / "r")
    repository.git("remote", "set-url", "origin", str(repository.origin))
    return repository


@pytest.fixture
def git(repo: Repository) -> Git:
    return Git(repo.clone, Commands(Redactor()), timeout=30)


def hotfix(repo: Repository, name: str = "hotfix/x", files: dict[str, str] | None = None) -> str:
    """A branch of one commit on v1.0.0; `main` stays checked out."""
    repo.git("switch", "--quiet", "--create", name, "v1.0.0")
    commit = repo.commit(files or {"app.py": "VERSION = 2\n"}, "Fix it")
    repo.git("switch", "--quiet", "main")
    return commit


def checkout_state(repo: Repository) -> tuple[str, str, str, str]:
    """What an operator would notice: HEAD, index and files, and what the reflog of HEAD says."""
    asked = (["symbolic-ref", "HEAD"], ["rev-parse", "HEAD"], ["status", "--porcelain"], ["reflog", "HEAD"])
    one, two, three, four = (repo.git(*arguments) for arguments in asked)
    return one, two, three, four


# Where we are


def test_finds_the_repository_from_a_subdirectory_and_from_a_worktree(repo: Repository, tmp_path: Path) -> None:
    (repo.clone / "deep").mkdir()
    repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "w"))
    for place, top in ((repo.clone / "deep", repo.clone), (tmp_path / "w", tmp_path / "w")):
        there = Git(place, Commands(Redactor()))
        assert go(there.common_dir()) == repo.clone / ".git"
        assert go(there.toplevel()) == top


def test_says_so_where_there_is_no_repository(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(GitFailed) as failure:
            go(Git(place, Commands(Redactor())).common_dir())
        assert failure.value.detail


def test_says_so_where_there_is_no_git(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GitFailed):
        go(git.tags())


def test_is_not_led_astray_by_the_git_that_called_us(
    git: Git, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repository(tmp_path / "other")
    other.commit({"x": "x"})
    for name, value in (("GIT_DIR", other.clone / ".git"), ("GIT_INDEX_FILE", tmp_path / "i"), ("GIT_WORK_TREE", "/")):
        monkeypatch.setenv(name, str(value))
    assert go(git.common_dir()) == repo.clone / ".git"
    assert go(git.dirty(repo.clone)) == ()


def test_knows_a_shallow_clone(git: Git, repo: Repository) -> None:
    repo.commit({"a": "1"})
    repo.git("push", "--quiet", "origin", "main")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.origin}", "shallow", cwd=repo.folder)
    assert not go(git.is_shallow())
    assert go(Git(repo.folder / "shallow", Commands(Redactor())).is_shallow())


# Names


def test_resolves_names_tags_and_ids_to_commits(git: Git, repo: Repository) -> None:
    head = repo.head()
    repo.git("tag", "--annotate", "-m", "of a tag", "nested", "v1.0.0")
    for name in ("main", "v1.0.0", "nested", head, head[:12], "HEAD", "origin/main"):
        assert go(git.resolve(name)) == head
    repo.git("tag", "blob", repo.git("rev-parse", "HEAD:app.py"))
    for name in ("none", "", "--all", "-n1", "main..main", "f" * 40, "blob", "^main"):
        assert go(git.resolve(name)) is None


def test_a_branch_is_known_by_its_exact_name(git: Git, repo: Repository) -> None:
    fix = hotfix(repo, "hotfix/x")
    repo.git("tag", "only-a-tag")
    assert go(git.branch("hotfix/x")) == fix
    for name in ("hotfix", "x", "hotfix/*", "hotfix/x~1", "hotfix/x^{commit}", "only-a-tag", "", "--all", "main@{0}"):
        assert go(git.branch(name)) is None


def test_a_remote_branch_is_asked_of_the_remote(git: Git, repo: Repository) -> None:
    other = repo.another_clone("other")
    repo.git("switch", "--quiet", "--create", "deep/refs/heads/topic", cwd=other)
    first = repo.commit({"o": "1"}, cwd=other)
    repo.git("push", "--quiet", "origin", "HEAD", cwd=other)
    assert go(git.remote_branch("deep/refs/heads/topic")) == first
    assert go(git.remote_branch("topic")) is None
    second = repo.commit({"o": "2"}, cwd=other)
    repo.git("push", "--quiet", "origin", "HEAD", cwd=other)
    assert go(git.remote_branch("deep/refs/heads/topic")) == second


@pytest.mark.parametrize("name", ["hotfix/x", "a$(x)", "a;b", "ünï"])
def test_valid_branch_names(git: Git, name: str) -> None:
    assert go(git.valid_branch_name(name))


@pytest.mark.parametrize(
    "name",
    ["", "-x", "--help", "a b", "a..b", "a~1", "@{-1}", "@", "HEAD", "a.lock", "/a", "a/", "a\nb", "a\0b", "a:b", "a?"],
)
def test_invalid_branch_names(git: Git, name: str) -> None:
    assert not go(git.valid_branch_name(name))


@pytest.mark.parametrize("name", NASTY)
def test_names_with_shell_and_option_characters_are_only_names(git: Git, repo: Repository, name: str) -> None:
    head = repo.head()
    later = repo.commit({"b": "b"})
    repo.git("update-ref", f"refs/heads/{name}", head)
    assert go(git.branch(name)) == head
    assert go(git.checked_out(name)) is None
    go(git.push([f"{head}:refs/heads/{name}"], leases={f"refs/heads/{name}": ""}))
    assert go(git.remote_branch(name)) == head
    go(git.update_ref(f"refs/heads/{name}", later, head))
    with pytest.raises(GitFailed):
        go(git.delete_branch(name, head))
    go(git.delete_branch(name, later))
    go(git.push([f":refs/heads/{name}"], leases={f"refs/heads/{name}": head}))
    assert go(git.branch(name)) is go(git.remote_branch(name)) is None
    assert sorted(p.name for p in repo.clone.iterdir()) == [".git", "README", "app.py", "b"]


def test_names_like_a_secret_are_still_compared_right(repo: Repository) -> None:
    fix = hotfix(repo, "hotfix/postgres")
    git = Git(repo.clone, Commands(Redactor(["postgres"])))
    assert go(git.branch("hotfix/postgres")) == fix
    repo.git("switch", "--quiet", "hotfix/postgres")
    assert go(git.checked_out("hotfix/postgres")) == repo.clone
    repo.commit({"postgres.py": "x"}, "use postgres")
    assert go(git.changes(fix, repo.head())) == (Change("A", "postgres.py"),)
    assert go(git.commits(fix, repo.head()))[0].subject == "use [redacted]"


# History


def test_ancestry(git: Git, repo: Repository) -> None:
    base = repo.head()
    fix = hotfix(repo)
    ahead = repo.commit({"m": "m"}, "ahead")
    assert go(git.is_ancestor(base, fix))
    assert go(git.is_ancestor(fix, fix))
    assert not go(git.is_ancestor(fix, ahead))
    assert go(git.merge_base(fix, ahead)) == base
    with pytest.raises(GitFailed):
        go(git.is_ancestor("f" * 40, fix))


def test_two_histories_with_nothing_in_common(git: Git, repo: Repository) -> None:
    base = repo.head()
    repo.git("switch", "--quiet", "--orphan", "island")
    island = repo.commit({"i": "i"})
    assert go(git.merge_base(base, island)) is None
    assert not go(git.is_ancestor(base, island))
    with pytest.raises(GitFailed):
        go(git.try_merge(base, island))


def test_commits_are_listed_newest_first(git: Git, repo: Repository) -> None:
    base = repo.head()
    one = repo.commit({"a": "1"}, 'Öne | "quoted"\n\nbody\nmore')
    two = repo.commit({"a": "2"}, "two")
    found = go(git.commits(base, two))
    assert [(c.commit, c.author, c.subject) for c in found] == [(two, "Ada", "two"), (one, "Ada", 'Öne | "quoted"')]
    assert abs(found[0].at - time.time()) < 600
    assert go(git.commits(two, base)) == ()


def test_a_commit_without_a_message_is_listed(git: Git, repo: Repository) -> None:
    base = repo.head()
    repo.git("commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", "")
    assert [c.subject for c in go(git.commits(base, repo.head()))] == [""]


def test_finds_what_slipped_in_from_main(git: Git, repo: Repository) -> None:
    base = repo.head()
    hotfix(repo)
    slipped = repo.commit({"m": "1"}, "feature")
    repo.git("switch", "--quiet", "hotfix/x")
    assert go(git.contains_other(base, repo.head(), slipped)) == ()
    repo.git("merge", "--quiet", "--no-edit", "main")
    repo.commit({"n": "1"}, "mine")
    assert [c.commit for c in go(git.contains_other(base, repo.head(), slipped))] == [slipped]


def test_changes_name_every_kind_and_every_path(git: Git, repo: Repository) -> None:
    base = repo.commit({"gone": "1\n", "moved": "2\n" * 20, "mode": "3\n", "link": "4\n"})
    (repo.clone / "gone").unlink()
    (repo.clone / "moved").rename(repo.clone / 'deep name\twith\n"all" é')
    (repo.clone / "mode").chmod(0o755)
    (repo.clone / "link").unlink()
    (repo.clone / "link").symlink_to("app.py")
    tip = repo.commit({"app.py": "VERSION = 3\n", "new/er": "x\n"})
    expected = {("D", "gone"), ("D", "moved"), ("A", 'deep name\twith\n"all" é'), ("M", "mode"), ("T", "link")}
    expected |= {("M", "app.py"), ("A", "new/er")}
    assert {(c.status, c.path) for c in go(git.changes(base, tip))} == expected
    assert go(git.changes(tip, tip)) == ()
    assert "7 files changed" in go(git.diffstat(base, tip)) or "6 files changed" in go(git.diffstat(base, tip))
    assert go(git.diffstat(tip, tip)) == ""


def test_equal_trees_have_equal_ids(git: Git, repo: Repository) -> None:
    base = repo.head()
    changed = repo.commit({"a": "1"})
    repo.git("revert", "--no-edit", "HEAD")
    assert go(git.tree(base)) == go(git.tree(repo.head())) != go(git.tree(changed))


def test_a_merge_is_tried_without_touching_anything(git: Git, repo: Repository) -> None:
    fix = hotfix(repo, files={"app.py": "VERSION = 2\n", "other": "x\n"})
    clean = repo.commit({"README": "more\n"})
    clash = repo.commit({"app.py": "VERSION = 9\n", "other": "y\n"})
    before = checkout_state(repo)
    assert go(git.try_merge(clean, fix)) == MergePreview(clean=True)
    assert go(git.try_merge(clash, fix)) == MergePreview(clean=False, conflicts=("app.py", "other"))
    assert checkout_state(repo) == before


# Tags


def test_tags_are_peeled_here_and_there(git: Git, repo: Repository) -> None:
    head = repo.head()
    assert go(git.tags()) == go(git.remote_tags()) == {"v1.0.0": head}
    repo.git("tag", "api/v1.0.0")
    repo.git("tag", "--annotate", "-m", "of a tag", "nested", "v1.0.0")
    assert go(git.tags()) == {"v1.0.0": head, "api/v1.0.0": head, "nested": head}
    assert go(git.remote_tags()) == {"v1.0.0": head}


def test_no_tags_at_all(git: Git, repo: Repository) -> None:
    repo.git("tag", "--delete", "v1.0.0")
    repo.git("push", "--quiet", "origin", ":refs/tags/v1.0.0")
    assert go(git.tags()) == go(git.remote_tags()) == {}


def test_a_tag_is_annotated_and_made_once(git: Git, repo: Repository) -> None:
    head = repo.head()
    message = "v1.0.1\n\n# not a comment\n\nRun: r1\nOperator: ada\n"
    go(git.tag("v1.0.1", head, message))
    made = repo.git("rev-parse", "refs/tags/v1.0.1")
    go(git.tag("v1.0.1", head, "again"))
    assert repo.git("rev-parse", "refs/tags/v1.0.1") == made
    assert repo.git("cat-file", "-t", made) == "tag"
    assert repo.git("cat-file", "tag", made).partition("\n\n")[2] + "\n" == message
    other = repo.commit({"a": "a"})
    with pytest.raises(GitFailed, match="exists already"):
        go(git.tag("v1.0.1", other, "moved"))
    assert go(git.resolve("v1.0.1")) == head


def test_a_local_tag_is_deleted_and_may_be_missing(git: Git, repo: Repository) -> None:
    for _ in range(2):
        go(git.delete_local_tag("v1.0.0"))
    assert go(git.tags()) == {}
    assert go(git.remote_tags()) == {"v1.0.0": repo.head()}


@pytest.mark.parametrize("name", ["-d", "a..b", "a b", "", "v1.0.0~0"])
def test_a_bad_tag_name_is_refused(git: Git, repo: Repository, name: str) -> None:
    with pytest.raises(GitFailed):
        go(git.tag(name, repo.head(), "x"))
    assert set(go(git.tags())) == {"v1.0.0"}


def test_signing_hooks_and_editors_of_the_user_are_left_out(git: Git, repo: Repository, tmp_path: Path) -> None:
    for key in ("commit.gpgSign", "tag.gpgSign", "tag.forceSignAnnotated", "push.followTags", "log.showSignature"):
        repo.git("config", key, "true")
    for key, value in (
        ("gpg.program", "false"),
        ("core.editor", "false"),
        ("push.gpgSign", "true"),
        ("merge.ff", "only"),
    ):
        repo.git("config", key, value)
    for name in ("pre-push", "commit-msg", "pre-merge-commit", "post-checkout", "reference-transaction", "post-merge"):
        hook = repo.clone / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-{name}\nexit 1\n")
        hook.chmod(0o755)
    fix = repo.git("commit-tree", "-p", "HEAD", "-m", "fix", "HEAD^{tree}")
    go(git.tag("local-only", fix, "stays here"))
    go(git.add_worktree(tmp_path / "w", repo.head()))
    merged = go(git.merge(tmp_path / "w", fix, "merge"))
    go(git.push([f"{merged}:refs/heads/main"]))
    assert go(git.remote_branch("main")) == merged
    assert set(go(git.remote_tags())) == {"v1.0.0"}
    assert not list(tmp_path.glob("hook-*"))


def test_a_user_without_a_name_can_tag_and_merge(
    git: Git, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix = hotfix(repo)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    go(git.tag("by-ada", fix, "x"))
    repo.git("config", "--remove-section", "user")
    repo.git("config", "user.useConfigOnly", "true")
    go(git.tag("by-nobody", fix, "x"))
    go(git.add_worktree(tmp_path / "w", repo.head()))
    merged = go(git.merge(tmp_path / "w", fix, "merge"))
    assert repo.git("log", "-1", "--format=%an %cn", merged) == "hotfix-deploy-runner hotfix-deploy-runner"
    assert "tagger Ada <ada@example.org>" in repo.git("cat-file", "tag", "by-ada")
    assert "tagger hotfix-deploy-runner <" in repo.git("cat-file", "tag", "by-nobody")


# Worktrees


def test_changes_in_a_checkout(git: Git, repo: Repository) -> None:
    assert go(git.dirty(repo.clone)) == go(git.untracked(repo.clone)) == ()
    repo.commit({".gitignore": "*.log\n", "staged": "1", "to go": "1", "old name": "long enough to be found again\n"})
    (repo.clone / "staged").write_text("2")
    repo.git("add", "staged")
    (repo.clone / "app.py").write_text("changed")
    (repo.clone / "to go").unlink()
    repo.git("mv", "old name", "new name")
    (repo.clone / "é new\n").write_text("x")
    (repo.clone / "x.log").write_text("x")
    (repo.clone / "folder").mkdir()
    (repo.clone / "folder" / "file").write_text("x")
    repo.git("config", "status.showUntrackedFiles", "no")
    assert set(go(git.dirty(repo.clone))) == {"staged", "app.py", "to go", "old name", "new name"}
    assert set(go(git.untracked(repo.clone))) == {"é new\n", "folder/"}


def test_finds_where_a_branch_is_checked_out(git: Git, repo: Repository, tmp_path: Path) -> None:
    hotfix(repo)
    assert go(git.checked_out("main")) == repo.clone
    assert go(git.checked_out("hotfix/x")) is None
    place = tmp_path / "a place\twith é"
    repo.git("worktree", "add", "--quiet", str(place), "hotfix/x")
    assert go(git.checked_out("hotfix/x")) == place


def test_a_worktree_is_made_detached_and_complete(git: Git, repo: Repository, tmp_path: Path) -> None:
    before = checkout_state(repo)
    place = tmp_path / "not" / "yet" / "w"
    go(git.add_worktree(place, repo.head()))
    assert sorted(p.name for p in place.iterdir()) == [".git", "README", "app.py"]
    assert go(git.checked_out("main")) == repo.clone
    (place / "built").write_text("kept")
    go(git.add_worktree(place, repo.head()))
    assert (place / "built").exists()
    go(git.remove_worktree(place))
    go(git.remove_worktree(place))
    assert not place.exists()
    assert checkout_state(repo) == before


def test_a_worktree_is_whole_where_the_checkout_is_sparse(git: Git, repo: Repository, tmp_path: Path) -> None:
    tip = repo.commit({"a/1": "1", "b/2": "2"})
    repo.git("sparse-checkout", "set", "a")
    assert not (repo.clone / "b").exists()
    go(git.add_worktree(tmp_path / "w", tip))
    assert (tmp_path / "w" / "b" / "2").exists()
    assert go(git.dirty(repo.clone)) == go(git.dirty(tmp_path / "w")) == ()


def test_a_worktree_that_is_not_as_asked_is_made_again(git: Git, repo: Repository, tmp_path: Path) -> None:
    first, place = repo.head(), tmp_path / "w"
    second = repo.commit({"app.py": "VERSION = 2\n"})
    go(git.add_worktree(place, first))
    go(git.add_worktree(place, second))
    assert (place / "app.py").read_text() == "VERSION = 2\n"
    (place / "app.py").write_text("tampered")
    go(git.add_worktree(place, second))
    assert (place / "app.py").read_text() == "VERSION = 2\n"
    shutil.rmtree(place)
    go(git.add_worktree(place, second))
    assert go(git.dirty(place)) == ()
    (place / ".git").unlink()
    go(git.add_worktree(place, second))
    assert repo.head(cwd=place) == second


def test_what_is_not_ours_is_neither_overwritten_nor_removed(git: Git, repo: Repository, tmp_path: Path) -> None:
    place = tmp_path / "w"
    place.mkdir()
    (place / "precious").write_text("x")
    for work in (git.add_worktree(place, repo.head()), git.remove_worktree(place)):
        with pytest.raises(GitFailed):
            go(work)
    assert (place / "precious").read_text() == "x"


def test_somebodys_checkout_is_neither_overwritten_nor_removed(git: Git, repo: Repository, tmp_path: Path) -> None:
    fix = hotfix(repo)
    repo.git("worktree", "add", "--quiet", str(tmp_path / "hers"), "hotfix/x")
    (tmp_path / "link").symlink_to(repo.clone)
    repo.git("switch", "--quiet", "--detach")
    for place in (repo.clone, tmp_path / "hers", tmp_path / "link"):
        (place / "precious").write_text("x")
        for work in (git.add_worktree(place, fix), git.remove_worktree(place)):
            with pytest.raises(GitFailed, match="somebody's checkout"):
                go(work)
        assert (place / "precious").read_text() == "x"


def test_a_worktree_that_git_was_killed_while_registering_is_mended(git: Git, repo: Repository, tmp_path: Path) -> None:
    place = tmp_path / "w"
    go(git.add_worktree(place, repo.head()))
    (repo.clone / ".git" / "worktrees" / "w" / "commondir").write_text("")
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("worktree", "list")
    go(git.add_worktree(place, repo.head()))
    assert go(git.dirty(place)) == ()
    assert go(git.checked_out("main")) == repo.clone
    go(git.remove_worktree(place))


@pytest.mark.slow
def test_a_worktree_is_whole_after_any_number_of_kills(git: Git, repo: Repository, tmp_path: Path) -> None:
    tip = repo.commit({f"f/{n}": f"{n}\n" * 50 for n in range(400)})
    place = tmp_path / "w"
    argv = ["git", "worktree", "add", "--quiet", "--detach", str(place), tip]
    for after in (0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.01, 0.012, 0.015, 0.02, 0.03):
        process = subprocess.Popen(argv, cwd=repo.clone, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(after)  # the very thing under test: a kill at any instant
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        go(git.add_worktree(place, tip))
        assert go(git.dirty(place)) == ()
        assert len(list((place / "f").iterdir())) == 400
        go(git.remove_worktree(place))
        assert repo.git("worktree", "list").count("\n") == 0


# Merging


def test_a_merge_has_a_commit_of_its_own_and_is_made_once(git: Git, repo: Repository, tmp_path: Path) -> None:
    fix, before = hotfix(repo), checkout_state(repo)
    main = repo.head()
    go(git.add_worktree(tmp_path / "w", main))
    merged = go(git.merge(tmp_path / "w", fix, "Merge hotfix\n\n# kept\nRun: r1"))
    assert repo.git("log", "-1", "--format=%P%n%B", merged) == f"{main} {fix}\nMerge hotfix\n\n# kept\nRun: r1\n"
    assert go(git.merge(tmp_path / "w", fix, "again")) == merged
    assert go(git.branch("main")) == main
    assert checkout_state(repo) == before


def test_a_conflict_is_named_and_undone(git: Git, repo: Repository, tmp_path: Path) -> None:
    fix = hotfix(repo, files={"app.py": "VERSION = 2\n", "b": "1"})
    main, place = repo.commit({"app.py": "VERSION = 3\n", "b": "2"}), tmp_path / "w"
    go(git.add_worktree(place, main))
    with pytest.raises(GitFailed, match=r"app\.py, b") as failure:
        go(git.merge(place, fix, "merge"))
    assert "CONFLICT" in failure.value.detail
    assert repo.head(cwd=place) == main
    assert go(git.dirty(place)) == ()


def test_a_merge_never_moves_a_branch(git: Git, repo: Repository) -> None:
    fix, before = hotfix(repo), checkout_state(repo)
    with pytest.raises(GitFailed, match="on the branch main"):
        go(git.merge(repo.clone, fix, "merge"))
    assert checkout_state(repo) == before


# Moving and deleting refs


def test_a_ref_is_updated_only_from_what_is_expected(git: Git, repo: Repository) -> None:
    one, ref = repo.head(), "refs/heads/hotfix/new"
    two = repo.commit({"a": "a"})
    go(git.update_ref(ref, one, ""))
    for expected in ("", two):
        with pytest.raises(GitFailed):
            go(git.update_ref(ref, two, expected))
    go(git.update_ref(ref, two, one))
    go(git.update_ref(ref, one, None))
    assert go(git.branch("hotfix/new")) == one


def test_a_branch_that_is_checked_out_is_left_alone(git: Git, repo: Repository, tmp_path: Path) -> None:
    fix = hotfix(repo)
    repo.git("worktree", "add", "--quiet", str(tmp_path / "w"), "hotfix/x")
    for work in (git.delete_branch("hotfix/x", fix), git.update_ref("refs/heads/hotfix/x", repo.head(), fix)):
        with pytest.raises(GitFailed, match="checked out") as failure:
            go(work)
        assert str(tmp_path / "w") in failure.value.detail
    assert go(git.branch("hotfix/x")) == fix


def test_only_full_names_of_refs_are_updated(git: Git, repo: Repository) -> None:
    for ref in ("HEAD", "main", "../x"):
        with pytest.raises(GitFailed):
            go(git.update_ref(ref, repo.head(), None))


def test_a_branch_is_deleted_with_its_settings(git: Git, repo: Repository) -> None:
    fix = hotfix(repo)
    repo.git("push", "--quiet", "--set-upstream", "origin", "hotfix/x")
    assert "branch.hotfix/x.merge" in repo.git("config", "--list", "--local")
    with pytest.raises(GitFailed):
        go(git.delete_branch("hotfix/x", repo.head()))
    for _ in range(2):
        go(git.delete_branch("hotfix/x", fix))
    go(git.push([":refs/heads/hotfix/x"], leases={"refs/heads/hotfix/x": fix}))
    assert go(git.branch("hotfix/x")) is None
    assert go(git.remote_branch("hotfix/x")) is None
    assert "branch.hotfix/x" not in repo.git("config", "--list", "--local")


def test_a_remote_branch_that_moved_is_not_deleted(git: Git, repo: Repository) -> None:
    fix = hotfix(repo)
    repo.git("push", "--quiet", "origin", "hotfix/x")
    with pytest.raises(GitFailed, match="stale info"):
        go(git.push([":refs/heads/hotfix/x"], leases={"refs/heads/hotfix/x": repo.head()}))
    assert go(git.remote_branch("hotfix/x")) == fix


# Fetch and push


def test_fetch_brings_branches_and_tags(git: Git, repo: Repository) -> None:
    other = repo.another_clone("other")
    theirs = repo.commit({"o": "1"}, cwd=other)
    repo.git("tag", "v1.1.0", cwd=other)
    repo.git("push", "--quiet", "origin", "main", "v1.1.0", "main:refs/heads/topic", cwd=other)
    repo.git("tag", "mine")
    before = checkout_state(repo)
    assert go(git.fetch()) == ()
    assert go(git.resolve("refs/remotes/origin/main")) == go(git.resolve("refs/remotes/origin/topic")) == theirs
    assert set(go(git.tags())) == {"v1.0.0", "v1.1.0", "mine"}
    assert checkout_state(repo) == before
    assert not (repo.clone / ".git" / "FETCH_HEAD").exists()


def test_fetch_prunes_nothing_whatever_the_user_has_set(git: Git, repo: Repository) -> None:
    repo.git("config", "fetch.prune", "true")
    repo.git("config", "fetch.pruneTags", "true")
    repo.git("tag", "mine")
    repo.git("push", "--quiet", "origin", "main:topic")
    repo.git("push", "--quiet", str(repo.origin), ":topic")
    go(git.fetch())
    assert "mine" in go(git.tags())
    assert go(git.resolve("refs/remotes/origin/topic")) == repo.head()


@pytest.mark.parametrize("count", [1, 60])
def test_fetch_goes_on_past_tags_that_clash_and_names_them(git: Git, repo: Repository, count: int) -> None:
    other = repo.another_clone("other")
    theirs = repo.commit({"o": "1"}, cwd=other)
    names = [f"c{n:02}" for n in range(count)]
    lines = "".join(f"create refs/tags/{name} {theirs}\n" for name in names)
    for where, text in ((other, lines), (repo.clone, lines.replace(theirs, repo.head()))):
        subprocess.run(["git", "update-ref", "--stdin"], cwd=where, input=text, text=True, check=True)
    repo.git("push", "--quiet", "origin", "main", "--tags", "main:refs/tags/a-new-one", cwd=other)
    assert go(git.fetch()) == tuple(names)
    assert go(git.resolve("c00")) == repo.head()
    assert go(git.resolve("a-new-one")) == go(git.resolve("origin/main")) == theirs


def test_a_remote_that_is_not_there_is_said(git: Git, repo: Repository) -> None:
    repo.git("remote", "set-url", "origin", str(repo.folder / "gone"))
    for work in (git.fetch(), git.remote_tags(), git.push(["main"]), git.remote_branch("main")):
        with pytest.raises(GitFailed) as failure:
            go(work)
        assert "does not appear to be a git repository" in failure.value.detail
    for work in (git.fetch(), git.remote_tags()):
        with pytest.raises(GitFailed) as failure:
            go(work)
        assert failure.value.next_step == "git ls-remote origin"


def test_a_remote_that_does_not_answer_runs_into_the_time_limit(repo: Repository, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    deaf.write_text("#!/bin/sh\nexec sleep 60\n")
    deaf.chmod(0o755)
    repo.git("config", "remote.origin.uploadpack", str(deaf))
    git = Git.of(Workplace(repo.clone, tmp_path, Redactor(), remote_timeout=0.5))
    with pytest.raises(GitFailed, match=r"within 0\.5 s") as failure:
        go(git.fetch())
    assert failure.value.next_step == "git ls-remote origin"


def test_ssh_is_told_not_to_ask(git: Git, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\nexit 255\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("GIT_SSH_COMMAND", raising=False)
    monkeypatch.delenv("GIT_SSH", raising=False)
    repo.git("remote", "set-url", "origin", "git@host.invalid:o/r.git")
    with pytest.raises(GitFailed):
        go(git.remote_tags())
    assert "BatchMode=yes" in (tmp_path / "said").read_text()
    repo.git("config", "core.sshCommand", f"{ssh} --mine")
    with pytest.raises(GitFailed):
        go(Git(repo.clone, Commands(Redactor()), timeout=30).remote_tags())
    assert "--mine" in (tmp_path / "said").read_text()
    assert "BatchMode" not in (tmp_path / "said").read_text()


def test_a_push_is_all_or_nothing_and_may_be_repeated(git: Git, repo: Repository) -> None:
    base = repo.head()
    fix = hotfix(repo)
    go(git.tag("v1.0.1", fix, "x"))
    refspecs = [f"{fix}:refs/heads/main", "refs/tags/v1.0.1"]
    leases = {"refs/heads/main": base, "refs/tags/v1.0.1": ""}
    for _ in range(2):
        go(git.push(refspecs, leases=leases))
    assert go(git.remote_branch("main")) == fix
    assert go(git.remote_tags())["v1.0.1"] == fix


def test_a_stale_lease_stops_the_whole_push(git: Git, repo: Repository) -> None:
    base = repo.head()
    other = repo.another_clone("other")
    theirs = repo.commit({"o": "1"}, cwd=other)
    repo.git("push", "--quiet", "origin", "main", cwd=other)
    fix = hotfix(repo)
    go(git.tag("v1.0.1", fix, "x"))
    with pytest.raises(GitFailed, match=r"refs/heads/main .*stale info") as failure:
        go(git.push(["refs/tags/v1.0.1", f"{fix}:refs/heads/main"], leases={"refs/heads/main": base}))
    assert failure.value.message.index("refs/heads/main") < failure.value.message.index("refs/tags/v1.0.1")
    assert go(git.remote_branch("main")) == theirs
    assert set(go(git.remote_tags())) == {"v1.0.0"}


def test_what_the_remote_refuses_is_told_in_its_words(git: Git, repo: Repository) -> None:
    hook = repo.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho main is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    fix = hotfix(repo)
    with pytest.raises(GitFailed, match=r"refs/heads/main .*pre-receive hook declined") as failure:
        go(git.push([f"{fix}:refs/heads/main"]))
    assert "main is protected" in failure.value.detail


def test_reading_and_writing_may_go_on_side_by_side(git: Git, repo: Repository, tmp_path: Path) -> None:
    fix = hotfix(repo)

    async def all_at_once() -> None:
        writing = [git.tag(f"t{n}", fix, "x") for n in range(6)]
        trees = [git.add_worktree(tmp_path / f"w{n}", fix) for n in range(2)]
        reading = [git.commits(f"{fix}~1", fix), git.remote_tags(), git.try_merge(repo.head(), fix)]
        await asyncio.gather(*writing, *trees, *reading, git.push([f"{fix}:refs/heads/side"]))

    go(all_at_once())
    assert {f"t{n}" for n in range(6)} <= set(go(git.tags()))
    assert go(git.remote_branch("side")) == fix
