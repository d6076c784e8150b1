"""What an environment runs, told from the fleets that were found there. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ..core.facts import Found
from ..core.fleet import Fleet
from ..core.revision import UNKNOWN, Revision
from ..core.version import TagFormat, Version


def each_runs(found: Sequence[Found]) -> Iterator[str]:
    """A line for every instance: which it is, and what it runs."""
    for platform in found:
        yield from (f"{platform.name}/{i.name} runs {i.revision.version}" for i in platform.fleet.serving)


def mixed(found: Sequence[Found]) -> str:
    """On how many instances each version serves, most first, where there are several; else empty."""
    counts = Counter(i.revision.version for f in found for i in f.fleet.serving)
    return ", ".join(f"{version} on {count}" for version, count in counts.most_common()) if len(counts) > 1 else ""


def most_run(found: Sequence[Found], tags: TagFormat) -> Revision:
    """What most instances serve; of as many, the newest version. There has to be one."""
    serving = [i.revision for f in found for i in f.fleet.serving]
    versions, revisions = Counter(revision.version for revision in serving), Counter(serving)

    def weight(revision: Revision) -> tuple[int, bool, Version, int]:
        version = tags.version(revision.version)
        known = version is not None
        return versions[revision.version], known, version or Version(0, 0, 0), revisions[revision]

    return max(revisions, key=weight)


def revisions_of(found: Sequence[Found]) -> tuple[Revision, ...]:
    """The distinct revisions that serve."""
    return tuple(dict.fromkeys(revision for f in found for revision in f.fleet.revisions))


def most_common(found: Sequence[Found], other_than: str) -> Revision:
    """What most instances run; `other_than` that version (it is brought back where some run it), where any does."""
    every = [i.revision for f in found for i in f.fleet.instances]
    counts = Counter([revision for revision in every if revision.version != other_than] or every)
    return counts.most_common(1)[0][0] if counts else UNKNOWN


def running_artifact(version: str, found: Sequence[Found]) -> str:
    """The artifact of instances that run `version` already, so that the rest get the very same."""
    fleets: list[Fleet] = [f.fleet for f in found]
    return next((i.revision.artifact for fleet in fleets for i in fleet.instances if i.revision.version == version), "")
