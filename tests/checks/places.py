"""Trees and candidates to check, made of real files."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from hotfix_deploy_runner.core.check import Candidate, CheckResult, Line, Status
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.ports import Check, Workplace

PYTHON = sys.executable
PYTEST = f'{PYTHON} -m pytest -q -p no:cacheprovider --junitxml="$HOTFIX_JUNIT"'
SECRET = "hunter2-hunter2"


def workplace(root: Path) -> Workplace:
    """A workplace whose redaction knows `SECRET`."""
    return Workplace(repository=root, store=root / "store", redact=Redactor([SECRET]))


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Have `files` (relative path to content) under `root`."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return root


def candidate(
    root: Path,
    files: Mapping[str, str] = {},
    base: Mapping[str, str] = {},
    changed: tuple[str, ...] = (),
    environment: Path | None = None,
) -> Candidate:
    """A candidate with `files` in its tree and `base` in the base's."""
    return Candidate(
        branch="hotfix/auth",
        commit="c" * 40,
        base=Revision("v2.14.3", "b" * 40),
        tree=str(write(root / "tree", files)),
        base_tree=str(write(root / "base", base)),
        environment=str(environment or root / "environment"),
        logs=str(write(root / "logs", {})),
        changed=changed,
    )


def check(a_check: Check, what: Candidate) -> CheckResult:
    """The check's answer."""
    return asyncio.run(a_check.check(what))


def texts(result: CheckResult, status: Status | None = None) -> list[str]:
    """The lines' texts, of one status or of all."""
    return [line.text for line in result.lines if status in (None, line.status)]


def line(result: CheckResult, text: str) -> Line:
    """The one line of this text."""
    (found,) = [line for line in result.lines if line.text == text]
    return found
