"""What command runs a project's tests, when none is configured."""

import re
from pathlib import Path

_PYTEST_CONFIGURED = {
    "pyproject.toml": r"^\[tool\.pytest\b",
    "pytest.ini": r"^\[pytest\]",
    "setup.cfg": r"^\[tool:pytest\]",
    "tox.ini": r"^\[(tool:)?pytest\]",
}
_PYTEST_NEEDED = ("requirements*.txt", "requirements/*.txt", "pyproject.toml", "setup.cfg", "Pipfile")
_PYTEST_WORD = re.compile(r"(?<![\w-])pytest(?![\w-])")
_PYTHON_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "Pipfile")
_SUPPORTED = 'command = "$HOTFIX_ENV/bin/python -m pytest -q --junitxml=$HOTFIX_JUNIT"'


def test_command(tree: Path, environment: Path) -> str | None:
    """The command for the tests in `tree`, run with the `environment`'s Python where there is one; None: unknown.

    Only pytest is detected: it is the one that writes JUnit XML without being taught to.
    """
    if not _uses_pytest(tree):
        return None
    python = '"$HOTFIX_ENV/bin/python"' if (environment / "bin" / "python").exists() else "python3"
    return f'{python} -m pytest -q --junitxml="$HOTFIX_JUNIT"'


def how_to_configure(tree: Path) -> tuple[str, ...]:
    """What to write into the configuration, with a word on what was seen in `tree`."""
    if (tree / "package.json").is_file():
        seen = ("package.json: `npm test` by itself writes no JUnit XML; most runners have a reporter for it, such as",)
        return (*seen, '[checks.tests] command = "npx vitest run --reporter=junit --outputFile=$HOTFIX_JUNIT"')
    return ("the command has to write JUnit XML, such as", f"[checks.tests] {_SUPPORTED}")


def is_python(tree: Path) -> bool:
    """Whether `tree` says of itself that it is a Python project."""
    return any(any(tree.glob(pattern)) for pattern in _PYTHON_PROJECT)


def _uses_pytest(tree: Path) -> bool:
    configured = any(re.search(rule, _text(tree / name), re.M) for name, rule in _PYTEST_CONFIGURED.items())
    needed = (file for pattern in _PYTEST_NEEDED for file in tree.glob(pattern))
    return configured or any(_PYTEST_WORD.search(_text(file)) for file in needed) or _has_pytest_files(tree)


def _has_pytest_files(tree: Path) -> bool:
    folders = (tree / "tests", tree / "test")
    return any(any(folder.rglob(pattern)) for folder in folders for pattern in ("test_*.py", "*_test.py"))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
