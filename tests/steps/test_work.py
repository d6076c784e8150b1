from tests.fakes.workshop import texts

from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.errors import HotfixError
from hotfix_deploy_runner.steps.work import Outcome, failed, failure_of, passed, warned


def test_an_outcome_passes_unless_it_says_otherwise() -> None:
    assert Outcome().ended is Ended.PASSED
    assert [passed("a").ended, warned("a").ended, failed("a").ended] == [Ended.PASSED, Ended.PASSED, Ended.FAILED]


def test_each_has_one_line_with_its_mark_its_detail_and_what_was_found() -> None:
    for made, mark in ((passed, "OK"), (warned, "WARN"), (failed, "FAIL")):
        outcome = made("it", "more", "still more", count=3)
        assert texts(outcome) == [f"[{mark}] it"]
        assert outcome.lines[0].detail == ("more", "still more")
        assert outcome.found == {"count": 3}


def test_an_error_says_what_failed_what_was_seen_and_what_to_do() -> None:
    outcome = failure_of(HotfixError("it broke", detail="one\ntwo", next_step="mend it"))
    assert outcome.ended is Ended.FAILED
    assert texts(outcome) == ["[FAIL] it broke"]
    assert outcome.lines[0].detail == ("one", "two", "Next: mend it")


def test_an_error_without_detail_has_no_empty_lines() -> None:
    assert failure_of(HotfixError("it broke")).lines[0].detail == ()
