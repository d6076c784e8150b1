"""Which place a team shares, by its settings."""

from ..config.load import Loaded
from ..config.model import Settings
from ..core.instant import Seconds
from ..doors.command import Commands
from ..doors.git.objects import Objects
from ..doors.postgres.database import Database
from ..ports import Workplace
from ..shared.commons import Commons
from ..shared.git_remote import GitCommons, Names
from ..shared.place import Place, parse
from ..shared.postgres.commons import PostgresCommons

JOURNAL_VARIABLE = "HOTFIX_JOURNAL"

ANSWERS_WITHIN: Seconds = 20.0
"""How long the remote may take for one word about the lock, whatever a fetch of the whole repository may."""


def place_of(loaded: Loaded) -> Place:
    """Where the settings say that the team shares. Raises `UsageError`, also for a secret in a file."""
    return parse(loaded.settings.journal, may_hold_secret=loaded.origin(("journal",)) == JOURNAL_VARIABLE)


async def commons_of(place: Place, settings: Settings, workplace: Workplace) -> Commons | None:
    """The place; None where the settings say `local`, and where git knows no such remote: nobody is there to share."""
    if place == "local":
        return None
    if isinstance(place, Database):
        return PostgresCommons(place)
    timeout = min(settings.remote_timeout, ANSWERS_WITHIN)
    commands = Commands(workplace.redact, children=workplace.children)
    git = Objects(workplace.repository, commands, remote=settings.remote, timeout=timeout)
    return GitCommons(git, settings.remote, Names(settings.shared_refs)) if await git.known_remote() else None
