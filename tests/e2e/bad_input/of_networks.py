"""Remotes, hooks and webhooks that refuse, or never answer."""

import socket
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.e2e.bad_input.case import Case, Typed
from tests.e2e.bad_input.world import Ran, World
from tests.fakes.tls import make_certificate, tls
from tests.fakes.web import dead_url


def no_network(world: World, undo: ExitStack) -> Typed:
    remote = world.remote("down", f"{dead_url()}/origin.git")
    return Typed(world.deploying(world.branch(), {"remote": remote}))


def no_network_ssh(world: World, undo: ExitStack) -> Typed:
    port = dead_url().rpartition(":")[2]
    remote = world.remote("down", f"ssh://git@127.0.0.1:{port}/origin.git")
    return Typed(world.deploying(world.branch(), {"remote": remote}))


def silent_remote(world: World, undo: ExitStack) -> Typed:
    """Its connections are taken by the kernel, and by nobody else."""
    server = undo.enter_context(socket.create_server(("127.0.0.1", 0)))
    remote = world.remote("silent", f"http://127.0.0.1:{server.getsockname()[1]}/origin.git")
    return Typed(world.deploying(world.branch(), {"remote": remote, "remote_timeout": "1s"}))


def hook(repository: Path, name: str, script: str) -> Path:
    path = repository / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def local_hook(world: World, undo: ExitStack) -> Typed:
    """The operator's own: it is for the operator's own pushes."""
    script = f"touch {world.folder}/hook-ran; echo not today >&2; exit 1"
    undo.callback(hook(world.clone / ".git", "pre-push", script).unlink)
    return Typed(world.deploying(world.branch(), target="staging"))


def server_hook(world: World, undo: ExitStack) -> Typed:
    """The server takes release candidates, and no release."""
    branch = world.branch()
    bare = world.copy_of_origin()
    finals = "grep refs/tags/ | grep -v -- -rc. >/dev/null"
    hook(bare, "pre-receive", f"{finals} || exit 0; echo releases are frozen >&2; exit 1")
    return Typed(world.deploying(branch, {"remote": world.remote("frozen", bare)}))


def silent_webhook(world: World, undo: ExitStack) -> Typed:
    over = threading.Event()

    def hang(request: BaseHTTPRequestHandler) -> None:
        over.wait(60)

    both = make_certificate(world.folder)
    url = undo.enter_context(tls(both, hang))
    undo.callback(over.set)
    env = {"SLACK_WEBHOOK_URL": url, "SSL_CERT_FILE": str(both), "NO_PROXY": "*"}
    return Typed(world.deploying(world.branch(), {"notify": ["slack"]}, target="staging"), env)


def the_hook_did_not_run(world: World, ran: Ran) -> None:
    assert not (world.folder / "hook-ran").exists()


def the_hook_is_quoted(world: World, ran: Ran) -> None:
    assert "releases are frozen" in ran.out, ran.out


def only_the_candidate_is_tagged(world: World, ran: Ran) -> None:
    the_hook_is_quoted(world, ran)
    refused = ran.out.partition("refs/tags/")[2].split()[0]
    assert refused not in world.git("tag", "--list").splitlines(), "what the server refused does not stay here"


CASES = (
    Case("a Slack webhook that times out, to staging", silent_webhook, "[WARN] Slack was not told: ", 0),
    Case("no network to the remote, http", no_network, "does not answer: git could not ask down", 3),
    Case("no network to the remote, ssh", no_network_ssh, "does not answer: git could not ask down", 3),
    Case("a remote that never answers", silent_remote, "within 1 s", 3),
    Case(
        "a pre-push hook of the operator's that refuses, to staging",
        local_hook,
        "is proven on staging.",
        0,
        also=the_hook_did_not_run,
    ),
    Case(
        "a server's hook that refuses the tag",
        server_hook,
        "pre-receive hook declined",
        3,
        also=only_the_candidate_is_tagged,
    ),
)
