"""Each verdict, with its words."""

import msgspec
from tests.fakes.release import NEW, OLD, Group, Story, fleet, instance

from hotfix_deploy_runner.core.fleet import Fleet, State
from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.verdict import Kind

SHORT = Watching(window=60.0)
TWO, THREE = [(50, 0)] * 2, [(50, 0)] * 3


def before(limits: Watching = SHORT) -> Story:
    """A clean baseline of a minute, then one new instance beside two old ones for twelve seconds."""
    return Story.begin(limits).then(old=THREE, times=30).then([(50, 0)], TWO, times=6)


def test_pending() -> None:
    verdict = before().verdict()
    assert (verdict.kind, verdict.reason) == (Kind.PENDING, "rolling out; 0 errors in 300 requests")
    later = before().rolled_out().then(THREE, times=10).verdict()
    assert later.reason == "watched 20 s of 1m 00s; 0 errors in 1,800 requests"


def test_healthy() -> None:
    verdict = before().rolled_out().then(THREE, times=29).then([(50, 1), (50, 0), (50, 0)]).verdict()
    assert verdict.kind is Kind.HEALTHY
    assert verdict.reason == (
        "the window is over; 1 error in 4,800 requests; the limit is 5.00 %; v2.14.3: 0 errors in 5,100 requests; "
        "with 4,800 requests, a rate under 5.81 % would have gone unnoticed"
    )


def test_breached_by_errors_from_the_start_in_three_readings() -> None:
    story = Story.begin(SHORT).then(old=THREE, times=30).then([(50, 25)], TWO, times=2)
    assert story.verdict().kind is Kind.PENDING
    verdict = story.then([(50, 25)], TWO).verdict()
    assert verdict.kind is Kind.BREACHED
    assert verdict.reason == (
        "75 errors in 150 requests; the limit is 5.00 %; "
        "such evidence has a chance below 1 % under a release that is no worse than v2.14.3"
    )
    assert verdict.error_rate == 0.5
    assert verdict.baseline_error_rate == 0
    assert verdict.figures["evidence_over"] >= verdict.figures["needed_over"]
    assert verdict.figures["evidence_worse"] >= verdict.figures["needed_worse"]


def test_breached_by_errors_that_begin_later_in_three_readings_too() -> None:
    assert before().then([(50, 25)], TWO, times=2).verdict().kind is Kind.PENDING
    assert before().then([(50, 25)], TWO, times=3).verdict().kind is Kind.BREACHED


def test_breached_after_the_rollout() -> None:
    story = before().rolled_out().then([(50, 10)] * 3, times=5)
    assert story.verdict().kind is Kind.BREACHED


def test_breached_at_the_end() -> None:
    """A hair over the limit is not conclusive in itself; that it is worse than no errors at all is."""
    story = Story.begin(SHORT).then(old=THREE, times=30).rolled_out().then([(50, 3), (50, 3), (50, 2)], times=29)
    assert story.verdict().kind is Kind.PENDING
    verdict = story.then([(50, 3), (50, 3), (50, 2)]).verdict()
    assert verdict.figures["evidence_over"] < verdict.figures["needed_over"]
    assert verdict.kind is Kind.BREACHED
    assert verdict.reason == (
        "at the window's end, 240 errors in 4,500 requests; the limit is 5.00 %; "
        "such evidence has a chance below 1 % under a release that is no worse than v2.14.3"
    )


FORTY = [(20, 0)] * 40
ONE_DEAD = [(20, 20), *FORTY[1:]]


def hundred(new: Group, old: Group = (), times: int = 1) -> Story:
    """A clean baseline of a hundred instances, then `new` in their place."""
    story = Story.begin(SHORT).then(old=[(20, 0)] * 100, times=10).then([(20, 0)] * 10, [(20, 0)] * 90, times=3)
    return story.rolled_out().then(new, old, times=times)


