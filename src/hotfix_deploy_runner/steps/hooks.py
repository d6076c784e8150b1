"""The team's own commands at the turns of a run: purge a CDN, silence an alert."""

from collections.abc import Mapping
from pathlib import Path

from ..core.hooks import Hook
from ..core.instant import Seconds, spoken
from ..core.run import Run
from ..core.step import Step
from ..doors.command import Commands, Finished
from ..errors import CommandFailed
from .preflight import Trees
from .work import Outcome, Work, failed, passed, warned

_TAIL = 5


class Hooks:
    """Runs `commands` by the name of the hook, each for at most `timeout` seconds.

    In the run's worktree, where it has one, else in `top`, the top of the operator's checkout.
    """

    def __init__(self, run: Commands, commands: Mapping[Hook, str], timeout: Seconds, trees: Trees, top: Path) -> None:
        self._run, self._commands, self._timeout = run, commands, timeout
        self._trees, self._top = trees, top

    async def hook(self, step: Step, run: Run, work: Work) -> Outcome:
        """One line. Only before the first batch is a failure one of the run; every other is a warning."""
        name: Hook = step.args["hook"]
        log = self._trees.logs(run) / f"hook-{name}.log"
        tell = failed if name == "before_rollout" else warned
        tree = self._trees.tree(run)
        cwd = tree if tree.is_dir() else self._top
        command = self._commands.get(name)
        if command is None:
            return tell(f"Hook {name} is no longer in the settings", "it was when the run began")
        try:
            done = await self._run.run(command, cwd=cwd, env=_told(step, run), timeout=self._timeout, log=log)
        except CommandFailed as error:
            return tell(f"Hook {name}: {error.message}", *error.detail.splitlines())
        if done.ok:
            return passed(f"Hook {name} done")
        return tell(f"Hook {name} {self._how(done)}", *done.tail[-_TAIL:], f"(log: {log})")

    def _how(self, done: Finished) -> str:
        return f"did not end within {spoken(self._timeout)}" if done.timed_out else f"ended with {done.exit_code}"


def _told(step: Step, run: Run) -> dict[str, str]:
    """What a hook is told. On a way back, the old version is what comes again; asked for, it is what is left."""
    facts = run.facts
    return {
        "HOTFIX_HOOK": step.args["hook"],
        "HOTFIX_TARGET": step.args["environment"],
        "HOTFIX_VERSION": facts.version,
        "HOTFIX_OLD_VERSION": facts.old.version,
        "HOTFIX_COMMIT": facts.commit,
        "HOTFIX_RUN": run.id,
    }
