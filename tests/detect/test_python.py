import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.detect.place import tree_of, value
from tests.fakes.samples import DJANGO, PYTHON

from hotfix_deploy_runner.detect.found import Language
from hotfix_deploy_runner.detect.python import detect
from hotfix_deploy_runner.doors.reports import read


def detected(folder: Path, files: Mapping[str, str]) -> Language:
    language = detect(tree_of(folder, files))
    assert language is not None
    return language


def test_a_service_with_requirements(tmp_path: Path) -> None:
    language = detected(tmp_path, PYTHON)
    assert language.name == "Python (pip)"
    assert value(language.inputs) == ["requirements-test.txt", "requirements.txt"], "not those of its documentation"
    assert value(language.setup) == (
        "python3 -m venv $HOTFIX_ENV && $HOTFIX_ENV/bin/pip install -q -r requirements-test.txt -r requirements.txt"
    )
    assert value(language.start) == (
        "exec $HOTFIX_ENV/bin/python -m uvicorn shop.main:app --host 127.0.0.1 --port $PORT"
    )
    assert language.start and "shop/main.py:6" in language.start.why
    assert value(language.smoke) == "$HOTFIX_ENV/bin/python -m pytest -q smoke --junitxml=$HOTFIX_JUNIT"
    assert language.missing == ()


def test_the_guessed_test_command_runs_and_is_counted(tmp_path: Path) -> None:
    command = value(detected(tmp_path / "tree", PYTHON).tests)
    environment = tmp_path / "environment" / "bin"
    environment.mkdir(parents=True)
    python = environment / "python"  # a link would not find the packages of what it links to
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    report = tmp_path / "report.xml"
    env = {**os.environ, "HOTFIX_ENV": str(environment.parent), "HOTFIX_JUNIT": str(report)}
    subprocess.run(["sh", "-c", str(command)], cwd=tmp_path / "tree", env=env, check=True, capture_output=True)
    assert read(report, tmp_path / "tree").passed == 2


def test_django_without_pytest_names_what_its_tests_lack(tmp_path: Path) -> None:
    language = detected(tmp_path, DJANGO)
    assert language.name == "Python (uv)"
    assert value(language.inputs) == ["uv.lock", "pyproject.toml"]
    assert str(value(language.setup)).startswith("UV_PROJECT_ENVIRONMENT=$HOTFIX_ENV uv sync --frozen")
    assert "manage.py test" in str(value(language.tests))
    assert "unittest-xml-reporting" in language.missing[0]
    assert value(language.start) == "exec $HOTFIX_ENV/bin/python -m gunicorn shop.wsgi --bind 127.0.0.1:$PORT"


@pytest.mark.parametrize(
    ("lock", "name", "program"),
    [("poetry.lock", "Poetry", "poetry"), ("pdm.lock", "PDM", "pdm"), ("Pipfile.lock", "Pipenv", "pipenv")],
)
def test_a_lock_file_tells_the_package_manager(tmp_path: Path, lock: str, name: str, program: str) -> None:
    language = detected(tmp_path, {lock: "", "pyproject.toml": "", "Pipfile": "", "requirements.txt": ""})
    assert language.name == f"Python ({name})"
    assert f" {program} " in str(value(language.setup))
    inputs = value(language.inputs)
    assert isinstance(inputs, list) and inputs[0] == lock


def test_without_anything_locked_no_tree_shares_an_installation(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\n[project.optional-dependencies]\ntest = ["pytest"]\ndocs = ["sphinx"]\n'
    language = detected(tmp_path, {"pyproject.toml": text})
    assert "pip install -q '.[test]'" in str(value(language.setup))
    assert language.inputs is None
    assert language.setup and "nothing is locked" in language.setup.look


def test_the_extra_with_the_server_is_installed_too(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\n[project.optional-dependencies]\ntest = ["pytest"]\nmain = ["gunicorn>=20"]\n'
    language = detected(tmp_path, {"pyproject.toml": text, "Procfile": "web: gunicorn x:app\n"})
    assert "pip install -q '.[test,main]'" in str(value(language.setup))
    assert language.start and language.start.look == "", "gunicorn listens on $PORT by itself"


def test_a_procfile_says_how_it_is_started(tmp_path: Path) -> None:
    files = {**PYTHON, "Procfile": "worker: python -m jobs\nweb: gunicorn shop:app --bind :$PORT\n"}
    start = detected(tmp_path, files).start
    assert value(start) == "PATH=$HOTFIX_ENV/bin:$PATH; exec gunicorn shop:app --bind :$PORT"
    assert start and start.why == "Procfile:2"


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("src/web/app.py", "app = Flask(__name__)\n", "gunicorn --pythonpath src web.app:app"),
        ("src/web/app.py", "api = Starlette()\n", "uvicorn --app-dir src web.app:api"),
        ("web/__main__.py", "", "python -m web"),
    ],
)
def test_how_it_is_started(tmp_path: Path, file: str, text: str, expected: str) -> None:
    assert expected in str(value(detected(tmp_path, {"requirements.txt": "", file: text}).start))


def test_what_is_not_known_is_not_guessed(tmp_path: Path) -> None:
    language = detected(tmp_path, {"setup.py": ""})
    assert (language.tests, language.start, language.smoke) == (None, None, None)


def test_another_language_is_none_of_it(tmp_path: Path) -> None:
    assert detect(tree_of(tmp_path, {"go.mod": ""})) is None