def test_breached_by_one_dead_instance_of_a_hundred() -> None:
    """A hundredth of all requests fails, which is far under the limit."""
    one_dead = [(20, 20), *[(20, 0)] * 99]
    assert hundred(one_dead, times=2).verdict().kind is Kind.PENDING
    verdict = hundred(one_dead, times=6).verdict()
    assert verdict.kind is Kind.BREACHED
    assert verdict.reason == (
        "on pod-1 alone, 100 errors in 100 requests (all others: 0 errors in 9,900 requests); the limit is 5.00 %; "
        "such evidence has a chance below 1 % under a release that is no worse than v2.14.3"
    )
    assert list(verdict.figures["instances"]) == ["pod-1"]


def test_an_instance_is_no_worse_than_others_that_fail_too() -> None:
    few = [(20, 2)] * 100
    assert not hundred(few, times=25).watch.suspects.guilty(NEW)


def test_one_dead_instance_is_no_news_where_an_old_one_was_dead_too() -> None:
    story = Story.begin(SHORT).then(FORTY, ONE_DEAD, times=8)
    assert story.watch.suspects.guilty(OLD)
    after = story.then(ONE_DEAD, FORTY, times=8)
    assert after.watch.suspects.guilty(NEW)
    assert after.verdict().kind is Kind.PENDING


def on_platforms(new: int, old: int) -> Fleet:
    """The first instance of each version on `workers`, the rest on `api`."""
    seen = fleet(new, old).instances
    placed = (msgspec.structs.replace(i, platform="workers" if n in (0, new) else "api") for n, i in enumerate(seen))
    return Fleet(tuple(placed))


def test_breached_on_one_platform() -> None:
    """The workers have little of the traffic: three requests in ten fail there, one in a hundred of all."""
    start = Story.begin(SHORT).then(old=[(30, 0), *[(500, 0)] * 2], times=30, runs=on_platforms(0, 3))
    beside = [(30, 9), (500, 0)], [(30, 0), (500, 0)]
    verdict = start.then(*beside, times=5, runs=on_platforms(2, 2)).verdict()
    assert verdict.kind is Kind.BREACHED
    assert verdict.reason.startswith("on workers alone, 45 errors in 150 requests; the limit is 5.00 %; such")
    assert verdict.figures["platforms"]["api"]["errors"] == 0


def test_breached_by_a_restart() -> None:
    restarted = Fleet((instance("pod-1", NEW, life=2), *fleet(1, 2).instances[1:]))
    verdict = before().then([(50, 0)], TWO, runs=restarted).verdict()
    assert verdict.kind is Kind.BREACHED
    assert verdict.reason == f"pod-1 restarted after having been ready on {NEW}"


def test_breached_by_failing_health() -> None:
    failing = Fleet((instance("pod-1", NEW, State.UNREACHABLE, why="GET /readyz: 500"), *fleet(1, 2).instances[1:]))
    story = before().then([(0, 0)], TWO, times=5, runs=failing)
    assert story.verdict().kind is Kind.PENDING
    verdict = story.then([(0, 0)], TWO, runs=failing).verdict()
    assert verdict.kind is Kind.BREACHED
    assert verdict.reason == f"pod-1 (GET /readyz: 500) had been ready on {NEW} and then was not, for 10 s or longer"


def test_breached_by_a_hang() -> None:
    story = Story.begin(SHORT).then(old=THREE, times=30).then([(0, 0)], TWO, times=9)
    verdict = story.verdict()
    assert verdict.kind is Kind.BREACHED
    assert verdict.reason == "1 new instance completed 0 requests while 2 old ones completed 700, over 14 s"


def test_not_worse() -> None:
    """The incident itself: a fifth of all requests fails, before and after."""
    ill = [(50, 10)] * 3
    story = Story.begin(SHORT).then(old=ill, times=30).then(ill[:1], ill[1:], times=6).rolled_out().then(ill, times=30)
    verdict = story.verdict()
    assert verdict.kind is Kind.NOT_WORSE
    assert verdict.reason == (
        "960 errors in 4,800 requests; the limit is 5.00 %; "
        "but v2.14.3 is no better: 1,020 errors in 5,100 requests (20.00 %)"
    )


