"""A verdict's reasons in words, and its figures for a machine."""

from typing import Any

from .baseline import CREDIBLE, Tally
from .findings import Findings
from .further import One
from .instant import spoken
from .part import Part
from .policy import FurtherLimit
from .suspects import Suspect

MOST_TOLD = 3
"""How many of the further metrics that breach are told of."""


def restarted(found: Findings) -> str:
    """New instances came back as another incarnation."""
    return f"{', '.join(found.restarted)} restarted after having been ready on {found.new}"


def unhealthy(found: Findings) -> str:
    """New instances lost their health and did not get it back."""
    names = ", ".join(f"{life.name} ({life.why})" if life.why else life.name for life in found.unhealthy)
    length = spoken(found.limits.unhealthy_for)
    return f"{names} had been ready on {found.new} and then was not, for {length} or longer"


def hung(found: Findings) -> str:
    """The new instances complete almost nothing."""
    new, old = found.hang.new, found.hang.old
    return (
        f"{_count(new.instances, 'new instance')} completed {_count(new.requests, 'request')} "
        f"while {_count(old.instances, 'old one')} completed {old.requests:,}, over {spoken(found.hang.length)}"
    )


def breached(found: Findings) -> str:
    """The error rate is conclusively over the limit, and worse than the baseline."""
    return f"{_against_the_limit(found)}; {_chance(found)}"


def platforms(found: Findings) -> str:
    """On some platforms alone the error rate is conclusively over the limit, and worse than their own baseline."""
    told = (f"on {name} alone, {_tally(part.errors.new)}" for name, part in found.failing.items())
    return f"{', '.join(told)}; the limit is {_percent(found.limit)}; {_chance(found)}"


def instances(found: Findings) -> str:
    """Some instances alone are conclusively over the limit, and worse than all the others."""
    told = (f"{one.name} alone, {_tally(one.own)} (all others: {_tally(one.others)})" for one in found.guilty)
    return f"on {', on '.join(told)}; the limit is {_percent(found.limit)}; {_chance(found)}"


def breached_further(found: Findings) -> str:
    """Further metrics are conclusively over their limits, and worse than before."""
    told = "; ".join(_one(found, one) for one in found.further.breached[:MOST_TOLD])
    return f"{told}; {_chance(found)}"


def further(found: Findings, one: One, how: str) -> str:
    """How one of them stands, where it is not well; `how` is its `Standing`."""
    if how == "quiet":
        new = one.part.errors.new
        bound = _percent(new.upper(CREDIBLE))
        return f"{one.name}: {new.events:,} of {new.requests:,} were bad: too few to tell, up to {bound} is credible"
    return f"{_one(found, one)}; {_STANDS[how]}"


_STANDS = {
    "breached": "conclusively over it, and worse",
    "over and worse": "over it, and conclusively worse",
    "over without proof": "that it is worse is not conclusive",
    "worse under the limit": "under it, but conclusively worse",
    "over as before": "over it as before",
}


def unread(found: Findings, metric: FurtherLimit) -> str:
    """The new version gave no count of a metric."""
    why = found.further.unread.get(metric.name, "the metrics source says nothing of it")
    return f"{metric.name}: nothing is known of it on {found.new} ({why})"


def over_at_the_end(found: Findings) -> str:
    """Over the limit when the window ended, and conclusively worse than the baseline."""
    return f"at the window's end, {_against_the_limit(found)}; {_chance(found)}"


def not_worse(found: Findings) -> str:
    """Over the limit, as the baseline is."""
    old = found.baseline.present(CREDIBLE)
    return f"{_against_the_limit(found)}; but {found.old} is no better: {_tally(old)} ({_percent(old.rate)})"


def over_without_proof(found: Findings) -> str:
    """Over the limit, but it may be chance, or no worse than the baseline."""
    return f"{_against_the_limit(found)}; that it is worse than {found.old} is not conclusive ({_baseline(found)})"


def worse_under_the_limit(found: Findings) -> str:
    """Under the limit, but conclusively worse than the baseline."""
    return f"{_against_the_limit(found)}; it is conclusively worse than {found.old} ({_baseline(found)})"


def slow(found: Findings) -> str:
    """The 99th percentile is over its limit."""
    new = found.slow.new
    return (
        f"{new.events:,} of {_count(new.requests, 'request')} were slower than {_milliseconds(found.edge)}; "
        f"p99 is {_milliseconds(found.p99)}, of {found.old} {_milliseconds(found.baseline_p99)}; "
        f"the limit is {found.limits.p99_ratio:g} times that"
    )


def quiet(found: Findings) -> str:
    """Too few requests to tell."""
    return f"{_tally(found.errors.new)}: too few to tell; {_unnoticed(found)}"


