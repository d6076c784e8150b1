from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.demo.measure import Answer, between, by_version, failures, first_failed, parse, summary

OLD, NEW = "v2.14.3", "v2.14.4"
ANSWERS = (
    Answer(10.0, "login", 200, OLD, 5.0),
    Answer(11.0, "session", 500, NEW, 4_000.0),
    Answer(12.0, "session", 0, "", 100.0, error="ConnectError"),
    Answer(13.0, "account", 404, NEW, 1.0),
    Answer(14.0, "account", 200, OLD, 1.0, tries=2),
)
answers = st.lists(
    st.builds(
        Answer,
        st.floats(0, 1e6),
        st.just("session"),
        st.sampled_from([0, 200, 401, 499, 500, 503, 599]),
        st.sampled_from([OLD, NEW, ""]),
    )
)


def test_a_failure_is_no_answer_or_the_servers_fault() -> None:
    assert failures(ANSWERS) == ANSWERS[1:3]


def test_the_first_failure_is_the_one_that_was_there_first() -> None:
    assert first_failed(ANSWERS) is ANSWERS[2]
    assert first_failed(ANSWERS[:1]) is None


def test_between_counts_the_start_and_not_the_end() -> None:
    assert between(ANSWERS, 11.0, 13.0) == ANSWERS[1:3]


def test_summary() -> None:
    figures = summary(ANSWERS)
    assert (figures.sent, figures.failed, figures.retried, figures.first_failed) == (5, 2, 1, 12.1)
    assert figures.versions == {OLD: 2, NEW: 2, "": 1}
    assert figures.statuses == {200: 2, 500: 1, 0: 1, 404: 1}


def test_a_log_without_answers() -> None:
    assert parse("") == ()
    assert summary(()).first_failed is None


def test_a_line_cut_short_is_left_out() -> None:
    assert parse('{"t":1,"kind":"login","status":200}\n{"t":2,"kind":"lo') == (Answer(1, "login", 200),)


def test_answers_are_in_the_order_of_their_being_due() -> None:
    assert [a.t for a in parse('{"t":2,"kind":"a","status":200}\n{"t":1,"kind":"a","status":200}\n')] == [1, 2]


@given(answers)
def test_groups_leave_nothing_out(some: list[Answer]) -> None:
    groups = by_version(some)
    assert sum(len(group) for group in groups.values()) == len(some) == summary(some).sent
    assert all(answer.version == version for version, group in groups.items() for answer in group)
    assert summary(some).failed == sum(len(failures(group)) for group in groups.values())
