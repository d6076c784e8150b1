"""The check on real repositories with a real remote."""

from pathlib import Path

import msgspec
import pytest
from tests.checks.places import check, line, texts
from tests.fakes.repository import Repository, make_repository

from hotfix_deploy_runner.checks.branch import make_check
from hotfix_deploy_runner.core.check import Candidate, CheckResult, Status
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.errors import GitFailed
from hotfix_deploy_runner.ports import Workplace

BRANCH = "hotfix/auth"
FIX = {"auth.py": "LIMIT = 1\n"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A hotfix branch of one commit, cut from v1.0.0 and pushed; main is checked out and one commit further."""
    made = make_repository(tmp_path)
    made.git("checkout", "--quiet", "-b", BRANCH)
    made.commit(FIX, "Fix")
    made.git("push", "--quiet", "origin", BRANCH)
    made.git("checkout", "--quiet", "main")
    made.commit({"feature.py": "NEW = 1\n"}, "Feature")
    made.git("push", "--quiet", "origin", "main")
    return made


def answer(repository: Repository, pinned: str = "", where: Path | None = None, **settings: object) -> CheckResult:
    """The check's answer on `BRANCH`, pinned where it is here unless `pinned` says otherwise."""
    where = where or repository.clone
    place = Workplace(repository=where, store=repository.folder / "store", redact=str)
    what = Candidate(
        branch=BRANCH,
        commit=pinned or repository.head(f"refs/heads/{BRANCH}", cwd=where),
        base=Revision("v1.0.0", repository.head("v1.0.0", cwd=where)),
        tree="",
        base_tree="",
        environment="",
        logs="",
    )
    return check(make_check(settings, place), what)


def on_branch(repository: Repository, files: dict[str, str], message: str = "More") -> str:
    """A further commit on the branch, here; main is checked out again after it."""
    repository.git("checkout", "--quiet", BRANCH)
    commit = repository.commit(files, message)
    repository.git("checkout", "--quiet", "main")
    return commit


def elsewhere(repository: Repository, *commands: tuple[str, ...]) -> Path:
    """Somebody else's clone, with the branch checked out and `commands` done in it."""
    other = repository.another_clone("other")
    repository.git("checkout", "--quiet", BRANCH, cwd=other)
    for command in commands:
        repository.git(*command, cwd=other)
    return other


COMMIT = ("commit", "--quiet", "--allow-empty", "-m", "Theirs")
PUSH = ("push", "--quiet", "origin", BRANCH)


def test_all_well_is_the_contracts_line(repository: Repository) -> None:
    result = answer(repository)
    assert [(line.status, line.text, line.detail) for line in result.lines] == [
        (Status.OK, "Branch exists and is clean", ())
    ]
    assert result.found["local"] == result.found["remote"] == repository.head(BRANCH)


def test_a_branch_that_is_only_on_the_remote_will_do(repository: Repository) -> None:
    pinned = repository.head(BRANCH)
    repository.git("branch", "-D", BRANCH)
    assert texts(answer(repository, pinned)) == ["Branch exists and is clean"]


def test_no_such_branch(repository: Repository) -> None:
    pinned = repository.head(BRANCH)
    repository.git("push", "--quiet", "--delete", "origin", BRANCH)
    repository.git("branch", "-D", BRANCH)
    (line,) = answer(repository, pinned).lines
    assert line.status is Status.FAIL
    assert line.text == f"Branch {BRANCH} does not exist, neither here nor on origin"


def test_not_pushed(repository: Repository) -> None:
    repository.git("push", "--quiet", "--delete", "origin", BRANCH)
    failed = line(answer(repository), "Branch is not pushed to origin")
    assert (failed.status, failed.detail) == (Status.FAIL, (f"git push origin {BRANCH}",))


def test_ahead_of_its_remote(repository: Repository) -> None:
    on_branch(repository, {"b.py": ""})
    failed = line(answer(repository), f"Branch is 1 commit ahead of origin/{BRANCH}")
    assert (failed.status, failed.detail) == (Status.FAIL, (f"git push origin {BRANCH}",))


def test_behind_its_remote(repository: Repository) -> None:
    elsewhere(repository, COMMIT, COMMIT, PUSH)
    unseen = line(answer(repository), f"Branch lacks commits of origin/{BRANCH}")
    assert (unseen.status, unseen.detail) == (Status.FAIL, (f"git fetch origin {BRANCH}",))
    repository.git("fetch", "--quiet")
    failed = line(answer(repository), f"Branch is 2 commits behind origin/{BRANCH}")
    assert (failed.status, failed.detail) == (Status.FAIL, (f"git pull --ff-only origin {BRANCH}",))


def test_diverged_from_its_remote(repository: Repository) -> None:
    elsewhere(repository, COMMIT, COMMIT, PUSH)
    on_branch(repository, {"b.py": ""})
    repository.git("fetch", "--quiet")
    failed = line(answer(repository), f"Branch has diverged from origin/{BRANCH}: 1 here, 2 there")
    assert failed.status is Status.FAIL
    assert "start NAME --pick" in failed.detail[0]


def test_a_branch_that_moved_after_it_was_pinned_is_a_warning(repository: Repository) -> None:
    pinned = repository.head(BRANCH)
    moved = on_branch(repository, {"b.py": ""})
    for _ in range(2):  # moved here only, then pushed too
        result = answer(repository, pinned)
        assert texts(result, Status.OK) == ["Branch exists and is clean"]
        assert texts(result, Status.WARN) == [f"Branch has moved since it was pinned, to {moved[:12]}"]
        assert pinned[:12] in result.lines[1].detail[0]
        repository.git(*PUSH)


def test_a_remote_that_does_not_answer_is_a_failure_beside_the_other_findings(repository: Repository) -> None:
    repository.git("remote", "set-url", "origin", str(repository.folder / "gone"))
    repository.git("checkout", "--quiet", BRANCH)
    (repository.clone / "auth.py").write_text("LIMIT = 2\n")
    result = answer(repository)
    assert texts(result, Status.FAIL) == [
        "Branch could not be compared with origin",
        f"Branch has uncommitted changes in {repository.clone}",
    ]
    assert result.found["remote"] is None


def test_uncommitted_changes_where_it_is_checked_out(repository: Repository) -> None:
    place = repository.folder / "else where"
    repository.git("worktree", "add", "--quiet", str(place), BRANCH)
    (place / "auth.py").write_text("LIMIT = 2\n")
    failed = line(answer(repository), f"Branch has uncommitted changes in {place}")
    assert failed.status is Status.FAIL
    assert failed.detail[0] == "auth.py"
    assert "stash" in failed.detail[1]


def test_untracked_files_are_a_warning(repository: Repository) -> None:
    repository.git("checkout", "--quiet", BRANCH)
    (repository.clone / "notes.txt").write_text("")
    result = answer(repository)
    warned = line(result, f"Branch has untracked files in {repository.clone}")
    assert (warned.status, warned.detail) == (Status.WARN, ("notes.txt",))
    assert texts(result, Status.OK) == ["Branch exists and is clean"]


def test_changes_on_another_branch_do_not_matter(repository: Repository) -> None:
    (repository.clone / "feature.py").write_text("NEW = 2\n")
    assert texts(answer(repository)) == ["Branch exists and is clean"]


def test_a_worktree_that_was_deleted_by_hand_does_not_matter(repository: Repository) -> None:
    place = repository.folder / "place"
    repository.git("worktree", "add", "--quiet", str(place), BRANCH)
    place.rename(repository.folder / "moved")
    assert texts(answer(repository)) == ["Branch exists and is clean"]


def test_cut_from_main_it_holds_what_the_base_lacks(repository: Repository) -> None:
    repository.git("checkout", "--quiet", BRANCH)
    repository.git("merge", "--quiet", "--no-edit", "main")
    repository.git(*PUSH)
    failed = line(answer(repository), "Branch holds 1 commit of main that v1.0.0 lacks")
    assert failed.status is Status.FAIL
    assert failed.detail[0] == f"{repository.head('main')[:12]} Feature"
    assert "fresh branch from v1.0.0" in failed.detail[1]


def test_mains_commits_are_seen_where_only_the_remote_has_main(repository: Repository) -> None:
    repository.git("checkout", "--quiet", BRANCH)
    repository.git("merge", "--quiet", "--no-edit", "main")
    repository.git(*PUSH)
    repository.git("branch", "--quiet", "-D", "main")
    assert "Branch holds 1 commit of main that v1.0.0 lacks" in texts(answer(repository), Status.FAIL)


def test_not_cut_from_the_base(repository: Repository) -> None:
    repository.git("tag", "--force", "-m", "one", "v1.0.0", "main")
    failed = line(answer(repository), "Branch is not cut from v1.0.0")
    assert failed.status is Status.FAIL
    assert "start NAME --pick" in failed.detail[0]


def test_a_shallow_clone_is_named_as_the_likely_reason(repository: Repository) -> None:
    shallow = repository.folder / "shallow"
    origin = f"file://{repository.origin}"
    command = ("clone", "--quiet", "--depth=1", "--no-single-branch", "--branch", BRANCH, origin, str(shallow))
    repository.git(*command, cwd=repository.folder)
    result = answer(repository, where=shallow)
    failed = line(result, "Branch is not cut from v1.0.0")
    assert texts(result, Status.WARN) == ["Branch has no history in common with main: it cannot be merged back"]
    assert "git fetch --unshallow" in failed.detail[0]


def test_a_base_without_a_commit_cannot_be_compared(repository: Repository) -> None:
    place = Workplace(repository=repository.clone, store=repository.folder, redact=str)
    what = Candidate(BRANCH, repository.head(BRANCH), Revision("v1.0.0"), "", "", "", "")
    failed = line(check(make_check({}, place), what), "Branch cannot be compared with v1.0.0")
    assert failed.status is Status.FAIL
    same = msgspec.structs.replace(what, base=Revision("v1.0.0", what.commit))
    assert texts(check(make_check({}, place), same), Status.WARN) == ["Branch holds nothing that v1.0.0 does not have"]


def test_a_conflict_on_the_way_back_to_main_is_a_warning_that_names_the_files(repository: Repository) -> None:
    repository.commit({"auth.py": "LIMIT = 99\n"}, "Another limit")
    repository.git("push", "--quiet", "origin", "main")
    result = answer(repository)
    warned = line(result, "Branch will not merge back into main without conflict")
    assert (warned.status, warned.detail) == (Status.WARN, ("auth.py",))
    assert texts(result, Status.OK) == ["Branch exists and is clean"]


def test_the_name_of_main_is_a_setting(repository: Repository) -> None:
    warned = line(answer(repository, main="trunk"), "There is no branch trunk to compare with")
    assert (warned.status, warned.detail) == (
        Status.WARN,
        ("name the branch that fixes are merged back to: checks.branch.main",),
    )


def test_every_problem_is_told_at_once(repository: Repository) -> None:
    repository.git("checkout", "--quiet", BRANCH)
    repository.git("merge", "--quiet", "--no-edit", "main")
    (repository.clone / "auth.py").write_text("LIMIT = 3\n")
    result = answer(repository)
    assert texts(result) == [
        f"Branch is 2 commits ahead of origin/{BRANCH}",
        f"Branch has uncommitted changes in {repository.clone}",
        "Branch holds 1 commit of main that v1.0.0 lacks",
    ]
    assert result.status is Status.FAIL


def test_nothing_is_changed(repository: Repository) -> None:
    elsewhere(repository, COMMIT, PUSH)
    before = repository.git("for-each-ref"), repository.git("status", "--porcelain=v2", "--branch")
    answer(repository)
    assert (repository.git("for-each-ref"), repository.git("status", "--porcelain=v2", "--branch")) == before


def test_what_is_no_repository_cannot_be_checked(tmp_path: Path) -> None:
    place = Workplace(repository=tmp_path, store=tmp_path, redact=str)
    with pytest.raises(GitFailed):
        check(make_check({}, place), Candidate(BRANCH, "c" * 40, Revision("v1", "b" * 40), "", "", "", ""))
