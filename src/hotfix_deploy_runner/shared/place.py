"""Where a team keeps what it shares, as the setting `journal` says it. Only read: nothing here is looked at."""

from typing import Literal, TypeAlias
from urllib.parse import unquote

from ..doors.postgres.database import Database
from ..errors import UsageError

Place: TypeAlias = Literal["git", "local"] | Database
"""`git`: on the remote. `local`: nowhere, each machine for itself. Else a PostgreSQL database."""

_SCHEMES = ("postgresql://", "postgres://")
_SECRETS = ("password", "sslpassword")


def parse(text: str, *, may_hold_secret: bool = False) -> Place:
    """What `text` means: `git`, `local`, or the URL of a PostgreSQL database, as libpq reads it.

    `may_hold_secret`: it comes from the environment; from a file, a password in it is refused. Raises `UsageError`,
    which never shows one.
    """
    if text == "git":
        return "git"
    if text == "local":
        return "local"
    if not text.startswith(_SCHEMES):
        raise UsageError(
            'journal is "git", "local" or the URL of a PostgreSQL database',
            detail="" if "@" in text or "=" in text else f"not {text!r}",
            next_step="hotfix-deploy-runner config show",
        )
    database = _database(text)
    if database.secrets and not may_hold_secret:
        raise UsageError(
            f"the URL of {database.name} has a password in it; secrets never stand in the file",
            detail="give it as PGPASSWORD, in ~/.pgpass or a service file, or the whole URL as HOTFIX_JOURNAL",
            next_step="hotfix-deploy-runner config show",
        )
    return database


def secrets(place: Place) -> tuple[str, ...]:
    """What is to be taken out of every text: see `doors.redaction`."""
    return tuple(place.secrets.values()) if isinstance(place, Database) else ()


def _database(text: str) -> Database:
    """A URL's parts (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS)."""
    scheme, _, rest = text.partition("://")
    before, mark, query = rest.partition("?")
    authority, slash, name = before.partition("/")
    login, at, hosts = authority.rpartition("@")
    user, colon, password = login.partition(":")
    if "@" in name + query:
        raise UsageError(
            "the URL of the PostgreSQL database cannot be read",
            detail="in a name or a password, / ? and @ are written %2F %3F and %40",
            next_step="hotfix-deploy-runner config show",
        )
    # Not urllib's parser: to libpq, `+` is no space.
    given = [(key, value) for key, _, value in (part.partition("=") for part in query.split("&"))]
    found = {key: unquote(value) for key, value in given if key in _SECRETS}
    if colon:
        found.setdefault("password", unquote(password))
    kept = "&".join(f"{key}={value}" for key, value in given if key and key not in _SECRETS)
    url = f"{scheme}://{user}{at}{hosts}{slash}{name}{'?' * bool(mark and kept)}{kept}"
    parameters = {key: unquote(value) for key, value in given}
    return Database(url, _spoken(hosts, name, parameters), {key: value for key, value in found.items() if value})


def _spoken(hosts: str, name: str, given: dict[str, str]) -> str:
    """`PostgreSQL at db.example.org:5432/hotfix`, or by its service, or on this machine."""
    if service := given.get("service"):
        return f"PostgreSQL service {service}"
    where = unquote(hosts) or given.get("host", "") or "this machine"
    base = unquote(name) or given.get("dbname", "")
    return f"PostgreSQL at {where}/{base}" if base else f"PostgreSQL at {where}"
