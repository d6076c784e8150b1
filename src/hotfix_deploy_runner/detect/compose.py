"""The new `hotfix.toml`, commented, and what to say of it."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

import tomlkit
from tomlkit.items import Table as TomlTable

from ..core.check import Line, Status
from .entries import Entry
from .found import Found, Guess

_WIDTH = 100
_HEAD = """\
How hotfixes of this service are deployed. Written by `hotfix-deploy-runner init` for {what}.
Every value is a guess that says what it was taken from; "check" is what to see to before it is trusted.
What is still missing: hotfix-deploy-runner doctor
What is in force, and every other setting with its default: hotfix-deploy-runner config show"""

_ABOUT = {
    "setup": "How a clean tree gets its dependencies: run in the tree, installs into $HOTFIX_ENV.",
    "build": "Made once, from a clean tree of the hotfix's commit; production gets the very bytes that staging had.",
    "checks.tests": "The tests that have to pass, counted from the JUnit XML in $HOTFIX_JUNIT.",
    "staging": "What proves a candidate on staging.",
    "metrics": "Where error rate and latency are read; they decide whether production is rolled back.",
    "environments.staging.web": "Where it runs. `start` is told $PORT, $HOTFIX_VERSION and $HOTFIX_ENV.",
    "migrations": "A hotfix that brings migrations is stopped, unless they are allowed; this runs them then.",
    "merge": "Where the fix goes afterwards.",
}
_SLACK = "Slack is told when SLACK_WEBHOOK_URL holds an incoming webhook; the secret stays out of this file."


def compose(found: Found, entries: Sequence[Entry]) -> str:
    """The text of the file."""
    document = tomlkit.document()
    what = " and ".join(language.name for language in found.languages) or "a repository of an unknown kind"
    for line in _HEAD.format(what=what).splitlines():
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    for room, group in groupby(entries, key=lambda entry: entry.room):
        kept = [entry for entry in group if entry.guess or entry.needed]
        if not room:
            _fill(document, kept)
        elif kept:
            _put(document, room, kept)
    document.add(tomlkit.comment(_SLACK))
    return tomlkit.dumps(document)


def lines(found: Found, entries: Sequence[Entry]) -> Iterator[Line]:
    """What was detected, and what is still to be filled in or done."""
    names = " and ".join(language.name for language in found.languages)
    yield Line(Status.OK, f"Language: {names}") if names else Line(Status.WARN, "Language: none that is known here")
    for entry in entries:
        if entry.about and entry.guess:
            detail = [entry.guess.why, _check(entry.guess)]
            status = Status.WARN if entry.guess.look else Status.OK
            yield Line(status, f"{entry.about}: {_shown(entry.guess)}", tuple(filter(None, detail)))
        elif entry.about and entry.needed:
            fill = f"fill in {entry.path}, such as {entry.example}"
            yield Line(Status.WARN, f"{entry.about}: not found", (fill,))
    for language in found.languages[:1]:
        yield from (Line(Status.WARN, "To be done in the repository", (need,)) for need in language.missing)


def _put(document: tomlkit.TOMLDocument, room: tuple[str, ...], entries: Sequence[Entry]) -> None:
    """A table of its own for a room: `[checks.tests]`, without headings for what is above it."""
    parent: TomlTable | tomlkit.TOMLDocument = document
    for name in room[:-1]:
        if name not in parent:
            parent.add(name, tomlkit.table(is_super_table=True))
        parent = parent[name]
    table = tomlkit.table()
    if about := _ABOUT.get(".".join(room)):
        table.add(tomlkit.comment(about))
    _fill(table, entries)
    table.add(tomlkit.nl())
    parent.add(room[-1], table)


def _fill(table: TomlTable | tomlkit.TOMLDocument, entries: Sequence[Entry]) -> None:
    for entry in entries:
        for line in _comments(entry):
            table.add(tomlkit.comment(line))
        if entry.guess:
            table.add(entry.key, entry.guess.value)


def _comments(entry: Entry) -> list[str]:
    if entry.guess is None:
        note = f" ({entry.note})" if entry.note else ""
        return [f"To be filled in{note}, such as:", f"{entry.key} = {tomlkit.item(entry.example).as_string()}"]
    reason = f"Guess: {entry.guess.why}." if entry.guess.why else ""
    return textwrap.wrap(" ".join(filter(None, [reason, _check(entry.guess)])), _WIDTH)


def _check(guess: Guess) -> str:
    return f"Check: {guess.look}." if guess.look else ""


def _shown(guess: Guess) -> str:
    return ", ".join(guess.value) if isinstance(guess.value, list) else str(guess.value)
