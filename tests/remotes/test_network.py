"""What the network can do to a push, over SSH and over HTTP; and that afterwards all is well again."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from tests.fakes.processes import wait_for
from tests.fakes.repository import make_repository
from tests.remotes.transports import NETWORK, Remote, remote

pytestmark = pytest.mark.slow


@pytest.fixture(params=NETWORK, scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    folder = tmp_path_factory.mktemp("remote")
    make_repository(folder)
    with remote(request.param, folder) as served:
        yield served
        assert push(served, "last").returncode == 0, "after all that, it does not work any more"


def push(served: Remote, name: str) -> "subprocess.CompletedProcess[str]":
    clone = served.bare.parent / "clone"
    return served.git("push", served.url, f"main:refs/heads/{name}", cwd=clone)


def test_a_push_whose_answer_is_cut_is_done_and_fails(served: Remote) -> None:
    served.network.cut_once(lambda: served.value("refs/heads/cut") != "")
    assert push(served, "cut").returncode != 0
    assert (served.network.cuts, served.value("refs/heads/cut")) == (1, served.value("refs/heads/main"))
    assert push(served, "after").returncode == 0, "a trap springs once"


def test_a_push_that_is_cut_on_its_way_is_not_done(served: Remote) -> None:
    cuts = served.network.cuts
    served.network.cut_after("to-server", 100)
    assert push(served, "short").returncode != 0
    assert (served.network.cuts, served.value("refs/heads/short")) == (cuts + 1, "")


def test_nobody_is_let_in_and_then_everybody_is(served: Remote) -> None:
    served.network.refuse()
    refused = push(served, "refused")
    served.network.let_through()
    assert refused.returncode == 128
    assert "Connection refused" in refused.stderr or "Couldn't connect" in refused.stderr
    assert push(served, "let-in").returncode == 0


def test_a_black_hole_answers_nobody_and_lets_go_of_what_it_has_swallowed(served: Remote) -> None:
    served.network.drop()
    accepted = served.network.accepted
    pushing = subprocess.Popen(
        ["git", "push", "--quiet", served.url, "main:refs/heads/lost"],
        cwd=served.bare.parent / "clone",
        env={**os.environ, **served.env},
    )
    wait_for(lambda: served.network.accepted > accepted, "the push to connect")
    assert pushing.poll() is None
    served.network.let_through()
    assert pushing.wait(20) == 128
    assert served.value("refs/heads/lost") == ""
    assert push(served, "found").returncode == 0


def test_a_slow_network_is_only_slow(served: Remote) -> None:
    served.network.let_through(delay=0.02)
    assert push(served, "slow").returncode == 0
    served.network.let_through()
