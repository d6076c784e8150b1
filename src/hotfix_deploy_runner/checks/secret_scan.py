"""Secrets that a fix would publish, as detect-secrets sees them (https://github.com/Yelp/detect-secrets, 1.5).

It is run offline, without verifying anything. What it answers is its baseline format: by file, a type, a line and a
hash of the secret. Only the hash is ever held here, to compare with the base; neither is shown or kept.
"""

import asyncio
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..core.instant import Seconds, spoken
from ..doors.command import Commands, Finished
from . import sarif
from .globs import anywhere
from .scanners import NothingToScan, Scan, ScanFailed, Target, own_files

GET = 'pip install "hotfix-deploy-runner[scanners]"'
BASELINE = ".secrets.baseline"
"""A team's own file of accepted findings and settings. Of the base's, the settings hold; what it accepts is there."""

_AT_ONCE = 1_000  # files on one command line
_ALLOWED = re.compile(r"pragma: ?(?:allow|white)list[ -](?P<next>nextline[ -])?secret")
_IS_ALLOWED = "detect_secrets.filters.allowlist.is_line_allowlisted"


class DetectSecrets:
    """detect-secrets on the changed files of a tree, or on all of them; `excluded` paths are left out."""

    name = "detect-secrets"

    def __init__(self, excluded: Iterable[str], *, whole_tree: bool, timeout: Seconds, commands: Commands) -> None:
        self._excluded = anywhere([*excluded, BASELINE])
        self._whole_tree = whole_tree
        self._timeout = timeout
        self._commands = commands

    async def scan(self, target: Target) -> Scan:
        """One scan of `target`. The findings' snippets are hashes: for comparison only."""
        program = _find()
        if program is None:
            raise NothingToScan(f"detect-secrets is not installed: {GET}")
        files = await asyncio.to_thread(self._files, target)
        if not files:
            where = "file" if self._whole_tree else "changed file"
            raise NothingToScan(f"detect-secrets has no {where} to look at")
        logs = [await self._part(program, files[at : at + _AT_ONCE], target) for at in range(0, len(files), _AT_ONCE)]
        return await asyncio.to_thread(_told, sarif.joined(logs), len(files), target.tree)

    def lacks(self) -> str:
        """How to install it, where it is not."""
        return "" if _find() else GET

    def _files(self, target: Target) -> list[str]:
        if self._whole_tree:
            files: Iterable[str] = own_files(target)
        else:
            files = (path for path in target.changed if _is_file(target.tree / path))
        return sorted(path for path in files if not self._excluded.matches(path))

    async def _part(self, program: str, files: Sequence[str], target: Target) -> sarif.Log:
        with tempfile.TemporaryDirectory(prefix="hotfix-secrets-") as folder:
            settings = await asyncio.to_thread(_settings, target.config_from / BASELINE, Path(folder))
            # What is marked as allowed is asked for as well, so that it can be counted.
            options = ["--no-verify", "--all-files", "--disable-filter", _IS_ALLOWED, *settings]
            argv = [program, "scan", *options, *(f"./{file}" for file in files)]
            done = await self._commands.run(argv, cwd=target.tree, timeout=self._timeout, capture=True, verbatim=True)
            written = Path(settings[1]) if settings else None
            return await asyncio.to_thread(_log, done, written, self._timeout)


def _find() -> str | None:
    """The one installed beside this program, else the one on PATH."""
    beside = Path(sys.executable).parent / "detect-secrets"
    return str(beside) if beside.exists() else shutil.which("detect-secrets")


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _settings(baseline: Path, folder: Path) -> list[str]:
    """The team's plug-ins and filters, in a file of our own: the program writes what it finds into it."""
    try:
        given = json.loads(baseline.read_bytes())
        kept = {key: given[key] for key in ("version", "plugins_used", "filters_used")}
    except (OSError, ValueError, KeyError, TypeError):
        return []
    copy = folder / "settings.json"
    # Filters from files are code of the tree's; they are not run.
    kept["filters_used"] = [f for f in kept["filters_used"] if not str(f.get("path", "")).startswith("file:")]
    kept["plugins_used"] = [p for p in kept["plugins_used"] if "path" not in p]
    copy.write_text(json.dumps({**kept, "results": {}, "generated_at": given.get("generated_at", "")}))
    return ["--baseline", str(copy)]


def _log(done: Finished, written: Path | None, limit: Seconds) -> sarif.Log:
    if done.timed_out:
        raise ScanFailed(f"it did not end within {spoken(limit)}", done.tail[-5:])
    if done.exit_code != 0:
        raise ScanFailed(f"it ended with {done.exit_code}", done.tail[-5:])
    try:
        results = json.loads(written.read_bytes() if written else done.output)["results"]
        return sarif.Log(tuple(_finding(path, found) for path, every in results.items() for found in every))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        kind = type(error).__name__  # its message could quote what was read
        raise ScanFailed(f"its answer cannot be read ({kind})", done.tail[-5:]) from None


def _finding(path: str, found: dict[str, Any]) -> sarif.Finding:
    place = path.removeprefix("./")
    line, digest = int(found.get("line_number", 0)), str(found["hashed_secret"])
    return sarif.Finding(str(found["type"]), "", sarif.Level.error, place, line, snippet=digest)


def _told(log: sarif.Log, files: int, tree: Path) -> Scan:
    """Without what is marked as no secret in the code; that is counted."""
    by_file: dict[str, frozenset[int]] = {}
    for finding in log.findings:
        if finding.path not in by_file:
            by_file[finding.path] = frozenset(_allowed_lines(tree / finding.path))
    kept = tuple(finding for finding in log.findings if finding.line not in by_file[finding.path])
    return Scan(msgspec.structs.replace(log, findings=kept), files, len(log.findings) - len(kept), "allowlist secret")


def _allowed_lines(file: Path) -> Iterator[int]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if marked := _ALLOWED.search(line):
            yield number + 1 if marked["next"] else number
