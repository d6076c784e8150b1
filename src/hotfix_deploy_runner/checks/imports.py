"""Which copy of the code did the tests run? A run that imports the service from elsewhere proves nothing.

The usual cause is an environment into which the operator's checkout is installed as editable: its `.pth` file puts
that checkout on the path, and a `src/` layout is then imported from there instead of from the tree under test.
Seen through a `sitecustomize` of ours at the front of PYTHONPATH (`injected/`); a Python that ignores PYTHONPATH
(`-I`, `-E`) or leaves by `os._exit` leaves no report.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

INJECTED = Path(__file__).parent / "injected"
_TESTS = frozenset({"bench", "benchmarks", "conftest", "smoke", "test", "tests"})
_TOOLING = frozenset({"build", "dist", "doc", "docs", "examples", "noxfile", "scripts", "setup", "tasks"})
_OF_OTHERS = frozenset({"migrations", "node_modules", "sitecustomize", "usercustomize"})


class Stranger(msgspec.Struct, frozen=True):
    """A module of the project that was imported from outside the tree, and the file it came from."""

    module: str
    path: str


class Imports(msgspec.Struct, frozen=True):
    """What the reports say: how many processes reported, how many own modules were seen, which came from elsewhere."""

    processes: int = 0
    modules: int = 0
    strangers: tuple[Stranger, ...] = ()


class ImportWatch:
    """Watches one test run of `tree`. Reports go to `directory`, which is emptied of earlier ones."""

    def __init__(self, tree: Path, environment: Path, directory: Path) -> None:
        self.names = own_names(tree)
        self._roots = (tree.resolve(), *([environment.resolve()] if _inside(environment.resolve(), tree) else []))
        self._directory = directory
        self._regular = frozenset(name for name in self.names if _is_regular(tree, name))

    def prepare(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The variables to run the tests with; `environ` is what they would else inherit."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for old in self._directory.glob("*.json*"):
            old.unlink()
        path = [str(INJECTED), *filter(None, [environ.get("PYTHONPATH")])]
        return {
            "PYTHONPATH": os.pathsep.join(path),
            "HOTFIX_IMPORTS_DIR": str(self._directory),
            "HOTFIX_IMPORTS_NAMES": ",".join(sorted(self.names)),
        }

    def result(self) -> Imports:
        """What was reported since `prepare`."""
        reports = [_load(file) for file in sorted(self._directory.glob("*.json"))]
        modules = {(module, path) for report in reports for module, path in report.items()}
        strangers = sorted((m, p) for m, p in modules if self._is_strange(m, Path(p)))
        return Imports(len(reports), len(modules), tuple(Stranger(m, p) for m, p in strangers))

    def _is_strange(self, module: str, path: Path) -> bool:
        if any(_inside(path, root) for root in self._roots):
            return False
        # A folder without __init__.py (alembic/) may have the name of an installed package: that one is no stranger.
        installed = {"site-packages", "dist-packages"} & set(path.parts)
        return module.partition(".")[0] in self._regular or not installed


def own_names(tree: Path) -> frozenset[str]:
    """The top-level modules and packages of `tree`: at its root and under `src/`, tests and tooling left out.

    A name that the standard library has too is left out: which of the two is meant cannot be told.
    """
    names = {name for folder in (tree, tree / "src") for name in _importable(folder)}
    return frozenset(n for n in names if not _is_no_service(n)) - sys.stdlib_module_names


def _importable(folder: Path) -> Iterator[str]:
    for entry in folder.iterdir() if folder.is_dir() else ():
        name = entry.stem if entry.suffix == ".py" else entry.name
        holds_code = entry.suffix == ".py" if entry.is_file() else any(entry.glob("*.py"))
        if holds_code and name.isidentifier():
            yield name


def _is_no_service(name: str) -> bool:
    return name in _TESTS | _TOOLING | _OF_OTHERS or name.startswith("test_") or name.endswith("_test")


def _is_regular(tree: Path, name: str) -> bool:
    """Whether it is a module or a package with an `__init__.py`, not just a folder with Python files."""
    folders: Iterable[Path] = (tree, tree / "src")
    return any((f / f"{name}.py").is_file() or (f / name / "__init__.py").is_file() for f in folders)


def _inside(path: Path, root: Path) -> bool:
    return path.is_relative_to(root.resolve())


def _load(file: Path) -> dict[str, str]:
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(module): str(path) for module, path in report.items()} if isinstance(report, dict) else {}
