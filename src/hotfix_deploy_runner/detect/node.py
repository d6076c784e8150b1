"""Node projects: npm, pnpm, Yarn, Bun."""

import json
from typing import Any, NamedTuple

from . import node_tests
from .found import Guess, Language, joined
from .procfile import web_process
from .tree import Tree

_LINK = "ln -sfn $HOTFIX_ENV/node_modules node_modules"
"""Node looks for packages beside the code; the installation is shared, so each tree gets a link to it."""

_AT_INSTALL = frozenset({"preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"})
"""Scripts that an installation runs."""

_LINKED = "packages are installed once in $HOTFIX_ENV; each tree gets a link to them"


class _Manager(NamedTuple):
    name: str
    locks: tuple[str, ...]
    install: str
    add: str
    """Adds a package to an installation."""


_NPM_ADD = "npm install --no-save --no-audit --no-fund"
_MANAGERS = (
    _Manager("pnpm", ("pnpm-lock.yaml",), "pnpm install --frozen-lockfile", "pnpm add --save-dev"),
    _Manager("Yarn", ("yarn.lock",), "yarn install --frozen-lockfile", "yarn add --dev"),
    _Manager("Bun", ("bun.lock", "bun.lockb"), "bun install --frozen-lockfile", "bun add --dev"),
    _Manager("npm", ("package-lock.json", "npm-shrinkwrap.json"), "npm ci --no-audit --no-fund", _NPM_ADD),
)
_UNLOCKED = _Manager("npm", (), "npm install --no-audit --no-fund", _NPM_ADD)


def detect(tree: Tree) -> Language | None:
    """The Node project in `tree`, if it is one."""
    package = _package(tree)
    if package is None:
        return None
    manager = next((one for one in _MANAGERS if tree.has(*one.locks)), _UNLOCKED)
    files = [name for name in (*manager.locks, "package.json", ".npmrc", ".yarnrc.yml") if tree.has(name)]
    setup = _setup(files, manager, package)
    script, needs = package["scripts"].get("test"), package["needs"]
    # A version that is out already cannot be given the package; the installation can.
    formatter = f"{manager.add} jest-junit@16" if node_tests.lacks_formatter(script, needs) else ""
    look = "" if manager.locks else "nothing is locked: two installations may differ; commit a package-lock.json"
    built = "build" in package["scripts"]
    return Language(
        f"Node ({manager.name})",
        setup=Guess(joined(setup, formatter), f"{', '.join(files)}; {_LINKED}", look),
        inputs=Guess(files, "trees in which these files are equal share one installation"),
        tests=node_tests.command(script, needs, _LINK),
        build=_build(manager, setup, package) if built else None,
        exclude=Guess(["node_modules"], "installed again where it runs") if built else None,
        start=_start(tree, package),
    )


def _package(tree: Tree) -> dict[str, Any] | None:
    """package.json, with the parts that are looked at made whole."""
    if not tree.has("package.json"):
        return None
    try:
        found = json.loads(tree.text("package.json"))
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {}
    needs = {**_part(found, "dependencies"), **_part(found, "devDependencies")}
    programs = found.get("bin")
    first = next(iter(programs.values()), "") if isinstance(programs, dict) else programs
    return {"main": found.get("main"), "bin": str(first or ""), "scripts": _part(found, "scripts"), "needs": needs}


def _part(package: dict[str, Any], name: str) -> dict[str, Any]:
    part = package.get(name)
    return part if isinstance(part, dict) else {}


def _setup(files: list[str], manager: _Manager, package: dict[str, Any]) -> str:
    """Install beside a copy of the files that say what. The project's own scripts find no project there: they go."""
    copied = f'mkdir -p "$HOTFIX_ENV" && cp {" ".join(files)} "$HOTFIX_ENV" && cd "$HOTFIX_ENV"'
    return joined(copied, "npm pkg delete scripts" if _has_own_steps(package) else "", manager.install)


def _has_own_steps(package: dict[str, Any]) -> bool:
    return not _AT_INSTALL.isdisjoint(package["scripts"])


def _build(manager: _Manager, setup: str, package: dict[str, Any]) -> Guess:
    """In a tree of its own. Steps of the project's own would be taken there as well: tests, git hooks."""
    command = joined(manager.install, "npm run build")
    if _has_own_steps(package):
        command = joined("export HOTFIX_ENV=$PWD/.hotfix-env", f"({setup})", _LINK, "npm run build")
    return Guess(command, "scripts.build in package.json", "it runs in a clean tree of its own")


def _start(tree: Tree, package: dict[str, Any]) -> Guess | None:
    script, main = str(package["scripts"].get("start", "")), package["main"]
    process = web_process(tree)
    if process and not str(process.value).startswith(("npm", "yarn", "pnpm")):
        found: Guess | None = process._replace(value=f"exec {process.value}")
    elif script:
        # npm itself in between would not pass TERM on.
        found = Guess(f"exec {script}", "scripts.start in package.json", "it has to listen on process.env.PORT")
    else:
        file = main if isinstance(main, str) and tree.has(main) else tree.first("server.js", "app.js", "index.js")
        file, why = (file, file) if file else (package["bin"], "bin in package.json")
        found = Guess(f"exec node {file}", why, "it has to listen on process.env.PORT") if file else None
    if found is None:
        return None
    command = str(found.value).removeprefix("exec ")
    linked = joined(_LINK, f"exec env PATH=$PWD/node_modules/.bin:$PATH {command}")
    return found._replace(value=linked if package["needs"] else f"exec {command}")
