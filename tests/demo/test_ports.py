import random
import socket

import pytest

from hotfix_deploy_runner.demo import ports
from hotfix_deploy_runner.demo.ports import as_text, choose_ports, free_block
from hotfix_deploy_runner.errors import UsageError


def test_all_ports_are_different_and_can_be_bound() -> None:
    chosen = choose_ports()
    every = [chosen.front, *chosen.staging, *chosen.production]
    assert (len(chosen.staging), len(chosen.production), len(set(every))) == (2, 6, 9)
    for port in every:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))


def test_a_block_with_a_taken_port_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    block = free_block(3)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", block[1]))
        starts = iter([block[0], block[0] + 3])
        monkeypatch.setattr(random, "randrange", lambda *_: next(starts, block[0] + 6))
        assert free_block(3)[0] > block[1]


def test_no_free_block_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", free_block(1)[0]))
        taken = stranger.getsockname()[1]
        monkeypatch.setattr(random, "randrange", lambda *_: taken)
        with pytest.raises(UsageError, match="no 2 neighbouring free ports"):
            free_block(2)


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    first = int(ports.RANGE.read_text().split()[0])
    if first > ports.LOWEST + 1_000:
        assert max(choose_ports().production) < first


def test_as_text() -> None:
    assert as_text(range(9101, 9107)) == "9101-9106"
