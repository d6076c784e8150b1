import pytest

from hotfix_deploy_runner.core.version import TagFormat
from hotfix_deploy_runner.detect.history import main_branch, remote, tag_format


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["v1.2.3", "v1.2.10", "v1.2.9-rc.1"], "v{version}"),
        (["1.0.0"], "{version}"),
        (["api/v1.0.0", "api/v1.0.1", "web/v3.0.0"], "api/v{version}"),
        (["release-2.0.0", "nightly"], "release-{version}"),
        (["release-v2.0.0", "v2.0.0"], "v{version}"),
    ],
)
def test_the_tag_format(tags: list[str], expected: str) -> None:
    guess = tag_format(tags)
    assert guess is not None
    assert guess.value == expected
    assert TagFormat(expected).version(guess.why.removeprefix("tags such as ")) is not None


def test_the_newest_tag_is_the_example_and_others_are_said() -> None:
    guess = tag_format(["v1.2.3", "v1.2.10", "web/v3.0.0"])
    assert guess is not None
    assert (guess.why, guess.look) == ("tags such as v1.2.10", "1 version tag spelled otherwise")


def test_a_pre_release_that_is_no_candidate_is_said_to_be_none() -> None:
    guess = tag_format(["v0.9.0-beta.1", "v1.2.3", "v2.0.0-beta.1", "v2.0.0-rc.1"])
    assert guess is not None
    assert guess.look.startswith("tags such as v2.0.0-beta.1 are passed over")


def test_no_version_tag_no_format() -> None:
    assert tag_format(["nightly", "v1"]) is None


@pytest.mark.parametrize(
    ("head", "branches", "expected"),
    [("trunk", ["main", "trunk"], ["trunk"]), ("", ["dev", "master"], ["master"]), ("gone", ["main"], ["main"])],
)
def test_the_main_branch(head: str, branches: list[str], expected: list[str]) -> None:
    guess = main_branch(head, branches)
    assert guess is not None
    assert guess.value == expected


def test_no_usual_branch_no_guess() -> None:
    assert main_branch("", ["wip"]) is None


def test_only_an_unusual_remote_is_worth_a_word() -> None:
    assert remote(["origin", "fork"]) is None
    assert remote([]) is None
    guess = remote(["upstream", "fork"])
    assert guess is not None
    assert (guess.value, guess.look) == ("upstream", "there are several")
