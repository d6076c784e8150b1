"""The proxy itself, byte by byte, between a client and a server that are nothing but sockets."""

import socket
from collections.abc import Iterator

import pytest
from tests.fakes.processes import wait_for
from tests.remotes.proxy import HOST, Proxy

Pair = tuple[Proxy, socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A proxy, and a connection through it: the client's end and the server's."""
    with (
        socket.create_server((HOST, 0)) as listener,
        Proxy(listener.getsockname()) as proxy,
        socket.create_connection((HOST, proxy.port), timeout=5) as client,
    ):
        server, _ = listener.accept()
        server.settimeout(5)
        with server:
            client.sendall(b"-")
            assert server.recv(1) == b"-", "from here on the proxy has both ends"
            yield proxy, client, server


def test_cutting_breaks_off_what_is_open(pair: Pair) -> None:
    proxy, client, server = pair
    proxy.cut()
    for end in (client, server):
        with pytest.raises(ConnectionResetError):
            end.recv(1)


def test_exactly_so_many_bytes_go_through_before_a_cut(pair: Pair) -> None:
    proxy, client, server = pair
    proxy.cut_after("to-client", 3)
    server.sendall(b"abcdef")
    wait_for(lambda: proxy.cuts == 1, "the cut")
    assert client.recv(10) == b"abc"
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_an_end_is_passed_on_and_what_was_sent_before_it(pair: Pair) -> None:
    _, client, server = pair
    client.sendall(b"x" * 100_000)
    client.shutdown(socket.SHUT_WR)
    assert len(b"".join(iter(lambda: server.recv(4096), b""))) == 100_000
    server.sendall(b"seen")
    server.close()
    assert client.recv(10) + client.recv(10) == b"seen"


def test_what_went_into_the_hole_makes_its_connection_good_for_nothing(pair: Pair) -> None:
    proxy, client, server = pair
    proxy.drop()
    client.sendall(b"lost")
    wait_for(lambda: proxy.swallowed == 4, "the hole to swallow it")
    proxy.let_through()
    with pytest.raises(ConnectionResetError):
        server.recv(1)
