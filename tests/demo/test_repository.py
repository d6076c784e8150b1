import subprocess
import tomllib
from pathlib import Path

import pytest

from hotfix_deploy_runner.config.model import Settings
from hotfix_deploy_runner.demo.layout import Layout
from hotfix_deploy_runner.demo.ports import choose_ports
from hotfix_deploy_runner.demo.repository import make_repository
from hotfix_deploy_runner.demo.scenarios import SCENARIOS, scenario
from hotfix_deploy_runner.errors import GitFailed
from hotfix_deploy_runner.platforms.process.settings import ProcessSettings
from hotfix_deploy_runner.settings import read_table

from .conftest import MakeDemo

TAGS = ["v2.13.0", "v2.14.0", "v2.14.1", "v2.14.2", "v2.14.3"]


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_origin_holds_the_releases_main_and_the_branch(demo: MakeDemo) -> None:
    made = demo("good")
    tags = git(made.origin, "for-each-ref", "refs/tags", "--format=%(refname:short) %(objecttype)")
    assert tags.splitlines() == [f"{tag} tag" for tag in TAGS]
    assert git(made.origin, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git(made.origin, "rev-parse", "hotfix/auth-bypass") == made.commit
    assert git(made.clone, "rev-parse", "hotfix/auth-bypass") == made.commit


def test_the_branch_is_one_commit_from_the_last_release_and_main_is_ahead(demo: MakeDemo) -> None:
    made = demo("good")
    assert git(made.clone, "rev-parse", f"{made.commit}~1") == git(made.clone, "rev-parse", f"{made.base}^{{commit}}")
    assert git(made.clone, "rev-list", "--count", f"{made.base}..main") == "2"
    assert git(made.clone, "merge-base", "main", made.branch) == git(made.clone, "rev-parse", "v2.14.3^{commit}")


def test_the_clone_is_clean_on_main_and_follows_the_origin(demo: MakeDemo) -> None:
    clone = demo("good").clone
    assert git(clone, "status", "--porcelain", "--branch") == "## main...origin/main"
    assert git(clone, "rev-parse", "--abbrev-ref", "hotfix/auth-bypass@{upstream}") == "origin/hotfix/auth-bypass"


@pytest.mark.parametrize("name", [row.name for row in SCENARIOS])
def test_the_branch_merges_back_without_conflict_but_for_one(demo: MakeDemo, name: str) -> None:
    merge = ["git", "merge-tree", "--write-tree", "--name-only", "main", "hotfix/auth-bypass"]
    done = subprocess.run(merge, cwd=demo(name).clone, capture_output=True, text=True, check=False)
    assert done.returncode == (1 if name == "conflict" else 0)
    if name == "conflict":
        assert done.stdout.splitlines()[1] == "service/tokens.py"


def test_each_release_changes_what_it_says(demo: MakeDemo) -> None:
    clone = demo("good").clone
    changed = {tag: git(clone, "diff", "--name-only", f"{tag}~1", tag).splitlines() for tag in TAGS[1:]}
    assert changed == {
        "v2.14.0": ["CHANGELOG.md", "service/limits.py"],
        "v2.14.1": ["CHANGELOG.md", "service/limits.py"],
        "v2.14.2": ["CHANGELOG.md", "service/customers.json"],
        "v2.14.3": ["CHANGELOG.md", "service/tokens.py"],
    }
    assert git(clone, "diff", "--name-only", "v2.14.2", "hotfix/auth-bypass", "--", "service/tokens.py") == ""


def test_history_lies_in_the_past(tmp_path: Path) -> None:
    made = make_repository(tmp_path, scenario("good"), choose_ports(), now=1_700_000_000)
    times = git(made.clone, "log", "--format=%ct", made.branch).splitlines()
    assert [int(time) for time in times] == sorted(map(int, times), reverse=True)
    assert 1_700_000_000 - int(times[0]) < 3_600


def test_scenarios_differ_in_the_fix_only_where_they_should(demo: MakeDemo) -> None:
    def changed(name: str) -> list[str]:
        made = demo(name)
        return git(made.clone, "diff", "--name-only", made.base, made.commit).splitlines()

    assert changed("good") == ["service/tokens.py", "tests/test_auth.py"]
    for name in ("errors", "failing-test", "hang", "leaked-secret", "not-worse", "quiet", "conflict"):
        assert changed(name) == changed("good"), name
    assert set(changed("slow")) - set(changed("good")) == {"service/users.py"}
    assert set(changed("blind")) - set(changed("good")) == {"service/pages.py"}
    assert set(changed("migration")) - set(changed("good")) == {"migrations/0002_token_serials.sql"}
    assert changed("crash") == [
        "service/settings.py",
        "service/tokens.py",
        "tests/sample_environ.py",
        "tests/test_auth.py",
    ]


@pytest.mark.parametrize("name", [row.name for row in SCENARIOS])
def test_the_configuration_is_one_the_runner_reads(demo: MakeDemo, name: str) -> None:
    made = demo(name)
    content = tomllib.loads(git(made.clone, "show", "v2.14.3:hotfix.toml"))
    settings = Settings.model_validate(content)
    policy = settings.policy()
    assert policy.watching.window == (14 if name in ("slow", "slow-rollback", "not-worse") else 8)
    assert policy.watching.on_slow == ("rollback" if name == "slow-rollback" else "warn")
    assert policy.rolling.min_healthy == (6 if name == "hang" else 1)
    assert settings.watch.probes
    layout = Layout(made.clone.parent)
    ports: set[int] = set()
    for environment, instances in (("staging", 1), ("production", 3)):
        table = settings.environments[environment]["web"]
        platform = read_table(ProcessSettings, {k: v for k, v in table.items() if k != "platform"}, "here")
        assert platform.instances == instances
        assert len(platform.ports) >= 2 * instances
        assert Path(platform.root) == layout.root(environment)
        assert not ports & set(platform.ports)
        ports |= set(platform.ports)
        row = scenario(name)
        assert platform.env == {"staging": row.staging_env, "production": row.production_env}[environment]


def test_the_operators_git_settings_play_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    hostile = home / ".gitconfig"
    hostile.write_text(
        "[init]\n defaultBranch = trunk\n[commit]\n gpgSign = true\n[tag]\n gpgSign = true\n"
        f"[core]\n hooksPath = {home}\n autocrlf = true\n"
    )
    (home / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (home / "pre-commit").chmod(0o755)
    before = hostile.read_bytes()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(home / "nowhere"))
    folder = tmp_path / 'a folder with blanks, ümlauts and "quotes"'
    folder.mkdir()
    made = make_repository(folder, scenario("good"), choose_ports())
    monkeypatch.delenv("GIT_DIR")
    assert git(made.clone, "log", "-1", "--format=%an <%ae>", "--all") == "Demo Engineer <demo@example.com>"
    assert hostile.read_bytes() == before
    root = tomllib.loads((made.clone / "hotfix.toml").read_text())["environments"]["staging"]["web"]["root"]
    assert Path(root) == Layout(folder).root("staging")


def test_a_folder_that_holds_something_else_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "mine").write_text("")
    with pytest.raises(GitFailed, match="git clone failed") as caught:
        make_repository(tmp_path, scenario("good"), choose_ports())
    assert "already exists" in caught.value.detail
