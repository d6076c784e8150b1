"""The demo's repositories, and the environment that their own setup command makes."""

import os
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hotfix_deploy_runner.demo.layout import Layout
from hotfix_deploy_runner.demo.ports import choose_ports, free_block
from hotfix_deploy_runner.demo.processes import listening, wait_until
from hotfix_deploy_runner.demo.repository import DemoRepository, make_repository
from hotfix_deploy_runner.demo.scenarios import scenario

MakeDemo = Callable[[str], DemoRepository]
Checkout = Callable[[DemoRepository, str], Path]


@dataclass(frozen=True)
class Running:
    """A service's process that takes connections; `output` is a file."""

    port: int
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(10)


NOTHING: Mapping[str, str] = {}
Start = Callable[..., Running]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> MakeDemo:
    """The repository of a scenario, made once for each name."""
    made: dict[str, DemoRepository] = {}

    def make(name: str) -> DemoRepository:
        if name not in made:
            folder = tmp_path_factory.mktemp(f"demo-{name}")
            made[name] = make_repository(folder, scenario(name), choose_ports())
        return made[name]

    return make


@pytest.fixture(scope="session")
def environment(demo: MakeDemo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `[setup] command` of the demo's hotfix.toml installs."""
    clone = demo("good").clone
    folder = tmp_path_factory.mktemp("environment") / "env"
    command = tomllib.loads((clone / "hotfix.toml").read_text())["setup"]["command"]
    subprocess.run(command, shell=True, cwd=clone, env={**os.environ, "HOTFIX_ENV": str(folder)}, check=True)
    return folder


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Checkout:
    """A clean checkout of a commit."""

    def checkout(repository: DemoRepository, ref: str) -> Path:
        folder = tmp_path / ref.replace("/", "_")
        subprocess.run(["git", "clone", "-q", str(repository.origin), str(folder)], check=True)
        subprocess.run(
            ["git", "checkout", "-q", "--detach", f"origin/{ref}" if "/" in ref else ref], cwd=folder, check=True
        )
        return folder

    return checkout


@pytest.fixture
def start(environment: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the service of a tree, with settings; it is listening, or has ended, when that returns."""
    started: list[subprocess.Popen[bytes]] = []

    def _start(tree: Path, settings: Mapping[str, str] = NOTHING) -> Running:
        port = free_block(1)[0]
        output = tmp_path / f"service-{port}.log"
        env = {**os.environ, "PORT": str(port), "HOTFIX_VERSION": "v0", "BANK_FAILURES": "0", **settings}
        with output.open("wb") as log:
            process = subprocess.Popen(
                [str(environment / "bin/python"), "-m", "service"], cwd=tree, env=env, stdout=log, stderr=log
            )
        started.append(process)
        wait_until(lambda: process.poll() is not None or listening(port), "the service listens")
        return Running(port, process, output)

    yield _start
    for process in started:
        process.kill()
        process.wait()
