"""Settings that are wrong, and ports that are taken."""

import socket
import subprocess
from contextlib import ExitStack

from tests.e2e.bad_input.case import Case, Typed
from tests.e2e.bad_input.world import Ran, World
from tests.platforms.tiny_service import free_ports


def written(world: World, text: str) -> Typed:
    """A deploy with the usual settings and `text` behind them."""
    command = world.deploying("hotfix/any")
    return Typed([*command[:-1], str(world.settings(text=text))])


def wrong_key(world: World, undo: ExitStack) -> Typed:
    return written(world, '\n[merge.more]\n[staging]\nsmok = "true"\n')


def wrong_type(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying("hotfix/any", {"rollback_threshold": "5"}))


def wrong_type_in_a_plug_in(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying("hotfix/any", {"environments": {"production": {"web": {"instances": "2"}}}}))


def out_of_range(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying("hotfix/any", {"watch": {"alpha": 1.5}}))


def no_duration(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying("hotfix/any", {"watch": {"window": "soon"}}))


def no_number_in_a_variable(world: World, undo: ExitStack) -> Typed:
    return Typed(world.deploying("hotfix/any"), {"HOTFIX_ROLLBACK_THRESHOLD": "five"})


def no_toml(world: World, undo: ExitStack) -> Typed:
    return written(world, "\n[staging\n")


def taken(world: World, undo: ExitStack) -> str:
    """A port that somebody else listens on."""
    (port,) = free_ports(1)
    server = undo.enter_context(socket.create_server(("127.0.0.1", port)))
    return str(server.getsockname()[1])


def corrupt_lock(world: World, undo: ExitStack) -> Typed:
    """And what the message says is typed once it is over."""
    branch = world.branch()
    world.restore("production")  # so that the platform has seen more than a first fence
    (world.home / "locks" / "production.lock.json").write_text("{")
    return Typed(world.deploying(branch))


def the_command_mends_it(world: World, ran: Ran) -> None:
    command = ran.err.partition("Next: ")[2].strip()
    subprocess.run(["sh", "-c", command], check=True)
    again = world.run(*world.rolling_back())
    assert again.code == 0, again.told


def port_taken_on_staging(world: World, undo: ExitStack) -> Typed:
    staging = {"staging": {"web": {"ports": taken(world, undo), "root": str(world.folder / "elsewhere")}}}
    return Typed(world.deploying(world.branch(), {"environments": staging}))


def ports_taken_on_production(world: World, undo: ExitStack) -> Typed:
    """Of the pool only those are free that the old instances have."""
    ports = [str(one.endpoint.rpartition(":")[2]) for one in world.production()]
    production = {"production": {"web": {"ports": ",".join([*ports, taken(world, undo)])}}}
    return Typed(world.deploying(world.branch(), {"environments": production}))


def names_the_line(world: World, ran: Ran) -> None:
    assert "hotfix.toml:" in ran.err, ran.err
    assert "Value error" not in ran.err and "unable to parse" not in ran.err, ran.err


CASES = (
    Case("a key that is none", wrong_key, "staging.smok: unknown key; did you mean smoke?", 2, also=names_the_line),
    Case("a text where a number belongs", wrong_type, "rollback_threshold: ", 2, also=names_the_line),
    Case(
        "the same in a platform's table",
        wrong_type_in_a_plug_in,
        "environments.production.web.instances: ",
        2,
        also=names_the_line,
    ),
    Case("a value out of range", out_of_range, "watch.alpha: Input should be less than 1", 2, also=names_the_line),
    Case("no duration", no_duration, "watch.window: 'soon' is not a duration", 2, also=names_the_line),
    Case(
        "a variable that is no number",
        no_number_in_a_variable,
        "HOTFIX_ROLLBACK_THRESHOLD: rollback_threshold: ",
        2,
    ),
    Case("a file that is no TOML", no_toml, "hotfix.toml is not TOML", 2),
    Case(
        "a lock file that is corrupt",
        corrupt_lock,
        "the lock of production cannot be read",
        7,
        also=the_command_mends_it,
    ),
    Case("a port taken on staging", port_taken_on_staging, "has no port to start on: port ", 3),
    Case("ports taken on production", ports_taken_on_production, "has no port to start on: port ", 4),
)