def blind(found: Findings) -> str:
    """No readings."""
    return f"no reading for {spoken(found.silence)}; nothing is known of {found.new}"


def pending(found: Findings) -> str:
    """Nothing conclusive yet."""
    progress = f"watched {spoken(found.watched)} of {spoken(found.limits.window)}"
    return f"{progress if found.rolled_out else 'rolling out'}; {_tally(found.errors.new)}"


def healthy(found: Findings) -> str:
    """The window is over and the limits held."""
    return f"the window is over; {_against_the_limit(found)}; {_baseline(found)}; {_unnoticed(found)}"


def figures(found: Findings) -> dict[str, Any]:
    """The counts, evidence and bounds behind a verdict, as JSON values.

    Rates are fractions, lengths seconds, evidence natural logarithms; each is conclusive from its `needed` on.
    """
    return {
        "limit": found.limit,
        "alpha": found.limits.alpha,
        "watched": found.watched,
        "silence": found.silence,
        **figures_of(found.whole),
        "unnoticed": found.unnoticed,
        "error_rate_upper": found.errors.new.upper(CREDIBLE),
        "baseline_requests": found.baseline.total.requests,
        "baseline_errors": found.baseline.total.events,
        "baseline_upper": found.baseline.upper(found.errors.bound_level),
        "overdispersion": max(found.baseline.dispersion, found.errors.uneven.dispersion),
        "baseline_small": found.small_baseline,
        "baseline_expired": found.whole.kept.expired,
        "slow_edge": found.edge,
        "slow_requests": found.slow.new.events,
        "latency_requests": found.slow.new.requests,
        "evidence_slow": found.slow.over.log_evidence,
        "needed_slow": found.slow.over.needed,
        "evidence_slower": found.slow.log_worse,
        "needed_slower": found.slow.beside.needed,
        "evidence_hang": found.hang.process.log_evidence,
        "needed_hang": found.hang.process.needed,
        "platforms": {name: figures_of(part) for name, part in found.platforms.items()},
        "instances": {one.name: _of_suspect(one) for one in found.guilty},
    }


def figures_of(part: Part) -> dict[str, Any]:
    """Those of one part: of everything, of a platform, or of a further metric, whose errors are the bad ones."""
    return {
        "requests": part.errors.new.requests,
        "errors": part.errors.new.events,
        "evidence_over": part.errors.over.log_evidence,
        "needed_over": part.errors.over.needed,
        "evidence_worse": part.errors.log_worse,
        "needed_worse": part.errors.beside.needed,
    }


def _of_suspect(one: Suspect) -> dict[str, Any]:
    return {
        "requests": one.own.requests,
        "errors": one.own.events,
        "evidence_over": one.over.log_evidence,
        "needed_over": one.over.needed,
        "evidence_worse": one.worse.log_evidence,
        "needed_worse": one.worse.needed,
    }


def _against_the_limit(found: Findings) -> str:
    return f"{_tally(found.errors.new)}; the limit is {_percent(found.limit)}"


def _one(found: Findings, one: One) -> str:
    new, old = one.part.errors.new, one.part.baseline.total
    return (
        f"{one.name}: {new.events:,} of {new.requests:,} were bad ({_percent(new.rate)}); "
        f"the limit is {100 * one.of.limit:g} %; {found.old}: {_percent(old.rate)}"
    )


def _chance(found: Findings) -> str:
    chance = f"{100 * found.limits.alpha:g} %"
    return f"such evidence has a chance below {chance} under a release that is no worse than {found.old}"


def _baseline(found: Findings) -> str:
    total = found.baseline.total
    if found.whole.kept.expired:
        return f"what was known of {found.old} is out of date"
    if not total.requests:
        return f"nothing is known of {found.old}"
    if not found.small_baseline:
        return f"{found.old}: {_tally(total)}"
    credible = _percent(total.upper(found.errors.bound_level, found.baseline.dispersion))
    return f"{found.old}: {_tally(total)}, too small a baseline: it leaves up to {credible} credible"


def _unnoticed(found: Findings) -> str:
    requests = _count(found.errors.new.requests, "request")
    return f"with {requests}, a rate under {_percent(found.unnoticed)} would have gone unnoticed"


def _tally(tally: Tally) -> str:
    return f"{_count(tally.events, 'error')} in {_count(tally.requests, 'request')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _percent(rate: float | None) -> str:
    return "unknown" if rate is None else f"{100 * rate:.2f} %"


def _milliseconds(length: float | None) -> str:
    return "unknown" if length is None else f"{1000 * length:.0f} ms"
