"""One place of locking for an environment: a run whose settings name another is refused.

The git remote is the one place that everybody reaches, so it is there that it is said where the lock is kept.
"""

from collections.abc import Sequence

from ..core.facts import Environment
from ..doors.postgres.database import Database
from ..errors import Unreachable, UsageError
from ..shared.commons import Seen
from ..shared.locks import held
from .commons import commons_of
from .project import Project
from .sharing import shared_locks


async def claim(project: Project, environments: Sequence[Environment]) -> None:
    """See that the remote says of these that their lock is kept where our settings have it, or say so there.

    Where the lock is on the remote itself, taking it sees to that. Raises `LockHeld` and `UsageError`; a remote that
    does not answer keeps nobody from a lock that is elsewhere.
    """
    if project.place == "git":
        return
    remote = await commons_of("git", project.settings, project.workplace)
    if remote is None:
        return
    try:
        seen = await remote.look(environments)
        for environment in environments:
            _compare(project, environment, seen[environment])
            if isinstance(project.place, Database) and seen[environment].record.state == "free":
                record = seen[environment].record._replace(state="elsewhere", why=project.place.name)
                await shared_locks(project, remote).write([environment], record, seen)
    except Unreachable:
        return


def _compare(project: Project, environment: Environment, seen: Seen) -> None:
    record, ours = seen.record, project.place.name if isinstance(project.place, Database) else "this machine"
    if record.state == "elsewhere" and record.why == ours:
        return
    if record.state in ("held", "suspended", "frozen"):
        raise held(environment, record)
    if record.state == "elsewhere" or (project.place == "local" and seen.token):
        where = record.why or f"the remote {project.settings.remote}"
        raise UsageError(
            f"the lock of {environment} is kept in {where}; these settings keep it in {ours}",
            detail="have all configurations name the same journal",
            next_step=f'to move it: hotfix-deploy-runner unlock --target {environment}, with journal = "git"',
        )
