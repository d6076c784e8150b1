"""The one question: on a terminal, and without one."""

import os
import pty
import re
import time

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, SCRIPTS, MakePlace, Place, demo_environment

pytestmark = pytest.mark.slow

ASKING = DEPLOY[:-1]
QUESTION = f"Deploy {NEXT} to production? [y/N]:"
REFUSED = "not agreed to: nothing was done"


def test_nothing_is_done_without_consent_and_all_with_it(place: MakePlace) -> None:
    world = place()
    done = world.run(*ASKING)
    assert (done.end(), done.out) == (2, "")
    for line in (f"Hotfix {NEXT}: hotfix/auth-bypass", "in steps of 1, 2, 3", f"everything back to {BASE}", "--yes"):
        assert line in done.err
    code, told = on_a_terminal(world, "n\n")
    assert code == 2 and REFUSED in told, told
    assert "Pre-flight" not in told
    assert not [tag for tag in world.tags() if tag.startswith(NEXT)]
    assert "production: free" in world.run("hotfix-deploy-runner", "status").out
    code, told = on_a_terminal(world, "y\n")
    assert code == 0, told
    assert f"Hotfix {NEXT} deployed successfully." in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told)
    assert world.serving() == [NEXT] * 3


def on_a_terminal(world: Place, answer: str, seconds: float = 60.0) -> tuple[int, str]:
    """Type `answer` to the question of a deploy; its exit code and all that it printed."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover
        os.chdir(world.layout.clone)
        os.execve(
            str(SCRIPTS / ASKING[0]), [*ASKING, "--window", "1s"], {**demo_environment(), "HOTFIX_OPERATOR": "ada"}
        )
    told, answered, deadline = "", False, time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # EIO: nobody has the terminal any more, pty(7)
            break
        told += piece.decode(errors="replace")
        if QUESTION in told and not answered:
            os.write(terminal, answer.encode())
            answered = True
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), told
