"""Python projects: uv, Poetry, PDM, Pipenv, requirements files, or only a pyproject.toml."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

from .found import Guess, Language, joined
from .procfile import web_process
from .tree import Tree, line_of

_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "manage.py")
_VENV = "python3 -m venv $HOTFIX_ENV"
_ACTIVE = f"{_VENV} && . $HOTFIX_ENV/bin/activate"
_RUN = "$HOTFIX_ENV/bin/python -m"
_SERVERS = frozenset({"daphne", "gunicorn", "hypercorn", "uvicorn", "uwsgi", "waitress"})
_SHARED = "trees in which these files are equal share one installation"
_OWN_CODE = "the project itself is not installed, so that the tests see the tree; set pythonpath for a src/ layout"


class _Manager(NamedTuple):
    name: str
    lock: str
    install: str
    look: str = ""


_MANAGERS = (
    _Manager("uv", "uv.lock", "UV_PROJECT_ENVIRONMENT=$HOTFIX_ENV uv sync --frozen --no-install-project", _OWN_CODE),
    _Manager("Poetry", "poetry.lock", joined(_ACTIVE, "poetry install --no-root --no-interaction"), _OWN_CODE),
    _Manager("PDM", "pdm.lock", joined(_ACTIVE, "pdm sync --no-self --no-editable"), _OWN_CODE),
    _Manager("Pipenv", "Pipfile.lock", joined(_ACTIVE, "pipenv sync --dev")),
)


def detect(tree: Tree) -> Language | None:
    """The Python project in `tree`, if it is one."""
    if not tree.has(*_PROJECT):
        return None
    manager, setup, inputs = _installed(tree)
    tests, missing = _tests(tree)
    smoke = next(iter(tree.matching(r"(tests/)?smoke/.*test.*\.py")), None)
    return Language(
        f"Python ({manager})",
        setup=setup,
        inputs=inputs,
        tests=tests,
        start=_start(tree),
        smoke=Guess(f"{_RUN} pytest -q {_folder(smoke)} --junitxml=$HOTFIX_JUNIT", smoke) if smoke else None,
        missing=missing,
    )


def _installed(tree: Tree) -> tuple[str, Guess, Guess | None]:
    """The package manager, how it installs, and the files that decide what is installed."""
    for manager in _MANAGERS:
        if tree.has(manager.lock):
            files = [name for name in (manager.lock, "pyproject.toml", "Pipfile") if tree.has(name)]
            why = f"{manager.lock} is {manager.name}'s; it has to be on the PATH"
            return manager.name, Guess(manager.install, why, manager.look), Guess(files, _SHARED)
    files = [name for name in tree.matching(r"requirements[\w.-]*\.txt|requirements/[\w.-]+\.txt") if _needed(name)]
    if files:
        install = f"$HOTFIX_ENV/bin/pip install -q {' '.join(f'-r {name}' for name in files)}"
        look = "it has to install what the tests need too"
        return "pip", Guess(joined(_VENV, install), ", ".join(files), look), Guess(files, _SHARED)
    extras = _extras(tree)
    install = (
        f"$HOTFIX_ENV/bin/pip install -q '.[{','.join(extras)}]'" if extras else "$HOTFIX_ENV/bin/pip install -q ."
    )
    look = "nothing is locked: two installations may differ. It installs the project itself, so no tree shares it"
    return "pip", Guess(joined(_VENV, install), str(tree.first(*_PROJECT)), look), None


def _extras(tree: Tree) -> list[str]:
    """The extras that the tests need, and those that hold a program of the command that starts it."""
    start = _start(tree)
    words = set(re.findall(r"[\w-]+", str(start.value))) if start else set()
    optional = _optional(tree)
    tests = [name for name in ("test", "tests", "dev") if name in optional]
    holds = {
        name: {found[0].lower() for need in needs if (found := re.match(r"[\w-]+", str(need)))}
        for name, needs in optional.items()
        if isinstance(needs, list)
    }
    return [*tests, *(name for name, needs in holds.items() if name not in tests and needs & words & _SERVERS)]


def _needed(name: str) -> bool:
    return not re.search(r"doc|lint", name)


def _tests(tree: Tree) -> tuple[Guess | None, tuple[str, ...]]:
    """How its tests write JUnit XML."""
    if any(tree.search(r"(?<![\w-])pytest(?![\w-])", "requirements.txt", ".toml", ".cfg", ".ini", ".txt", "Pipfile")):
        return Guess(f"{_RUN} pytest -q --junitxml=$HOTFIX_JUNIT", "pytest is among what it needs"), ()
    if tree.has("manage.py"):
        runner = "-b --testrunner xmlrunner.extra.djangotestrunner.XMLTestRunner"
        command = f"TEST_OUTPUT_FILE_NAME=$HOTFIX_JUNIT $HOTFIX_ENV/bin/python manage.py test {runner}"
        need = "install unittest-xml-reporting: Django's own test runner writes no JUnit XML"
        return Guess(command, "manage.py, and no pytest", "xmlrunner has to be installed by [setup]"), (need,)
    if tree.matching(r"(.*/)?(test_[^/]*|[^/]*_test)\.py"):
        need = "install pytest with [setup]: it runs unittest's tests too, and writes JUnit XML"
        return Guess(f"{_RUN} pytest -q --junitxml=$HOTFIX_JUNIT", "test files", "pytest has to be installed"), (need,)
    return None, ()


def _start(tree: Tree) -> Guess | None:
    return next(_starts(tree), None)


def _starts(tree: Tree) -> Iterator[Guess]:
    """How it is started, the most telling first."""
    process = web_process(tree)
    if process:
        yield process._replace(value=f"PATH=$HOTFIX_ENV/bin:$PATH; exec {process.value}")
    for file, _ in tree.search(r"os\.environ.*DJANGO_SETTINGS_MODULE", "wsgi.py"):
        module = file.removesuffix(".py").replace("/", ".")
        yield Guess(f"exec {_RUN} gunicorn {module} --bind 127.0.0.1:$PORT", file, "gunicorn has to be installed")
    for file, match in tree.search(r"^(\w+)\s*(?::\s*\w+\s*)?=\s*(FastAPI|Starlette|Flask)\(", ".py"):
        yield _framework(file, match)
    for file in tree.matching(r"(?:src/)?[^/]+/__main__\.py"):
        package = file.removeprefix("src/").partition("/")[0]
        yield Guess(f"exec {_RUN} {package}", file, "it has to listen on $PORT")


def _framework(file: str, match: "re.Match[str]") -> Guess:
    module = re.sub(r"(/__init__)?\.py$", "", file.removeprefix("src/")).replace("/", ".")
    source = " --app-dir src" if file.startswith("src/") else ""
    why = f"{file}:{line_of(match)}: {match[1]} = {match[2]}(…)"
    if match[2] == "Flask":
        folder = " --pythonpath src" if source else ""
        command = f"exec {_RUN} gunicorn{folder} {module}:{match[1]} --bind 127.0.0.1:$PORT"
        return Guess(command, why, "gunicorn has to be installed")
    command = f"exec {_RUN} uvicorn{source} {module}:{match[1]} --host 127.0.0.1 --port $PORT"
    return Guess(command, why, "uvicorn has to be installed")


def _optional(tree: Tree) -> dict[str, Any]:
    try:
        extras: dict[str, Any] = tomllib.loads(tree.text("pyproject.toml"))["project"]["optional-dependencies"]
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return {}
    return extras


def _folder(path: str) -> str:
    return path.rpartition("smoke/")[0] + "smoke"
