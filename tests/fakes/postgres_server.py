"""A real PostgreSQL server of its own, for tests. It ends with its owner, also when that is killed."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.components import needs
from tests.fakes.processes import wait_for

from hotfix_deploy_runner.doors.postgres.database import Database
from hotfix_deploy_runner.shared.place import parse

USER = "hotfix"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
}


class PostgresServer:
    """On a free port of this machine, without passwords. `folder` is its own, and is removed by who gave it."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self.port = _free_port()
        self._own = []
        if os.geteuid() == 0:
            # It refuses to run as root.
            shutil.chown(folder, "postgres", "postgres")
            self._own = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
        initdb = [program.with_name("initdb"), "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        self._run(*map(str, initdb), f"--username={USER}", str(self.data))

    @property
    def data(self) -> Path:
        return self._folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Returns when it lets in."""
        settings = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(self._folder)}
        given = [f"--{name}={value}" for name, value in settings.items()]
        with (self._folder / "log").open("ab") as log:
            # Should we be killed, it goes too.
            command = ["setpriv", *self._own, "--pdeathsig=QUIT", str(self._program), "-D", str(self.data), *given]
            self._process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
        wait_for(self._lets_in, f"PostgreSQL to start (its log: {log.name})", 30.0)

    def stop(self) -> None:
        """At once, as by a crash: what was under way is lost, what was committed is not."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def database(self) -> Database:
        """A new one, empty: in truth a schema, which is fifty times as fast and as well apart from the others."""
        name = f"test{next(self._numbers)}"
        self.run(f"CREATE SCHEMA {name}")
        made = parse(f"{self.url}?options=-csearch_path%3D{name}")
        assert isinstance(made, Database)
        return made

    def run(self, sql: str, database: Database | None = None) -> list[tuple[object, ...]]:
        """As its administrator."""
        with psycopg.connect(database.url if database else self.url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def demand_password(self, user: str, password: str) -> None:
        """Have a user who may do everything, and has to say so."""
        self.run(f"CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{password}'")
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"host all {user} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        self.run("SELECT pg_reload_conf()")

    def _lets_in(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "PostgreSQL has ended"
        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, *command: str) -> None:
        subprocess.run(["setpriv", *self._own, *command], cwd="/", check=True, capture_output=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One for each worker."""
    program = needs("postgresql")
    # Not below pytest's own directory, which another user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="hotfix-postgres-"))
    try:
        server = PostgresServer(program, folder)
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(postgres_server: PostgresServer) -> Database:
    """A new one for each test."""
    return postgres_server.database()
