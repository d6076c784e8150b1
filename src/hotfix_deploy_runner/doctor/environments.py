"""The environments: whether each answers, and what it runs."""

from collections.abc import Iterable

from ..core.check import Line, Status
from ..core.fleet import Fleet
from ..core.phrases import counted
from ..core.revision import UNKNOWN
from ..doors.git.inspection import Inspection
from ..doors.together import together
from ..errors import HotfixError
from ..steps.destination import first_command
from ..steps.work import Platforms


class EnvironmentsExamination:
    """Every platform that is configured. `needed` are the environments of a run, the target last."""

    def __init__(self, platforms: Platforms, needed: Iterable[str], git: Inspection) -> None:
        self._platforms = platforms
        self._needed = tuple(needed)
        self._git = git
        self.fleets: dict[tuple[str, str], Fleet] = {}
        """What was seen, by environment and platform, for who looks at it after `lines`."""

    async def lines(self) -> list[Line]:
        """A line for each platform, and one for each environment that is needed and not there."""
        found = await together(*(self._platform(*place) for place in self._platforms))
        there = {environment for environment, _ in self._platforms}
        return [*map(_absent, (name for name in self._needed if name not in there)), *found]

    def serving(self, environment: str) -> Fleet:
        """Everything in an environment, as one fleet."""
        fleets = [fleet for (place, _), fleet in self.fleets.items() if place == environment]
        return Fleet(tuple(instance for fleet in fleets for instance in fleet.instances))

    async def _platform(self, environment: str, name: str) -> Line:
        platform = self._platforms[environment, name]
        where = f"{environment}.{name}"
        try:
            fleet = self.fleets[environment, name] = await platform.fleet()
        except HotfixError as error:
            detail = tuple(filter(None, (*error.detail.splitlines()[:3], error.next_step)))
            return Line(Status.FAIL, f"{where} does not answer: {error.message}", detail)
        versions = sorted({revision.version for revision in fleet.revisions})
        bad = Status.FAIL if environment in self._needed[-1:] else Status.WARN
        again = f"rollback-deploy-auto --version TAG --target {environment}"
        if not versions:
            return Line(bad, f"{where}: nothing runs yet", (first_command("TAG", environment),))
        if len(versions) > 1:
            return Line(
                bad,
                f"{where} runs several versions: {', '.join(versions)}",
                (f"bring it to one: {again}; or accept it: --accept-mixed",),
            )
        if UNKNOWN in fleet.revisions:
            ways = (f"bring one that does: {again} --force", "or say with --base COMMIT which commit it runs")
            return Line(bad, f"{where} does not say which version it runs", ways)
        if not (fleet.revisions[0].commit or await self._git.resolve(f"refs/tags/{versions[0]}")):
            how = "git fetch --tags, or say it with --base COMMIT"
            return Line(bad, f"{where} runs {versions[0]}, and nothing says from which commit", (how,))
        return _well(where, f"{counted(fleet.size, platform.noun)} on {versions[0]}", fleet)


def _well(where: str, what: str, fleet: Fleet) -> Line:
    """What runs, unless some of it is not ready."""
    ill = [f"{i.name} is {i.state.value}: {i.why}".rstrip(": ") for i in fleet.serving if not i.ready]
    text = f"{where}: {what}"
    return Line(Status.WARN, f"{text}, {len(ill)} not ready", tuple(ill[:3])) if ill else Line(Status.OK, text)


def _absent(environment: str) -> Line:
    detail = (f"describe it in hotfix.toml: [environments.{environment}.NAME]", "hotfix-deploy-runner init --print")
    return Line(Status.FAIL, f"There is no environment {environment}", detail)
