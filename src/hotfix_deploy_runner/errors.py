"""Every error that is a person's business. Each knows its exit code and what to do next.

    HotfixError                 1  the program itself failed
    ├── UsageError              2  usage, configuration or consent; production untouched
    │   └── NotConfigured       2  a plug-in that was asked for lacks what it needs; a channel's is a SKIP, no code
    ├── CheckFailed             3  stopped before production; production untouched
    ├── LockHeld                7  another run holds the environment
    │   └── LockLost            7  somebody has changed a lock, or a run, since it was read
    ├── GitFailed               3  git refused or could not be reached
    │   └── GitRefused          3  the remote has answered, and refused
    ├── Unreachable             3  the place that the team shares does not answer
    ├── CommandFailed           3  an external command failed, timed out or could not start
    ├── PlatformFailed          5  the platform did not do what it was told
    │   └── Superseded          7  a higher fence is known there: this run was taken over
    ├── ArtifactMissing         3  the bytes of a revision are not there
    ├── Interrupted           130  a signal came before the run had begun (143 for SIGTERM); nothing was changed
    ├── NoReading               -  no metrics could be read; never taken for good or for bad
    ├── NotTold                 -  a notification was not delivered; a WARN, never an exit code
    └── JournalBroken           1  the journal cannot be read or written

The codes are the contract's (README, "Exit codes"). An error never prints; the door that catches it does.
"""


class HotfixError(Exception):
    """What failed, in one sentence; `detail` is what was seen, `next_step` the command to run now."""

    exit_code = 1

    def __init__(self, message: str, *, detail: str = "", next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.next_step = next_step


class UsageError(HotfixError):
    """Wrong parameters, wrong configuration, or no consent. Nothing was begun."""

    exit_code = 2


class NotConfigured(UsageError):
    """A plug-in that was named lacks what it needs (a variable that is not set). `next_step` says how to give it.

    For a notification channel this is a SKIP that says how, never an end of the run.
    """


class CheckFailed(HotfixError):
    """A check or staging could not be carried out or did not pass. Production is untouched."""

    exit_code = 3


class LockHeld(HotfixError):
    """Another run holds the environment. `detail` names the holder.

    `free_in`: after how many more seconds of its silence it may be taken over; 0 where silence is not what counts.
    """

    exit_code = 7
    free_in = 0.0


class LockLost(LockHeld):
    """A lock, or a run, is not what it was when it was read: somebody else was there first. Nothing was written."""


class Unreachable(CheckFailed):
    """The place that the team shares does not answer. What was sent to it may have arrived all the same."""


class GitFailed(CheckFailed):
    """Git refused, or the remote could not be reached. `detail` has git's own words."""


class GitRefused(GitFailed):
    """The remote has answered, and refused what was pushed: none of it was taken over."""


class CommandFailed(CheckFailed):
    """An external command failed, ran out of time, or could not be started. `detail` has its last lines."""


class ArtifactMissing(CheckFailed):
    """The artifact of a revision is not in the store."""


class PlatformFailed(HotfixError):
    """The platform did not do what it was told, or does not answer."""

    exit_code = 5


class Superseded(PlatformFailed):
    """The platform knows a higher fence: another run has taken over, and this one must do nothing more."""

    exit_code = 7


class Interrupted(HotfixError):
    """A signal came before there was a run to record it. Nothing was changed; `exit_code` tells which signal."""

    exit_code = 130


class NoReading(HotfixError):
    """No metrics could be read. It says nothing about the release."""


class NotTold(HotfixError):
    """A notification was not delivered, or with `maybe` nobody knows: it was sent, and no answer came.

    `after` is how many seconds the channel asks to be left alone before it is tried again.
    """

    def __init__(
        self, message: str, *, detail: str = "", next_step: str = "", maybe: bool = False, after: float = 0.0
    ) -> None:
        super().__init__(message, detail=detail, next_step=next_step)
        self.maybe = maybe
        self.after = after


class JournalBroken(HotfixError):
    """The journal cannot be read or written."""
