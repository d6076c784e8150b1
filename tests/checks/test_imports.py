import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from tests.checks.places import write

from hotfix_deploy_runner.checks.imports import Imports, ImportWatch, Stranger, own_names

SERVICE = {"src/service/__init__.py": "", "src/service/auth.py": "LIMIT = 1\n"}


def run(watch: ImportWatch, code: str, tree: Path, python: str = sys.executable, **env: str) -> Imports:
    """Run `code` in `tree` under the watch, with `env` as what it would inherit, and what came of it."""
    inherited = {**os.environ, **env}
    variables = {**inherited, **watch.prepare(inherited)}
    subprocess.run([python, "-c", code], cwd=tree, env=variables, check=True, timeout=60)
    return watch.result()


def watch_of(tree: Path, root: Path, environment: Path | None = None) -> ImportWatch:
    return ImportWatch(tree, environment or root / "environment", root / "imports")


def test_own_names_are_the_services_not_those_of_tests_tools_or_the_standard_library(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(("app.py", "setup.py", "conftest.py", "test_a.py", "json.py", "web.conf.py"), ""))
    write(tmp_path, {f"{name}/__init__.py": "" for name in ("shop", "tests", "docs", "src/core", "queue")})
    write(tmp_path, {"src/plain/mod.py": "", "data/x.txt": "", ".venv/lib/y.py": "", "src/one.py": ""})
    assert own_names(tmp_path) == {"app", "shop", "core", "plain", "one", "src"}  # `import src.one` works too


def test_imports_from_the_tree_are_counted_and_no_stranger(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", SERVICE)
    seen = run(watch_of(tree, tmp_path), "import service.auth, json", tree, PYTHONPATH=str(tree / "src"))
    assert seen == Imports(processes=1, modules=2)


def test_another_copy_is_a_stranger_named_with_its_path(tmp_path: Path) -> None:
    tree, other = write(tmp_path / "tree", SERVICE), write(tmp_path / "other", SERVICE)
    seen = run(watch_of(tree, tmp_path), "import service.auth", tree, PYTHONPATH=str(other / "src"))
    assert seen.strangers == (
        Stranger("service", str(other / "src/service/__init__.py")),
        Stranger("service.auth", str(other / "src/service/auth.py")),
    )


def test_a_link_out_of_the_tree_is_seen_through(tmp_path: Path) -> None:
    tree, other = write(tmp_path / "tree", {"a.py": ""}), write(tmp_path / "other", SERVICE)
    (tree / "service").symlink_to(other / "src/service")
    seen = run(watch_of(tree, tmp_path), "import service", tree)
    assert [stranger.module for stranger in seen.strangers] == ["service"]


def test_a_tree_reached_by_a_link_is_still_the_tree(tmp_path: Path) -> None:
    write(tmp_path / "real", SERVICE)
    (tmp_path / "tree").symlink_to(tmp_path / "real")
    tree = tmp_path / "tree"
    seen = run(watch_of(tree, tmp_path), "import service", tree, PYTHONPATH=str(tree / "src"))
    assert seen == Imports(processes=1, modules=1)


@pytest.mark.slow
@pytest.mark.parametrize(("inside", "strangers"), [(True, 0), (False, 1)])
def test_an_installed_copy_counts_as_own_only_in_the_trees_own_environment(
    inside: bool, strangers: int, tmp_path: Path
) -> None:
    tree = write(tmp_path / "tree", SERVICE)
    environment = (tree if inside else tmp_path) / ".hotfix-env"
    venv.create(environment, with_pip=False)
    (site,) = environment.glob("lib/python*/site-packages")
    write(site, {"service/__init__.py": ""})
    watch = watch_of(tree, tmp_path, environment)
    seen = run(watch, "import service", tree, python=str(environment / "bin/python"))
    assert (seen.modules, len(seen.strangers)) == (1, strangers)


@pytest.mark.slow
def test_a_folder_named_as_an_installed_package_does_not_make_that_package_a_stranger(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"alembic/env.py": "", "alembic/versions/1.py": ""})
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    (site,) = environment.glob("lib/python*/site-packages")
    write(site, {"alembic/__init__.py": ""})
    watch = watch_of(tree, tmp_path, environment)
    seen = run(watch, "import sys; sys.path.pop(0); import alembic", tree, python=str(environment / "bin/python"))
    assert seen == Imports(processes=1, modules=1)


def test_the_sitecustomize_that_ours_hides_still_runs(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"a.py": ""})
    site = write(tmp_path / "site", {"sitecustomize.py": "import builtins\nbuiltins.marked = __name__\n"})
    code = "import sitecustomize; assert marked == 'sitecustomize'; assert 'site/' in sitecustomize.__file__"
    assert run(watch_of(tree, tmp_path), code, tree, PYTHONPATH=str(site)).processes == 1


def test_every_process_reports_also_one_that_fails(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", SERVICE)
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import service.auth; raise SystemExit(3)'])"
    seen = run(watch_of(tree, tmp_path), code, tree, PYTHONPATH=str(tree / "src"))
    assert seen == Imports(processes=2, modules=2)


def test_reports_of_an_earlier_run_are_forgotten_and_broken_ones_are_empty(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", SERVICE)
    write(tmp_path / "imports", {"1-old.json": json.dumps({"service": "/elsewhere/service.py"})})
    watch = watch_of(tree, tmp_path)
    watch.prepare({})
    assert watch.result() == Imports()
    write(tmp_path / "imports", {"2-cut.json": '{"servi', "3-list.json": "[]"})
    assert watch.result() == Imports(processes=2)


def test_a_report_that_cannot_be_written_fails_no_test(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", SERVICE)
    watch = watch_of(tree, tmp_path)
    variables = {**os.environ, **watch.prepare({}), "HOTFIX_IMPORTS_DIR": str(tmp_path / "gone")}
    done = subprocess.run([sys.executable, "-c", "1"], env=variables, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
