"""Run as a program: one Apprise notification, from the variable `APPRISE_ORDER` to a line of JSON on standard output.

Imports nothing of ours. The line is `{"told": …, "maybe": …, "why": …}`; `maybe` when it may have arrived all the same.
"""

import json
import logging
import os

import apprise


class Records(logging.Handler):
    """Keeps what Apprise logs: it is the only place where it says why."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.reasons: list[str] = []
        self.timed_out = False

    def emit(self, record: logging.LogRecord) -> None:
        """Warnings are reasons; only the debug lines tell a time limit from a refused connection."""
        text = record.getMessage()
        if record.levelno >= logging.WARNING:
            self.reasons.append(text)
        self.timed_out |= "read timed out" in text.lower()


def main() -> None:
    """Send, and say what came of it."""
    order = json.loads(os.environ.pop("APPRISE_ORDER"))
    records = Records()
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.handlers = [records]
    service = apprise.Apprise()
    if service.add(order["url"]):
        told = bool(
            service.notify(
                body=order["body"],
                title=order["title"],
                notify_type=order["type"],
                body_format=apprise.NotifyFormat.TEXT,
            )
        )
    else:
        told = False
        records.reasons.insert(0, "Apprise does not take this URL.")
    why = " ".join(records.reasons)
    print(json.dumps({"told": told, "maybe": records.timed_out, "why": "" if told else why}), flush=True)


if __name__ == "__main__":
    main()
