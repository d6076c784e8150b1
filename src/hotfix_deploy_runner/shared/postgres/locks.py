"""What is said to the table of locks. It knows no rule of locking, and not what a change is."""

from collections.abc import Collection, Mapping

from ...core.facts import Environment
from ...doors.postgres.talk import Talk, asking
from ...lock.record import LockRecord, from_json, to_json
from ..commons import Seen, Token


def look(environments: Collection[Environment] | None) -> Talk[dict[Environment, Seen]]:
    """See `Commons.look`. One that makes no sense is `unreadable`, and can be replaced all the same."""
    wanted = None if environments is None else list(environments)
    rows = yield from asking(
        "SELECT environment, token, record FROM hotfix_locks WHERE token <> ''"
        " AND (%s::text[] IS NULL OR environment = ANY(%s)) ORDER BY environment",
        wanted,
        wanted,
    )
    never = {environment: Seen("", LockRecord()) for environment in wanted or ()}
    return never | {environment: Seen(token, _record(text)) for environment, token, text in rows}


def hold(environments: Collection[Environment]) -> Talk[dict[Environment, Token]]:
    """Their tokens, which nobody changes until the transaction ends. One that never was is made, without a token.

    Always in the order of their names, so that two who want the same ones do not wait for each other.
    """
    ordered = sorted(environments)
    yield (
        "INSERT INTO hotfix_locks SELECT name, '', '' FROM unnest(%s::text[]) AS name ON CONFLICT DO NOTHING",
        (ordered,),
    )
    rows = yield from asking(
        "SELECT environment, token FROM hotfix_locks WHERE environment = ANY(%s) ORDER BY environment FOR UPDATE",
        ordered,
    )
    return dict(rows)


def replace(records: Mapping[Environment, LockRecord]) -> Talk[None]:
    """Write these, which are held."""
    texts = [to_json(record).decode() for record in records.values()]
    yield (
        "UPDATE hotfix_locks SET token = new.token, record = new.record"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) AS new (environment, token, record)"
        " WHERE hotfix_locks.environment = new.environment",
        (list(records), [record.nonce for record in records.values()], texts),
    )


def _record(text: str) -> LockRecord:
    try:
        return from_json(text.encode())
    except ValueError as error:
        return LockRecord(state="unreadable", why=str(error))