def test_unproven_without_a_baseline() -> None:
    verdict = Story.begin(SHORT).rolled_out().then([(10, 2)], times=30).verdict()
    assert verdict.kind is Kind.UNPROVEN
    assert verdict.reason == (
        "60 errors in 300 requests; the limit is 5.00 %; "
        "that it is worse than v2.14.3 is not conclusive (nothing is known of v2.14.3)"
    )
    assert verdict.baseline_error_rate is None


def test_a_baseline_that_is_too_small_is_said() -> None:
    verdict = Story.begin(SHORT).then(old=[(4, 0)], times=3).rolled_out().then([(10, 2)], times=30).verdict()
    assert verdict.kind is Kind.UNPROVEN
    assert verdict.figures["baseline_small"]
    assert verdict.reason.endswith(
        "(v2.14.3: 0 errors in 12 requests, too small a baseline: it leaves up to 44.80 % credible)"
    )


def test_unproven_when_worse_under_the_limit() -> None:
    verdict = before().rolled_out().then([(50, 1)] * 3, times=30).verdict()
    assert verdict.kind is Kind.UNPROVEN
    assert verdict.reason == (
        "90 errors in 4,800 requests; the limit is 5.00 %; "
        "it is conclusively worse than v2.14.3 (v2.14.3: 0 errors in 5,100 requests)"
    )


def test_blind() -> None:
    story = before()
    assert story.verdict(after=120.0).kind is Kind.PENDING
    verdict = story.verdict(after=121.0)
    assert (verdict.kind, verdict.reason) == (Kind.BLIND, f"no reading for 2m 01s; nothing is known of {NEW}")


def test_blind_is_not_said_of_a_window_that_is_over() -> None:
    assert before().rolled_out().then(THREE, times=30).verdict(after=1000.0).kind is Kind.HEALTHY


def test_quiet() -> None:
    story = Story.begin(SHORT).then(old=THREE, times=30).rolled_out().then([(1, 0)], times=30)
    verdict = story.verdict()
    assert verdict.kind is Kind.QUIET
    assert verdict.reason == (
        "0 errors in 30 requests: too few to tell; with 30 requests, a rate under 17.70 % would have gone unnoticed"
    )


def test_no_traffic_at_all_is_quiet() -> None:
    verdict = Story.begin(SHORT).then(old=THREE, times=30).rolled_out().then([(0, 0)], times=30).verdict()
    assert verdict.kind is Kind.QUIET
    assert "with 0 requests, a rate under 100.00 %" in verdict.reason
    assert verdict.error_rate is None


def slow_release(limits: Watching, readings: int) -> Story:
    story = Story.begin(limits).then(old=THREE, times=30, slow=(0, 0))
    return story.then([(50, 0)], TWO, times=6, slow=(0, 0)).rolled_out().then(THREE, times=readings, slow=(0.1, 0))


def test_slow_is_said_at_the_end_where_it_only_warns() -> None:
    assert slow_release(SHORT, 29).verdict().kind is Kind.PENDING
    verdict = slow_release(SHORT, 30).verdict()
    assert verdict.kind is Kind.SLOW
    assert verdict.p99 is not None
    assert verdict.p99 > 0.3
    assert verdict.reason == (
        "410 of 4,200 requests were slower than 200 ms; p99 is 379 ms, of v2.14.3 100 ms; the limit is 2 times that"
    )


def test_slow_is_said_at_once_where_it_rolls_back() -> None:
    limits = Watching(window=60.0, on_slow="rollback")
    assert slow_release(limits, 10).verdict().kind is Kind.SLOW
    assert slow_release(limits, 1).verdict().kind is Kind.PENDING


def test_slow_on_both_is_nobodys_fault() -> None:
    limits = Watching(window=60.0, on_slow="rollback")
    story = Story.begin(limits).then(old=THREE, times=30, slow=(0, 0)).then([(50, 0)], TWO, times=30, slow=(0.1, 0.1))
    assert story.verdict().kind is Kind.PENDING


def test_errors_outrank_blindness_and_slowness() -> None:
    story = before().then([(50, 25)], TWO, times=5)
    assert story.verdict(after=1000.0).kind is Kind.BREACHED
