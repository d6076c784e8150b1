"""What a person sees of an error, and its exit code."""

import pytest

from hotfix_deploy_runner import errors
from hotfix_deploy_runner.cli.failing import tells_errors
from hotfix_deploy_runner.errors import CheckFailed, HotfixError, LockHeld, PlatformFailed, UsageError

UNTOUCHED = "Nothing was deployed: what runs is untouched.\n"


def told(error: BaseException, capsys: pytest.CaptureFixture[str]) -> tuple[int | str | None, str]:
    @tells_errors
    def fails() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        fails()
    out, err = capsys.readouterr()
    assert out == "", "standard output is for the narration"
    return ended.value.code, err


def test_message_detail_and_next_step_are_told_in_this_order(capsys: pytest.CaptureFixture[str]) -> None:
    error = LockHeld("another run holds it", detail="run r1\nof bob", next_step="hotfix-deploy-runner status")
    assert told(error, capsys) == (
        7,
        "Error: another run holds it\n       run r1\n       of bob\nNext: hotfix-deploy-runner status\n",
    )


@pytest.mark.parametrize(
    ("error", "untouched"),
    [(UsageError("x"), True), (CheckFailed("x"), True), (PlatformFailed("x"), False), (HotfixError("x"), False)],
)
def test_that_nothing_was_touched_is_said_where_it_is_certain(
    error: HotfixError, untouched: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = told(error, capsys)
    assert code == error.exit_code
    assert (UNTOUCHED in text) == untouched


def test_an_interruption_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = told(KeyboardInterrupt(), capsys)
    assert code == 130 and text.startswith("Interrupted.\n")


def test_a_bug_is_not_dressed_up() -> None:
    @tells_errors
    def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()


def test_what_goes_well_is_left_alone() -> None:
    assert tells_errors(lambda number: number + 1)(1) == 2


def test_every_error_has_a_code_of_the_contract() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HotfixError)]
    assert len(kinds) > 8
    assert {kind.exit_code for kind in kinds} <= {1, 2, 3, 5, 7, 130}
