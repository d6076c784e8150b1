"""Database migrations, by a command of the team's: one step, before the first new instance."""

from collections.abc import Mapping

from ..core.facts import Environment
from ..core.instant import Seconds, spoken
from ..core.migrating import brought
from ..core.phrases import counted
from ..core.run import Run
from ..core.step import Step
from ..doors.command import Commands, Finished
from .preflight import Trees, environment_of
from .work import Outcome, Work, failed, passed

_TAIL = 10


class Migrate:
    """Runs `commands[environment]` in the checks' worktree, with its dependencies. It never runs one backwards.

    `otherwise` is the command for an environment that has none of its own there; `timeout` is in seconds.
    """

    def __init__(
        self, run: Commands, commands: Mapping[Environment, str], otherwise: str, timeout: Seconds, trees: Trees
    ) -> None:
        self._run, self._commands, self._otherwise = run, commands, otherwise
        self._timeout, self._trees = timeout, trees

    async def migrate(self, step: Step, run: Run, work: Work) -> Outcome:
        """Nothing at all when the hotfix brings no migration. A failure stops the run: nothing is rolled out."""
        files, environment = brought(run), step.args["environment"]
        if not files:
            return Outcome()
        command, log = self._commands.get(environment, self._otherwise), self._trees.logs(run) / f"{step.id}.log"
        revision = run.candidate if environment == "staging" else run.new
        env = {
            "HOTFIX_VERSION": revision.version,
            "HOTFIX_ENV": environment_of(run),
            "HOTFIX_COMMIT": run.facts.commit,
            "HOTFIX_TARGET": environment,
        }
        done = await self._run.run(command, cwd=self._trees.tree(run), env=env, timeout=self._timeout, log=log)
        if done.ok:
            return passed(f"Database of {environment} migrated ({counted(len(files), 'migration')})")
        half = f"the migration may be half applied: look at the database of {environment} before anything else"
        return failed(f"Migration of {environment} {self._how(done)}", *done.tail[-_TAIL:], half, f"(log: {log})")

    def _how(self, done: Finished) -> str:
        return f"did not end within {spoken(self._timeout)}" if done.timed_out else f"ended with {done.exit_code}"
