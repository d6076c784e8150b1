"""Go projects: a module with one main package, or several."""

import re

from .found import Guess, Language
from .tree import Tree

_GOTESTSUM = "gotest.tools/gotestsum"


def detect(tree: Tree) -> Language | None:
    """The Go module in `tree`, if it is one."""
    if not tree.has("go.mod"):
        return None
    tests, missing = _tests(tree)
    program = _program(tree)
    return Language(
        "Go (modules)",
        tests=tests,
        build=_build(program) if program else None,
        start=_start(program) if program else None,
        missing=missing,
    )


def _tests(tree: Tree) -> tuple[Guess, tuple[str, ...]]:
    """`go test` writes no JUnit XML; gotestsum runs it and does."""
    arguments = '--junitfile "$HOTFIX_JUNIT" ./...'
    if re.search(rf"^(tool\s+|\t){re.escape(_GOTESTSUM)}$", tree.text("go.mod"), re.MULTILINE):
        return Guess(f"go tool gotestsum {arguments}", "gotestsum is a tool of go.mod"), ()
    need = f"go install {_GOTESTSUM}@latest: go test by itself writes no JUnit XML"
    return Guess(f"gotestsum {arguments}", "go.mod", "gotestsum has to be on the PATH"), (need,)


def _program(tree: Tree) -> Guess | None:
    """The main package that is the service: the one that listens, else one under cmd/, else any."""
    mains = [path for path, _ in tree.search(r"^package main\b", ".go") if not path.endswith("_test.go")]
    found = [path for path in mains if "func main()" in tree.text(path)]
    if not found:
        return None
    listening = [path for path in found if re.search(r"ListenAndServe|\.Listen\(|\.Run\(", tree.text(path))]
    chosen = (listening or [path for path in found if path.startswith("cmd/")] or found)[0]
    others = [path for path in found if _package(path) != _package(chosen)]
    look = f"there are other programs: {', '.join(others[:3])}" if others else ""
    return Guess(_package(chosen), chosen, look)


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
