"""The front door: finds the command that was meant and imports only that.

Only click and the standard library are imported here: `--help` has to be quick.
"""

import importlib
from typing import Any

import click

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
    "first": ("first", "Put a version where nothing runs yet."),
    "report": ("report", "Write a run's incident document again, and say where it is."),
    "init": ("init", "Look at this repository, and write a hotfix.toml to begin with."),
    "doctor": ("doctor", "Say what is missing for a run, and how to get it."),
    "config": ("config", "The settings in force and where they came from; their JSON Schema."),
    "notify": ("notify", "Send a test message to the channels (--test)."),
    "demo": ("demo", "A whole hotfix on this machine, with a real service under traffic."),
}
"""Name, module beside this one (and `:name` where its command is not `command`), and the line that help shows.

So that help imports none of them.
"""

_OWN_OPTIONS = ("--help", "-h", "--version")


class Commands(click.Group):
    """A group that needs no subcommand: with an option first, it deploys.

    The root has no options of its own. If it had, `--target staging rollback` would parse, and roll back production.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which they matter."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of `cmd_name` and take its command."""
        if cmd_name not in COMMANDS:
            return None
        name, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f".{name}", __package__), attribute or "command")
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `deploy` in front when the first word is an option."""
        if args and args[0].startswith("-") and args[0] not in _OWN_OPTIONS:
            args = ["deploy", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Also while its module is still being imported, Ctrl-C ends a command with 130: click would say 1, a bug."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(130)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with the lines above, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="hotfix-deploy-runner")
def main() -> None:
    """Get a hotfix live in minutes, without making things worse.

    \b
        hotfix-deploy-runner --branch hotfix/auth-bypass --target production
        rollback-deploy-auto --version v2.14.3
    """


def rollback_main() -> None:
    """`rollback-deploy-auto`: the rollback command by itself."""
    from .rollback import command

    command(prog_name="rollback-deploy-auto")
