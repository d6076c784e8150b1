"""OpenSSH's server on this machine: its own keys and configuration, and a login for whoever runs the tests."""

import getpass
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.components import needs
from tests.remotes.daemon import DidNotStart, running

from hotfix_deploy_runner.demo.ports import free_block

ALIAS = "remote.example"
"""The name that the host's key is known under, on whatever port it is reached."""

PRIVILEGE_SEPARATION = Path("/run/sshd")
"""Compiled in. Without it a server that root starts does not start; elsewhere the service's unit makes it."""

CONFIG = """
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile {folder}/{port}.pid
AuthorizedKeysFile {folder}/user.pub
AuthenticationMethods publickey
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 100
AcceptEnv GIT_PROTOCOL
KexAlgorithms curve25519-sha256
SetEnv GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 SHLVL=1
"""
"""The key exchange is the one that costs least. With that SHLVL bash reads nobody's ~/.bashrc."""

CLIENT = {
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "GlobalKnownHostsFile": "/dev/null",
    "HostKeyAlias": ALIAS,
}


@contextmanager
def sshd(folder: Path) -> Iterator[int]:
    """Serve on 127.0.0.1 until the block is left; the port. Its files are in `folder`, which stays ours alone."""
    program = needs("openssh-server")
    _make_keys(folder)
    if os.getuid() == 0:
        PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    with ExitStack() as stack:
        yield _start(program, folder, stack)


def ssh_command(folder: Path) -> str:
    """What GIT_SSH_COMMAND has to be to log in there. It reads and writes nothing in ~/.ssh."""
    options = [f"-o{key}={value}" for key, value in CLIENT.items()]
    return shlex.join(["ssh", "-F/dev/null", f"-i{folder}/user", f"-oUserKnownHostsFile={folder}/known", *options])


def ssh_url(port: int, path: Path) -> str:
    """The repository at `path`, through `port`."""
    return f"ssh://{getpass.getuser()}@127.0.0.1:{port}{path}"


def _make_keys(folder: Path) -> None:
    for name in ("host", "user"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(made, check=True)
    (folder / "known").write_text(f"{ALIAS} {(folder / 'host.pub').read_text()}")


def _start(program: Path, folder: Path, stack: ExitStack) -> int:
    """On a free port; on another when somebody else has just taken that one."""
    for last in (False, False, True):
        port = free_block(1)[0]
        config, ready = folder / f"{port}.config", folder / f"{port}.pid"
        config.write_text(CONFIG.format(folder=folder, port=port))
        command = [program, "-D", "-e", "-f", str(config), "-p", str(port), *_newer(program)]
        try:
            stack.enter_context(running(command, ready.exists, folder / "sshd.log"))
            return port
        except DidNotStart:
            if last:
                raise
    raise AssertionError("never here")


def _newer(program: Path) -> list[str]:
    """From 9.8 on it keeps clients out for a while whose connections broke off, which is what the tests do to them."""
    option = ["-o", "PerSourcePenalties=no"]
    known = subprocess.run([program, "-t", "-f", "/dev/null", *option], capture_output=True, check=False)
    return [] if b"PerSourcePenalties" in known.stderr else option
