from pathlib import Path

import msgspec
import pytest
from tests.checks.places import candidate, check, workplace
from tests.fakes.repository import Repository, make_repository

from hotfix_deploy_runner.checks.pipelines import make_check
from hotfix_deploy_runner.core.check import CheckResult, Line, Status

GITHUB = ".github/workflows/ci.yml"
FINE = Line(Status.OK, "Pipelines: nothing starts by itself")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make_repository(tmp_path / "repo")


def looked(
    repository: Repository,
    root: Path,
    content: dict[str, str],
    tags: tuple[str, ...] = ("v2.14.4",),
    merges: tuple[str, ...] = ("main",),
    **settings: object,
) -> CheckResult:
    """With `content` at the tip of main, and in the commit of the fix."""
    commit = repository.commit(content)
    repository.git("push", "origin", "main")
    what = msgspec.structs.replace(candidate(root / "what"), commit=commit, tags=tags, merges=merges, changed=("a.py",))
    return check(make_check(settings, workplace(repository.clone)), what)


TAG, MAIN = "the tag v2.14.4", "the push to main"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (GITHUB, "on: push\n", {TAG, MAIN}),
        (GITHUB, "on: [pull_request, push]\n", {TAG, MAIN}),
        (GITHUB, "on:\n  push:\n", {TAG, MAIN}),
        (GITHUB, '"on":\n  push:\n    tags: ["v*"]\n', {TAG}),
        (GITHUB, "on:\n  push:\n    tags: ['v*', '!v2.*']\n", set()),
        (GITHUB, "on:\n  push:\n    tags: ['v[0-9]+.[0-9]+.[0-9]+']\n", {TAG}),
        (GITHUB, "on:\n  push:\n    branches: [main]\n", {MAIN}),
        (GITHUB, "on:\n  push:\n    branches: ['release/**']\n    tags-ignore: ['**']\n", set()),
        (GITHUB, "on:\n  push:\n    branches-ignore: [main]\n", set()),
        (GITHUB, "on:\n  push:\n    branches: [main]\n    paths: ['docs/**']\n", set()),
        (GITHUB, "on:\n  push:\n    branches: [main]\n    paths-ignore: ['**.md']\n", {MAIN}),
        (GITHUB, "on: create\n", {TAG}),
        (
            GITHUB,
            "on: {pull_request: {branches: [main]}, workflow_dispatch: {}, schedule: [{cron: '0 0 * * *'}]}\n",
            set(),
        ),
        (".gitlab-ci.yml", "build:\n  script: make\n", {TAG, MAIN}),
        (".gitlab-ci.yml", "build:\n  script: make\n  only: [tags]\n", {TAG}),
        (".gitlab-ci.yml", "build:\n  script: make\n  only: ['/^v2/']\n  except: [branches]\n", {TAG}),
        (".gitlab-ci.yml", "build:\n  script: make\n  except: [tags, main]\n", set()),
        (".gitlab-ci.yml", "build:\n  script: make\n  when: manual\n", set()),
        (".gitlab-ci.yml", "build:\n  script: make\n  rules: [{if: $CI_COMMIT_TAG}]\n", {TAG}),
        (
            ".gitlab-ci.yml",
            "workflow:\n  rules:\n    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'\nbuild:\n  script: make\n",
            set(),
        ),
        (
            ".gitlab-ci.yml",
            ".mr:\n  rules:\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n"
            "build:\n  extends: .mr\n  script: make\n  image: !reference [.mr, image]\n",
            {MAIN},
        ),
        (".gitlab-ci.yml", "build:\n  script: make\n  rules:\n    - {if: $CI_COMMIT_TAG, when: manual}\n", set()),
        (".circleci/config.yml", "workflows: {w: {jobs: [build]}}\n", {MAIN}),
        (".circleci/config.yml", "workflows: {w: {jobs: [b: {filters: {tags: {only: /^v.*/}}}]}}\n", {TAG, MAIN}),
        (".circleci/config.yml", "workflows: {w: {jobs: [b: {filters: {branches: {ignore: main}}}]}}\n", set()),
        ("bitbucket-pipelines.yml", "pipelines: {default: [{step: {}}]}\n", {MAIN}),
        ("bitbucket-pipelines.yml", "pipelines: {tags: {'v*': []}, branches: {'release/*': []}}\n", {TAG}),
        ("azure-pipelines.yml", "steps: []\n", {MAIN}),
        ("azure-pipelines.yml", "trigger: none\n", set()),
        ("azure-pipelines.yml", "trigger: {tags: {include: ['v*']}}\n", {TAG}),
        ("azure-pipelines.yml", "trigger: [develop]\n", set()),
    ],
)
def test_what_starts_by_itself(
    repository: Repository, tmp_path: Path, path: str, text: str, expected: set[str]
) -> None:
    result = looked(repository, tmp_path, {path: text})
    (line,) = result.lines
    assert line.status is (Status.WARN if expected else Status.OK), line
    assert {push for push in (TAG, MAIN) if any(push in words for words in line.detail)} == expected
    assert all(words.startswith(f"{path}: ") for words in line.detail)


def test_file_and_trigger_are_named(repository: Repository, tmp_path: Path) -> None:
    text = "name: Release\non:\n  push:\n    tags: ['v*']\n"
    (line,) = looked(repository, tmp_path, {GITHUB: text}).lines
    assert line.text == "Pipelines: this run starts some by itself"
    assert line.detail == (f"{GITHUB}: Release starts on the tag v2.14.4 (on: push, tags: v*)",)


def test_without_ci_nothing_starts_and_what_is_not_pushed_is_not_asked(repository: Repository, tmp_path: Path) -> None:
    assert looked(repository, tmp_path, {"a.py": "1"}).lines == (FINE,)
    content = {GITHUB: "on: {push: {branches: [main]}}\n"}
    assert looked(repository, tmp_path, content, merges=()).lines == (FINE,)


def test_a_merge_shows_the_files_of_main_not_of_the_fix(repository: Repository, tmp_path: Path) -> None:
    old = repository.head()
    repository.commit({GITHUB: "on: {push: {branches: [main]}}\n"})
    repository.git("push", "origin", "main")
    what = msgspec.structs.replace(candidate(tmp_path / "what"), commit=old, tags=("v2",), merges=("main",))
    (line,) = check(make_check({}, workplace(repository.clone)), what).lines
    assert line.detail == (f"{GITHUB}: workflow starts on the push to main (on: push, branches: main)",)


def test_a_candidates_tag_counts_too(repository: Repository, tmp_path: Path) -> None:
    content = {GITHUB: "on: {push: {tags: ['*-rc.*']}}\n"}
    (line,) = looked(repository, tmp_path, content, tags=("v2.14.4-rc.1", "v2.14.4")).lines
    assert len(line.detail) == 1 and "the tag v2.14.4-rc.1" in line.detail[0]


def test_a_file_that_is_no_yaml_may_start_anything(repository: Repository, tmp_path: Path) -> None:
    (line,) = looked(repository, tmp_path, {GITHUB: "on: [push\n"}).lines
    assert line.status is Status.WARN
    assert "cannot be read; it may start on the tag v2.14.4" in line.detail[0]


def test_what_is_known_to_be_harmless_can_be_ignored(repository: Repository, tmp_path: Path) -> None:
    assert looked(repository, tmp_path, {GITHUB: "on: push\n"}, ignore=[GITHUB]).lines == (FINE,)
