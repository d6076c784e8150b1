"""Go projects: a module with one main package, or several."""

import re
from pathlib import PurePosixPath

from .found import Guess, Language
from .tree import Tree

_GOTESTSUM = "gotest.tools/gotestsum"
_NOT_SHIPPED = frozenset({"_examples", "example", "examples", "hack", "testdata", "tools"})


def detect(tree: Tree) -> Language | None:
    """The Go module in `tree`, if it is one."""
    if not tree.has("go.mod"):
        return None
    program = _program(tree)
    return Language(
        "Go (modules)",
        tests=_tests(tree),
        build=_build(program) if program else None,
        start=_start(program) if program else None,
    )


def _tests(tree: Tree) -> Guess:
    """`go test` writes no JUnit XML; what it prints as JSON is read as well."""
    if re.search(rf"^(tool\s+|\t){re.escape(_GOTESTSUM)}$", tree.text("go.mod"), re.MULTILINE):
        return Guess('go tool gotestsum --junitfile "$HOTFIX_JUNIT" ./...', "gotestsum is a tool of go.mod")
    return Guess('go test -json ./... > "$HOTFIX_JUNIT"', "go.mod; what go test -json prints is read as a report")


def _program(tree: Tree) -> Guess | None:
    """The main package that is the service: the one that listens, else one under cmd/, else any."""
    mains = [path for path, _ in tree.search(r"^package main\b", ".go") if not path.endswith("_test.go")]
    found = [path for path in mains if "func main()" in tree.text(path) and _is_shipped(path, tree)]
    if not found:
        return None
    listening = [path for path in found if re.search(r"ListenAndServe|\.Listen\(|\.Run\(", tree.text(path))]
    chosen = (listening or [path for path in found if path.startswith("cmd/")] or found)[0]
    others = [path for path in found if _package(path) != _package(chosen)]
    look = f"there are other programs: {', '.join(others[:3])}" if others else ""
    return Guess(_package(chosen), chosen, look)


def _is_shipped(path: str, tree: Tree) -> bool:
    """Whether a file is of this module, and no example or tool for its developers."""
    folders = [parent.as_posix() for parent in PurePosixPath(path).parents][:-1]
    names = {PurePosixPath(folder).name for folder in folders}
    return not names & _NOT_SHIPPED and not tree.has(*(f"{folder}/go.mod" for folder in folders))


def _package(path: str) -> str:
    folder = path.rpartition("/")[0]
    return f"./{folder}" if folder else "."


def _build(program: Guess) -> Guess:
    look = "; ".join(
        part for part in (program.look, "the version is told at the start: leave it out of -ldflags") if part
    )
    return Guess(f"go build -trimpath -o service.bin {program.value}", f"package main in {program.why}", look)


def _start(program: Guess) -> Guess:
    return Guess("exec ./service.bin", "what [build] makes", "it has to listen on $PORT")
