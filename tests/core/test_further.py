"""Further metrics: what they cost the others, how rarely they are wrong, what they see, and their words."""

import random
from collections.abc import Mapping, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.release import NEW, OLD, fleet, instance

from hotfix_deploy_runner.core.baseline import Tally
from hotfix_deploy_runner.core.check import Status
from hotfix_deploy_runner.core.further import Further, alpha_of_the_others
from hotfix_deploy_runner.core.judging import validation_lines
from hotfix_deploy_runner.core.policy import FurtherLimit, Watching
from hotfix_deploy_runner.core.reading import Reading, Sample
from hotfix_deploy_runner.core.verdict import Kind, Verdict
from hotfix_deploy_runner.core.watch import Watch

LOGINS = FurtherLimit("logins", 0.2)
ROUTES = FurtherLimit("routes", 0.2, parts=50)
Counts = Mapping[str, Mapping[str, tuple[int, int]]]


def sample(version: str, further: Counts, unread: Mapping[str, str] | None = None, requests: int = 50) -> Sample:
    """One instance's, with no error; `further` are pairs of all and bad ones."""
    tallies = {name: {value: Tally(*pair) for value, pair in of.items()} for name, of in further.items()}
    one = instance("pod-1" if version == NEW else "pod-2", version)
    return Sample(one.name, one.incarnation, version, requests, 0, None, tallies, dict(unread or {}))


def logins(of: int, bad: int) -> Counts:
    return {"logins": {"": (of, bad)}}


class Story:
    """A watch of one old instance for a minute, of one of each for ten readings, then of one new one."""

    def __init__(self, *further: FurtherLimit) -> None:
        self.watch = Watch.begin(Watching(window=60.0, further=further), OLD, NEW)
        self.at = 0.0

    def then(self, *samples: Sample, times: int = 1) -> "Story":
        news = [one for one in samples if one.version == NEW]
        for _ in range(times):
            reading = Reading(self.at, self.at + 2, samples)
            self.watch = self.watch.observed(reading, fleet(len(news), len(samples) - len(news)))
            self.at += 2
        return self

    def whole(self, new: Counts, old: Counts, unread: Mapping[str, str] | None = None, requests: int = 50) -> Verdict:
        """The verdict on a release whose every reading has these counts, as soon as there is one."""
        ours, theirs = sample(NEW, new, unread, requests), sample(OLD, old, requests=requests)
        self.then(theirs, times=30)
        for readings, samples in ((10, (ours, theirs)), (30, (ours,))):
            for _ in range(readings):
                if (verdict := self.then(*samples).verdict).kind is not Kind.PENDING:
                    return verdict
            self.watch = self.watch.rolled_out(self.at)
        return self.verdict

    @property
    def verdict(self) -> Verdict:
        return self.watch.judge(self.at)


def told(verdict: Verdict) -> list[tuple[Status, str]]:
    return [(line.status, line.text) for line in validation_lines(verdict)[2:]]


parts = st.lists(st.integers(1, 20), min_size=1, max_size=5)


@settings(max_examples=30)
@given(parts, st.floats(0.001, 0.2))
def test_all_tests_together_have_alpha(sizes: Sequence[int], alpha: float) -> None:
    further = tuple(FurtherLimit(f"m{n}", 0.2, parts=size) for n, size in enumerate(sizes))
    limits = Watching(alpha=alpha, further=further)
    values = {one.name: {f"/{n}": (1, 0) for n in range(one.parts + 2)} for one in further}
    watch = Watch.begin(limits, OLD, NEW)
    seen = watch.further.seen(2.0, [sample(NEW, values)], [])
    judged = [part.errors for of in seen.parts.values() for part in of.values()]
    assert len(judged) == sum(sizes), "no more values are judged than have a share"
    over = sum(one.over.level for one in judged) + watch.whole.errors.over.level + watch.suspects.over
    worse = sum(one.level for one in judged) + watch.whole.errors.level + watch.suspects.worse
    rest = alpha_of_the_others(limits)
    assert over + 0.05 * rest == pytest.approx(alpha), "a twentieth is the platforms'"
    assert worse + (0.05 + 0.05 + 0.05) * rest == pytest.approx(alpha), "and as much those of slow and hanging ones"


def test_without_further_metrics_nothing_is_given_up() -> None:
    assert alpha_of_the_others(Watching(alpha=0.01)) == 0.01
    watch = Watch.begin(Watching(), OLD, NEW)
    assert watch.further.seen(2.0, [sample(NEW, logins(9, 9))], []) is watch.further


@pytest.mark.parametrize("rate", [0.1, 0.4])
def test_one_that_is_no_worse_is_found_bad_within_its_share(rate: float) -> None:
    """Under its limit, and over it as before. Its share is 0.1: of 60 releases, 13 or more have a chance under 1 %."""
    random_, wrong = random.Random(11), 0
    for _ in range(60):
        further = Further.begin(Watching(alpha=0.5, further=(LOGINS,)), 0.02)
        for n in range(30):
            ours, theirs = (logins(30, sum(random_.random() < rate for _ in range(30))) for _ in range(2))
            further = further.seen(
                2.0 * n, [sample(NEW, ours)] if n > 8 else [], [sample(OLD, theirs)] if n < 20 else []
            )
            if further.conclusive:
                wrong += 1
                break
    assert wrong < 13


