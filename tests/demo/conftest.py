"""The demo's repositories, and the environment that their own setup command makes."""

import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from hotfix_deploy_runner.demo.layout import Layout
from hotfix_deploy_runner.demo.ports import choose_ports
from hotfix_deploy_runner.demo.repository import DemoRepository, make_repository
from hotfix_deploy_runner.demo.scenarios import scenario

MakeDemo = Callable[[str], DemoRepository]


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
def tree(tmp_path: Path) -> Callable[[DemoRepository, str], Path]:
    """A clean checkout of a commit."""

    def checkout(repository: DemoRepository, ref: str) -> Path:
        folder = tmp_path / ref.replace("/", "_")
        subprocess.run(["git", "clone", "-q", str(repository.origin), str(folder)], check=True)
        subprocess.run(
            ["git", "checkout", "-q", "--detach", f"origin/{ref}" if "/" in ref else ref], cwd=folder, check=True
        )
        return folder

    return checkout
