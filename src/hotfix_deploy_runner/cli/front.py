"""The front door: what has to be quick is answered here, without click; everything else is for `main`.

Importing click takes longer than all the rest of `status`, and twice as long as starting Python.
"""

import os
import sys

from .. import __version__

COMMANDS = {
    "deploy": ("deploy", "Take a hotfix branch to staging and production."),
    "plan": ("plan", "Show what a deploy would do, and do nothing."),
    "status": ("status", "Who holds what, and how the last run ended."),
    "runs": ("runs", "List the runs, newest first."),
    "show": ("show", "Tell a run again, line by line."),
    "resume": ("resume", "Go on with a run that was interrupted, or whose process died."),
    "abort": ("abort", "Give a run up, and bring back what ran before it."),
    "pause": ("steering:pause", "Hold the run in progress: no further batch begins."),
    "continue": ("steering:go_on", "Let a paused run go on."),
    "promote": ("steering:promote", "Past the gate or the window that is open, at once."),
    "rollback": ("rollback", "Bring an earlier version back (the same as rollback-deploy-auto)."),
    "lock": ("team:lock", "Keep every deploy out of an environment, until unlock."),
    "unlock": ("team:unlock", "Let deploys in again."),
    "takeover": ("team:takeover", "Take the place of a run whose machine is gone, at once."),
    "adopt": ("team:adopt", "Bring another clone's run here: to show, report, resume or abort it."),
    "reconcile": ("team:reconcile", "Give the team what it could not be given when it was out of reach."),
    "first": ("first", "Put a version where nothing runs yet."),
    "report": ("report", "Write a run's incident document again, and say where it is."),
    "analyze": ("analyze", "Judge a run's readings again, with other limits: why did it roll back?"),
    "init": ("init", "Look at this repository, and write a hotfix.toml to begin with."),
    "doctor": ("doctor", "Say what is missing for a run, and how to get it."),
    "config": ("config", "The settings in force and where they came from; their JSON Schema."),
    "notify": ("notify", "Send a test message to the channels (--test)."),
    "demo": ("demo", "A whole hotfix on this machine, with a real service under traffic."),
}
"""Name, module beside this one (and `:name` where its command is not `command`), and the line that help shows.

So that help imports none of them.
"""

_HELP = """\
Usage: {program} [OPTIONS] COMMAND [ARGS]...

  Get a hotfix live in minutes, without making things worse.

      hotfix-deploy-runner --branch hotfix/auth-bypass --target production
      rollback-deploy-auto --version v2.14.3

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
{commands}"""


def main() -> None:
    """Run the command that the process was started with."""
    match sys.argv[1:]:
        case ["--help"] | ["-h"]:
            _show(help_text("hotfix-deploy-runner") + "\n")
        case ["--version"]:
            _show(f"hotfix-deploy-runner, version {__version__}\n")
        case ["status"]:
            from .failing import tells_errors
            from .standing import alone

            text = tells_errors(alone)()
            _by_name() if text is None else _show(text)
        case _:
            _by_name()


def _by_name() -> None:
    from .main import main as by_name

    by_name(prog_name="hotfix-deploy-runner")


def help_text(program: str) -> str:
    """What `--help` shows: the usage, and every command with its line. No line end at its end."""
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {text}" for name, (_, text) in COMMANDS.items())
    return _HELP.format(program=program, commands=commands)


def _show(text: str) -> None:
    """Print it. That the reader has gone away is no bug, and nothing to tell; the code says that it was not shown."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
