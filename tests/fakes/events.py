"""Realistic lists of events, one builder a story, on the real plan of steps. The figures are the contract's."""

from typing import Any

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.ending import Ending, ExitCode
from hotfix_deploy_runner.core.events import (
    AnyEvent,
    CourseChanged,
    NoticeFailed,
    NoticeTold,
    ReadingTaken,
    RequestReceived,
    RunEnded,
    RunStarted,
    StepEnded,
    StepReported,
    StepsPlanned,
    StepStarted,
    VerdictReached,
)
from hotfix_deploy_runner.core.facts import Action, Facts, Found, Request
from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.plan import plan
from hotfix_deploy_runner.core.plan_back import plan_end, plan_observation, plan_way_back
from hotfix_deploy_runner.core.policy import Policy
from hotfix_deploy_runner.core.reading import Cursor, Histogram, Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.step import Course, Ended
from hotfix_deploy_runner.core.verdict import Kind, Verdict

START = 1_795_402_800.0  # 2026-11-23T03:00:00Z
RUN = "r-20261123-030000"
OLD = Revision("v2.14.3", "b" * 40, "sha256:" + "0" * 64)
NEW = Revision("v2.14.4", "c" * 40, "sha256:" + "1" * 64)
EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, None)


def ok(text: str, *detail: str) -> Line:
    return Line(Status.OK, text, detail)


def warn(text: str, *detail: str) -> Line:
    return Line(Status.WARN, text, detail)


def fail(text: str, *detail: str) -> Line:
    return Line(Status.FAIL, text, detail)


def fleet(new: int, total: int = 3) -> Fleet:
    """`total` instances, the first `new` of them on the new revision."""
    revisions = [NEW if n < new else OLD for n in range(total)]
    return Fleet(
        tuple(Instance(f"web-{n}", f"web-{n}-{r.version}", r, State.READY) for n, r in enumerate(revisions, start=1))
    )


def facts(*, noun: str = "pod", remarks: tuple[str, ...] = (), action: Action = "deploy") -> Facts:
    old, new = (OLD, NEW) if action == "deploy" else (NEW, OLD)
    environments: dict[str, tuple[Found, ...]] = {
        "production": (Found("web", noun, fleet(0 if action == "deploy" else 3)),)
    }
    if action == "deploy":
        environments = {"staging": (Found("web", noun, fleet(0, 1)),)} | environments
    return Facts(
        old=old,
        old_from="tag",
        base="a" * 40,
        commit=new.commit,
        version=new.version,
        candidate="v2.14.4-rc.1" if action == "deploy" else "",
        environments=environments,
        checks=("branch", "tests", "security", "migrations") if action == "deploy" else (),
        smoke_tests=action == "deploy",
        remarks=remarks,
    )


def request(action: Action = "deploy", **more: Any) -> Request:
    place: dict[str, Any] = {"branch": "hotfix/auth-bypass"} if action == "deploy" else {"version": "v2.14.3"}
    return Request(action, "production", operator="ada", host="ops-1", **place, **more)