def test_one_that_is_worse_is_rolled_back_with_figures_and_the_errors_are_none() -> None:
    verdict = Story(LOGINS).whole(logins(40, 14), logins(40, 1))
    assert verdict.kind is Kind.BREACHED
    assert verdict.error_rate == 0
    assert verdict.reason == (
        "logins: 56 of 160 were bad (35.00 %); the limit is 20 %; v2.14.3: 2.50 %; "
        "such evidence has a chance below 1 % under a release that is no worse than v2.14.3"
    )
    assert verdict.further[0].figures["errors"] == 56


def test_one_broken_route_of_fifty_is_seen_that_the_whole_hides() -> None:
    routes = {f"/{n}": (20, 0) for n in range(50)}
    broken = routes | {"/17": (20, 12)}
    assert 12 / (20 * 50) < 0.05
    verdict = Story(ROUTES).whole({"routes": broken}, {"routes": routes}, requests=1000)
    assert verdict.kind is Kind.BREACHED
    assert verdict.reason.startswith("routes /17: ")
    assert [one.name for one in verdict.further] == ["routes /17"]


def test_one_that_only_warns_waits_for_the_end_and_is_kept() -> None:
    story = Story(msgspec.structs.replace(LOGINS, on_breach="warn"))
    verdict = story.whole(logins(40, 14), logins(40, 1))
    assert (verdict.kind, story.watch.watched) == (Kind.WARNED, 60.0)
    assert verdict.reason.endswith("v2.14.3: 2.50 %; conclusively over it, and worse")
    assert told(verdict) == [(Status.WARN, "logins: 35.00% (baseline: 2.50%)")]


def test_those_that_hold_have_a_line_each_in_their_order() -> None:
    counts: Counts = {"routes": {"/a": (40, 0), "/b": (40, 2)}, **logins(40, 1)}
    verdict = Story(LOGINS, ROUTES).whole(counts, counts)
    assert verdict.kind is Kind.HEALTHY
    assert told(verdict)[0] == (Status.OK, "logins: 2.50% (baseline: 2.50%)")
    assert told(verdict)[1][1].startswith("routes /")
    assert len(told(verdict)) == 2


@pytest.mark.parametrize(
    ("new", "old", "kind", "words"),
    [
        (logins(40, 12), logins(40, 12), Kind.HEALTHY, "over it as before"),
        (
            logins(0, 0),
            logins(40, 1),
            Kind.HEALTHY,
            "logins: 0 of 0 were bad: too few to tell, up to 100.00 % is credible",
        ),
        ({"logins": {}}, {"logins": {}}, Kind.HEALTHY, "logins: there were none"),
    ],
)
def test_what_is_no_fault_of_the_release_is_said_and_kept(new: Counts, old: Counts, kind: Kind, words: str) -> None:
    verdict = Story(LOGINS).whole(new, old)
    [line] = validation_lines(verdict)[2:]
    assert (verdict.kind, line.status) == (kind, Status.WARN)
    assert line.detail[0].endswith(words)


def test_over_the_limit_without_proof_is_unproven() -> None:
    story = Story(LOGINS)
    story.then(sample(OLD, logins(2, 0)), times=2).then(sample(NEW, logins(0, 0)), times=5)
    story.watch = story.watch.rolled_out(story.at)
    verdict = story.then(sample(NEW, logins(5, 2)), times=3).then(sample(NEW, logins(0, 0)), times=27).verdict
    assert verdict.kind is Kind.UNPROVEN
    assert verdict.reason == (
        "logins: 6 of 15 were bad (40.00 %); the limit is 20 %; v2.14.3: 0.00 %; that it is worse is not conclusive"
    )


def test_one_that_is_not_read_is_unproven_and_not_taken_for_zero() -> None:
    verdict = Story(LOGINS).whole({}, logins(40, 1), unread={"logins": "no logins_total on the page"})
    assert verdict.kind is Kind.UNPROVEN
    assert verdict.reason == "logins: nothing is known of it on v2.14.4 (pod-1: no logins_total on the page)"
    assert told(verdict) == [(Status.WARN, "logins: unknown (baseline: unknown)")]
    assert Story(LOGINS).whole({}, {}).reason.endswith("(the metrics source says nothing of it)")


def test_what_a_cold_instance_counts_can_be_left_out() -> None:
    cold, warm = (sample(NEW, logins(40, bad)) for bad in (39, 1))
    before, after = Story(LOGINS), Story(msgspec.structs.replace(LOGINS, warm_up=10.0))
    for story in (before, after):
        story.then(sample(OLD, logins(40, 1)), times=30).then(cold, sample(OLD, logins(40, 1)), times=4)
    assert before.verdict.kind is Kind.BREACHED
    assert after.then(warm, times=3).verdict.kind is Kind.PENDING
    [one] = after.watch.further.all_of(after.watch.limits.further[0])
    assert one.part.errors.new == Tally(120, 3)


def test_a_reading_with_them_reads_back_and_an_old_one_has_none() -> None:
    given_ = sample(NEW, logins(40, 1), {"routes": "no label"})
    assert msgspec.json.decode(msgspec.json.encode(given_), type=Sample) == given_
    before = b'{"instance":"a","incarnation":"1","version":"v1","requests":3,"errors":0,"latency":null}'
    assert msgspec.json.decode(before, type=Sample).further == {}
