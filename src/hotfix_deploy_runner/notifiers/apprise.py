"""Every other channel, by its Apprise URL (`mailto://…`, `tgram://…`, https://appriseit.com/services).

Apprise runs in a process of its own with a time limit: it may hang, it never raises, and loading it takes its time.
The URL is a secret: it is handed over in that process's environment, never shown, and every part of it is taken out
of what comes back.
"""

import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote

from pydantic import Field

from ..core.instant import Seconds, utc
from ..core.notice import Notice, Severity, Thread
from ..doors.command import Commands
from ..errors import CommandFailed, NotConfigured, NotTold, UsageError
from ..ports import Redact, Settings, Workplace
from ..settings import Table, read_table, reads

TIME_LIMIT: Seconds = 8.0
"""Less than what the herald gives a notice: so the reason is told, and nothing is left running."""
TEXT_LIMIT = 10_000
REASON_LIMIT = 200

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.+", re.DOTALL)

TYPES = {Severity.INFO: "info", Severity.GOOD: "success", Severity.WARNING: "warning", Severity.CRITICAL: "failure"}
"""Apprise's words for a severity."""


class AppriseSettings(Table):
    """A `[notifiers.NAME]` table of `type = "apprise"`: one of its keys is needed."""

    # A URL put here by mistake is refused, and so never told as the name of a variable that is not set.
    url_env: str = Field(
        "", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$", description="The variable that holds the notification URL."
    )
    secret_url: str = Field("", description="The URL itself, as `--notify` hands it over; in a file, name a variable.")


@reads(AppriseSettings)
def make_notifier(settings: Settings, workplace: Workplace) -> "AppriseChannel":
    """The factory of the entry point `apprise`.

    Raises `NotConfigured` when the variable with the URL is not set, or when apprise is not installed; `UsageError`
    for wrong settings or a value that is no URL.
    """
    table = read_table(AppriseSettings, settings, "notifiers.apprise")
    if not table.url_env and not table.secret_url:
        raise UsageError("notifiers.apprise.url_env: names the variable that holds the notification URL")
    url = table.secret_url or os.environ.get(table.url_env, "").strip()
    if not url:
        raise NotConfigured("no notification URL", next_step=f"set {table.url_env} to a notification URL")
    if not SCHEME.fullmatch(url):
        raise UsageError(f"{table.url_env or 'secret_url'} does not hold a notification URL such as mailto://…")
    if importlib.util.find_spec("apprise") is None:
        raise NotConfigured("notification URLs need apprise", next_step='pip install "hotfix-deploy-runner[notify]"')
    return AppriseChannel(
        url, Commands(workplace.redact, grace=0.5, children=workplace.children), workplace.redact, workplace.repository
    )


class AppriseChannel:
    """One URL. Delivers once; trying again is the caller's, also where the URL says `?retry=`.

    `folder` is any directory that exists; nothing is read from it or written to it.
    """

    def __init__(
        self, url: str, commands: Commands, redact: Redact, folder: Path, *, timeout: Seconds = TIME_LIMIT
    ) -> None:
        self._url, self._commands, self._folder, self._timeout = url, commands, folder, timeout
        self._redact: Redact = lambda text: redact(text.replace(url, "[redacted]"))

    async def tell(self, notice: Notice, thread: Thread | None) -> Thread | None:
        """Send `notice`; `thread` is not used and None comes back. Raises `NotTold` with Apprise's own words."""
        order = json.dumps({"url": self._url, **self._message(notice)})
        # Not from the folder it is started in (-P): a checkout may have an apprise.py.
        command = [sys.executable, "-P", "-m", f"{__package__}.apprise_child"]
        try:
            done = await self._commands.run(
                command,
                cwd=self._folder,
                env={"APPRISE_ORDER": order},
                timeout=self._timeout,
                capture=True,
                verbatim=True,
            )
        except CommandFailed as error:
            raise NotTold("Apprise cannot be started") from error
        if done.timed_out:
            raise NotTold(f"no answer in {self._timeout:g} s", maybe=True)
        self._judge(done.output)
        return None

    def _message(self, notice: Notice) -> dict[str, str]:
        footer = f"run {notice.run} · {utc(notice.at)}"
        body = "\n".join(part for part in (notice.text.strip(), footer) if part)
        return {
            "title": " ".join(self._redact(notice.title).split()),
            "body": self._redact(body)[:TEXT_LIMIT],
            "type": TYPES[notice.severity],
        }

    def _judge(self, output: str) -> None:
        """Raise unless the last line says that it was delivered; others are some service's own."""
        try:
            result = json.loads(output.splitlines()[-1])
            told, why, maybe = bool(result["told"]), str(result["why"]), bool(result["maybe"])
        except (IndexError, ValueError, KeyError, TypeError) as error:
            raise NotTold("Apprise broke off", maybe=True) from error
        if not told:
            reason = " ".join(hidden(self._redact(why), self._url).split())[:REASON_LIMIT]
            raise NotTold(reason or "Apprise gave no reason", maybe=maybe)


def hidden(text: str, url: str) -> str:
    """`text` with every part of `url` taken out that could be a secret: any but the scheme may be one."""
    raw = re.split(r"[/:@?&=#,;\s]+", url.partition("://")[2])
    pieces = {form for piece in raw for form in (piece, unquote(piece)) if len(form) > 2} | {url, unquote(url)}
    longest_first = sorted(pieces, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "[redacted]", text, flags=re.IGNORECASE)