class Story:
    """A list of events that grows, with a clock that goes on by a second an event unless told otherwise."""

    def __init__(self, request: Request, facts: Facts, policy: Policy | None = None) -> None:
        self.request, self.facts = request, facts
        policy = policy or Policy()
        self.now = START
        steps = plan(request, policy, facts)
        self.events: list[AnyEvent] = [
            RunStarted(at=self.now, run=RUN, request=request, policy=policy, facts=facts, steps=steps)
        ]

    def __iter__(self) -> Any:
        return iter(enumerate(self.events, start=1))

    def tick(self, seconds: float = 1.0) -> float:
        self.now += seconds
        return self.now

    def add(self, event: AnyEvent) -> None:
        self.events.append(event)

    def starts(self, *steps: str) -> None:
        for step in steps:
            self.add(StepStarted(at=self.tick(0.1), step=step))

    def says(self, step: str, line: Line) -> None:
        self.add(StepReported(at=self.tick(), step=step, line=line))

    def ends(self, step: str, *lines: Line, ended: Ended = Ended.PASSED, **found: Any) -> None:
        self.add(StepEnded(at=self.tick(), step=step, ended=ended, lines=lines, found=found))

    def does(self, step: str, *lines: Line, ended: Ended = Ended.PASSED, **found: Any) -> None:
        self.starts(step)
        self.ends(step, *lines, ended=ended, **found)

    def reads(self, on_new: int, errors: int = 0, requests: int = 120, p99_bucket: int = 5) -> None:
        """Two seconds' requests, spread evenly over three instances; `errors` are those of each new one."""
        end = self.tick(2.0)
        samples = tuple(
            Sample(
                i.name, i.incarnation, i.revision.version, requests // 3, errors, _latency(requests // 3, p99_bucket)
            )
            if i.revision == NEW
            else Sample(i.name, i.incarnation, i.revision.version, requests // 3, 0, _latency(requests // 3, 5))
            for i in fleet(on_new).instances
        )
        reading = Reading(end - 2.0, end, samples)
        self.add(ReadingTaken(at=end, reading=reading, cursor=Cursor(end, {}), fleet=fleet(on_new)))

    def reaches(self, verdict: Verdict) -> None:
        self.add(VerdictReached(at=self.tick(0.0), verdict=verdict))

    def turns(self, course: Course, why: str) -> None:
        self.add(CourseChanged(at=self.tick(0.0), course=course, why=why))

    def told(self, name: str) -> None:
        self.add(NoticeTold(at=self.tick(0.3), notice=f"{RUN}:{name}", channel="slack"))

    def not_told(self, name: str, why: str = "no answer in 5 s") -> None:
        self.add(NoticeFailed(at=self.tick(0.3), notice=f"{RUN}:{name}", channel="slack", why=why))

    def finishes(self, ending: Ending, document: str = "") -> None:
        self.add(StepsPlanned(at=self.tick(0.0), steps=plan_end(), why="the end of the run"))
        self.does("cleanup")
        self.does("document", *((ok(f"Incident document: {document}"),) if document else ()))
        self.add(RunEnded(at=self.tick(), ending=ending))


def _latency(requests: int, bucket: int) -> Histogram:
    slow = max(1, requests // 20)
    counts = [0] * len(EDGES)
    counts[2] += requests - slow
    counts[bucket] += slow
    return Histogram(EDGES, tuple(counts))


HEALTHY = Verdict(Kind.HEALTHY, "the window is over and the limits held", 0.0002, 0.0003, 0.180, 0.195)
BREACHED = Verdict(
    Kind.BREACHED,
    "28 errors in 160 requests; the limit is 5.00 %; such evidence has a chance below 1 % under a release that is no "
    "worse than v2.14.3",
    28 / 160,
    0.0003,
    0.220,
    0.195,
    {"requests": 160, "errors": 28},
)


def checked(story: Story) -> None:
    """The pre-flight checks pass, side by side and not in their declared order."""
    found: dict[str, Any] = {
        "commits": [{"commit": "c" * 40, "author": "Ada", "subject": "Refuse expired tokens | and unsigned ones"}],
        "diffstat": " auth.py       | 12 ++++++++++--\n tests/test_auth.py | 20 ++++++++++++++++++++\n 2 files changed",
    }
    story.does("worktree", **found)
    story.starts("install", "check:branch", "check:security", "check:migrations", "build", "record")
    story.ends("check:migrations", ok("Database migrations: none"))
    story.ends("check:security", ok("Security scan clear"))
    story.ends("record")
    story.ends("check:branch", ok("Branch exists and is clean"))
    story.ends("install")
    story.starts("watch", "check:tests")
    story.ends("build", artifact=NEW.artifact)
    story.ends("check:tests", ok("Tests pass (47/47)"))


def proven(story: Story) -> None:
    """Staging is proven; the health check comes in before the smoke tests."""
    story.does("candidate-tag")
    story.does("staging-deploy", ok("Deployed to staging (v2.14.4-rc.1)"))
    story.starts("smoke", "staging-health")
    story.ends("staging-health", ok("Health check: 200 OK"))
    story.ends("smoke", ok("Smoke tests pass (12/12)"))


def tagged(story: Story, noun: str = "pod") -> None:
    story.reads(on_new=0)
    story.does("tag", ok("Tagged v2.14.4"))
    story.does("prepare", ok(f"Rolling deploy started (3 {noun}s)"))


def batch(story: Story, number: int, noun: str = "pod") -> None:
    """Batch `number` of three goes in and its gate opens."""
    place = f"production/web:{number}"
    story.does(f"batch:{place}", ok(f"{noun.capitalize()} {number}/3 healthy"), incarnations=[f"web-{number}-v2.14.4"])
    story.reads(on_new=number)
    story.ends(f"gate:{place}")


def rolled_out(story: Story, noun: str = "pod") -> None:
    checked(story)
    proven(story)
    tagged(story, noun)
    for number in (1, 2, 3):
        batch(story, number, noun)


def validation() -> tuple[Line, Line]:
    return ok("Error rate: 0.02% (baseline: 0.03%)"), ok("p99 latency: 180ms (baseline: 195ms)")


SUCCESS = Ending(ExitCode.DONE, "Hotfix v2.14.4 deployed successfully.", "", "rollback-deploy-auto --version v2.14.3")


def good_deploy(*, noun: str = "pod", afterwards: bool = False, remarks: tuple[str, ...] = ()) -> Story:
    """The contract's own transcript; `afterwards`: merged back, branch deleted, written down."""
    story = Story(request(), facts(noun=noun, remarks=remarks))
    rolled_out(story, noun)
    for _ in range(3):
        story.reads(on_new=3)
    story.reaches(HEALTHY)
    story.ends("validate", *validation())
    story.starts("merge:main", "settle")
    story.ends("settle")
    story.ends("merge:main", *((ok("Merged back to main (abc1234)"),) if afterwards else ()))
    branch = ok("Deleted branch hotfix/auth-bypass (here and on origin)")
    story.does("delete-branch", *((branch,) if afterwards else ()))
    story.ends("watch")
    story.finishes(SUCCESS, "incidents/v2.14.4.md" if afterwards else "")
    return story


def errors_rolled_back() -> Story:
    """Half the new version's answers are errors: a breach in the middle of batch 2, and the way back."""
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    batch(story, 1)
    story.starts("batch:production/web:2")
    story.reads(on_new=1, errors=8)
    story.reads(on_new=2, errors=10)
    story.reaches(BREACHED)
    story.turns(Course.BACK, BREACHED.reason)
    story.ends("batch:production/web:2", ended=Ended.STOPPED)
    story.ends("watch", ended=Ended.STOPPED)
    way_back(story)
    story.told("rolling-back")
    story.not_told("rolled-back")
    ending = Ending(
        ExitCode.ROLLED_BACK,
        f"Hotfix v2.14.4 was rolled back: {BREACHED.reason}.",
        "Production runs v2.14.3 again, verified everywhere.",
    )
    story.finishes(ending, "incidents/v2.14.4.md")
    return story


def way_back(story: Story) -> None:
    """Observe, restore, mark: all of it works."""
    story.add(StepsPlanned(at=story.tick(0.0), steps=(plan_observation("production"),), why=BREACHED.reason))
    story.does("observe", web=False)
    steps = plan_way_back("production", story.facts, {"web": False})
    story.add(StepsPlanned(at=story.tick(0.0), steps=steps, why="what was observed"))
    story.does("restore:production/web", ok("Rolled back to v2.14.3 (3 pods)"))
    story.does("mark", ok("Marked v2.14.4 as rolled back"))


def failing_test() -> Story:
    """One test of 47 fails while the other checks go on: all of them are told, and production is untouched."""
    story = Story(request(), facts())
    story.does("worktree")
    story.does("install")
    story.starts("check:branch", "check:tests", "check:security", "check:migrations", "build", "record")
    story.ends("record")
    why = "tests/test_auth.py::test_token_expiry: AssertionError: 401 != 200   (log: .../tests.log)"
    story.ends("check:tests", fail("Tests pass (46/47)", why), ended=Ended.FAILED)
    story.ends("check:branch", ok("Branch exists and is clean"))
    story.ends("check:security", ok("Security scan clear"))
    story.ends("check:migrations", ok("Database migrations: none"))
    story.turns(Course.FINISH, "Tests pass (46/47)")
    story.ends("build", ended=Ended.STOPPED)
    story.finishes(Ending(ExitCode.STOPPED, "Hotfix stopped before production.", "Production is untouched: v2.14.3."))
    return story


def rollback_asked_of_a_run() -> Story:
    """Somebody asks for a rollback from another terminal while the window is open."""
    story = Story(request(), facts())
    rolled_out(story)
    story.add(RequestReceived(at=story.tick(), request="q-1", verb="rollback", by="bob", reason="customers see 500s"))
    story.turns(Course.BACK, "rollback asked for by bob: customers see 500s")
    story.ends("watch", ended=Ended.STOPPED)
    way_back(story)
    ending = Ending(
        ExitCode.ROLLED_BACK,
        "Hotfix v2.14.4 was rolled back: rollback asked for by bob: customers see 500s.",
        "Production runs v2.14.3 again, verified everywhere.",
    )
    story.finishes(ending)
    return story


def rollback_run() -> Story:
    """`rollback-deploy-auto --version v2.14.3`: a run of its own."""
    story = Story(request("rollback"), facts(action="rollback"))
    story.does("artifact", artifact=OLD.artifact)
    story.starts("turn:production/web")
    story.says("turn:production/web", ok("Pod 1/3 on v2.14.3"))
    story.ends("turn:production/web", ok("Rolled back to v2.14.3 (3 pods)"))
    story.does("mark", ok("Marked v2.14.4 as rolled back"))
    story.finishes(Ending(ExitCode.DONE, "Rolled back to v2.14.3.", "Production runs v2.14.3, verified everywhere."))
    return story
