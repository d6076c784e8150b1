"""The commands by name: finds the one that was meant, and imports only that."""

import importlib
from typing import Any

import click

from .. import __version__
from .front import COMMANDS, help_text
from .imported import for_good

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
        with for_good():
            module = importlib.import_module(f".{name}", __package__)
        command: click.Command = getattr(module, attribute or "command")
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

    def get_help(self, ctx: click.Context) -> str:
        """The front's text: it is the same one, whoever prints it."""
        return help_text(ctx.command_path)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="hotfix-deploy-runner")
def main() -> None:
    """Every command but the few that `front` answers by itself. The text of its help is there."""


def rollback_main() -> None:
    """`rollback-deploy-auto`: the rollback command by itself."""
    with for_good():
        from .rollback import command

    command(prog_name="rollback-deploy-auto")
