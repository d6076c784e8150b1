"""The narration on a terminal: the plain lines, printed for good, and under them what is under way.

What scrolls by is the plain output to the letter; only the region at the bottom changes: a spinner with the elapsed
time for each running step, a bar for the rollout and one for the watch window with the latest figures.
Import this module only when there is a terminal: rich takes 50 ms.
"""

import time
from collections.abc import Callable
from typing import TextIO

from rich.console import Console, ConsoleRenderable, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ..core.check import Line, Status
from ..core.ending import ExitCode
from ..core.events import AnyEvent, ReadingTaken, Resumed, RunEnded, RunStarted
from ..core.instant import spoken
from ..core.phrases import figures
from ..core.progress import Progress
from ..core.run import Run, apply, begin
from ..core.step import Course
from .narration import Heading, Narrator, Piece, Words
from .plain import text_of
from .words import doing

_STYLES = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red", Status.SKIP: "cyan"}
_BAR = 30


def terminal_view(out: TextIO) -> "LiveView":
    """The live view on the terminal behind `out`. Honours `NO_COLOR`."""
    return LiveView(Console(file=out, highlight=False))


class LiveView:
    """Prints the narration to `console` and keeps a live region under it. `clock` gives instants, as events have.

    The region is redrawn by a thread of rich's, which reads `Run`, a value that is replaced and never changed.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.time) -> None:
        self._console = console
        self._clock = clock
        self._narrator = Narrator()
        self._run: Run | None = None
        self._figures = ""
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console,
            get_renderable=self.region,
            transient=True,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def event(self, seq: int, event: AnyEvent) -> None:
        """Print what `event` allows to be told and change the region. Raises `OSError` when the terminal is gone."""
        self._follow(event)
        for piece in self._narrator.tell(event):
            for text in text_of(piece):
                self._console.print(_coloured(piece, text), soft_wrap=True)
        if isinstance(event, RunStarted | Resumed):
            self._live.start()
        elif isinstance(event, RunEnded):
            self._live.stop()

    def close(self) -> None:
        """Take the live region away, also after an exception; once is enough."""
        self._live.stop()

    def _follow(self, event: AnyEvent) -> None:
        if isinstance(event, RunStarted):
            self._run = begin(event)
        elif self._run is not None:
            self._run = apply(self._run, event)
        if isinstance(event, ReadingTaken) and self._run is not None and self._run.watch is not None:
            self._figures = ", ".join(figures(self._run.watch.judge(event.at)))

    def region(self) -> ConsoleRenderable:
        """What is under way now: bars first, then a line for each running step."""
        run, now = self._run, self._clock()
        if run is None or run.ending is not None:
            return Group()
        rows = [*_rollout(run), *_window(run, self._figures)]
        return Group(*rows, *(self._running(p, now) for p in run.running if not p.step.background))

    def _running(self, progress: Progress, now: float) -> ConsoleRenderable:
        row = Table.grid(padding=(0, 1))
        elapsed = spoken(max(0.0, now - (progress.started or now)))
        row.add_row(" ", self._spinner, Text(doing(progress.step)), Text(elapsed, style="dim"))
        return row


def _rollout(run: Run) -> list[ConsoleRenderable]:
    """How many instances the passed batches have brought, while the rollout lasts."""
    if not run.touched or run.rolled_out or run.course is not Course.FORWARD or run.request.action == "rollback":
        return []
    batches = [p.step.args for p in run.steps.values() if p.step.does == "batch" and p.passed]
    done = max((int(args["before"]) + int(args["count"]) for args in batches), default=0)
    total = run.facts.count(run.request.target)
    return [_bar("Rollout", done, total, f"{done} of {total}")]


def _window(run: Run, latest: str) -> list[ConsoleRenderable]:
    """How much of the window has been watched, while it is open; during the rollout only the figures."""
    if run.watch is None or not run.touched or run.course is not Course.FORWARD or run.passed("validate"):
        return []
    rows: list[ConsoleRenderable] = [Text(f"  {latest}", style="dim")] if latest else []
    if run.rolled_out:
        window = run.policy.watching.window
        watched = min(run.watch.watched, window)
        rows.insert(0, _bar("Watched", watched, window, f"{spoken(watched)} of {spoken(window)}"))
    return rows


def _bar(label: str, done: float, total: float, words: str) -> ConsoleRenderable:
    row = Table.grid(padding=(0, 1))
    row.add_row(" ", Text(label), ProgressBar(total=total or 1, completed=done, width=_BAR), Text(words))
    return row


def _coloured(piece: Piece, text: str) -> Text:
    """One line of the narration, never altered, only coloured."""
    match piece:
        case Heading():
            return Text(text, style="bold")
        case Line(status=status) if text.startswith(f"  [{status}]"):
            line = Text(text)
            line.stylize(_STYLES[status], 2, 4 + len(status))
            return line
        case Line():
            return Text(text, style="dim")
        case Words(code=None):
            return Text(text, style="bold" if text.startswith(("Hotfix D", "First deployment: ", "Rollback: ")) else "")
        case Words(code=code):
            return Text(
                text, style="bold green" if code == ExitCode.DONE else "bold yellow" if code == 6 else "bold red"
            )
