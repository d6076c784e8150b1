"""Which place a team shares, by its settings."""

from ..config.model import Settings
from ..core.instant import Seconds
from ..doors.command import Commands
from ..doors.git.objects import Objects
from ..ports import Workplace
from ..shared.commons import Commons
from ..shared.git_remote import GitCommons, Names

ANSWERS_WITHIN: Seconds = 20.0
"""How long the remote may take for one word about the lock, whatever a fetch of the whole repository may."""


async def commons_of(settings: Settings, workplace: Workplace) -> Commons | None:
    """The place; None where the settings say `local`, and where git knows no such remote: nobody is there to share."""
    if settings.journal == "local":
        return None
    timeout = min(settings.remote_timeout, ANSWERS_WITHIN)
    commands = Commands(workplace.redact, children=workplace.children)
    git = Objects(workplace.repository, commands, remote=settings.remote, timeout=timeout)
    return GitCommons(git, settings.remote, Names(settings.shared_refs)) if await git.known_remote() else None
