"""Node projects: npm, pnpm, Yarn, Bun."""

import json
import re
from typing import Any, NamedTuple

from .found import Guess, Language, joined
from .procfile import web_process
from .tree import Tree

_LINK = "ln -sfn $HOTFIX_ENV/node_modules node_modules"
"""Node looks for packages beside the code; the installation is shared, so each tree gets a link to it."""

_LINKED = "packages are installed once in $HOTFIX_ENV; each tree gets a link to them"


class _Manager(NamedTuple):
    name: str
    locks: tuple[str, ...]
    install: str


_MANAGERS = (
    _Manager("pnpm", ("pnpm-lock.yaml",), "pnpm install --frozen-lockfile"),
    _Manager("Yarn", ("yarn.lock",), "yarn install --frozen-lockfile"),
    _Manager("Bun", ("bun.lock", "bun.lockb"), "bun install --frozen-lockfile"),
    _Manager("npm", ("package-lock.json", "npm-shrinkwrap.json"), "npm ci --no-audit --no-fund"),
)
_UNLOCKED = _Manager("npm", (), "npm install --no-audit --no-fund")


def detect(tree: Tree) -> Language | None:
    """The Node project in `tree`, if it is one."""
    package = _package(tree)
    if package is None:
        return None
    manager = next((one for one in _MANAGERS if tree.has(*one.locks)), _UNLOCKED)
    files = [name for name in (*manager.locks, "package.json", ".npmrc", ".yarnrc.yml") if tree.has(name)]
    copied = f'mkdir -p "$HOTFIX_ENV" && cp {" ".join(files)} "$HOTFIX_ENV" && cd "$HOTFIX_ENV"'
    look = "" if manager.locks else "nothing is locked: two installations may differ; commit a package-lock.json"
    tests, missing = _tests(package)
    built = "build" in package["scripts"]
    return Language(
        f"Node ({manager.name})",
        setup=Guess(joined(copied, manager.install), f"{', '.join(files)}; {_LINKED}", look),
        inputs=Guess(files, "trees in which these files are equal share one installation"),
        tests=tests,
        build=_build(manager) if built else None,
        exclude=Guess(["node_modules"], "installed again where it runs") if built else None,
        start=_start(tree, package),
        missing=missing,
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
    return {"main": found.get("main"), "scripts": _part(found, "scripts"), "needs": needs}


def _part(package: dict[str, Any], name: str) -> dict[str, Any]:
    part = package.get(name)
    return part if isinstance(part, dict) else {}


def _tests(package: dict[str, Any]) -> tuple[Guess | None, tuple[str, ...]]:
    """How its tests write JUnit XML: every runner has a way, two of them need a package for it."""
    needs, script = package["needs"], str(package["scripts"].get("test", ""))
    if "vitest" in needs:
        command = "npx vitest run --reporter=default --reporter=junit --outputFile.junit=$HOTFIX_JUNIT"
        return Guess(joined(_LINK, command), "vitest is among devDependencies"), ()
    if "jest" in needs:
        command = "JEST_JUNIT_OUTPUT_FILE=$HOTFIX_JUNIT npx jest --ci --reporters=default --reporters=jest-junit"
        missing = (
            () if "jest-junit" in needs else ("npm install --save-dev jest-junit: jest by itself writes no JUnit XML",)
        )
        look = "jest-junit has to be installed" if missing else ""
        return Guess(joined(_LINK, command), "jest is among devDependencies", look), missing
    if "mocha" in needs:
        command = "npx mocha --reporter xunit --reporter-option output=$HOTFIX_JUNIT"
        return Guess(joined(_LINK, command), "mocha is among devDependencies"), ()
    if re.search(r"\bnode\b.*--test\b", script):
        reporter = "--test-reporter=junit --test-reporter-destination=$HOTFIX_JUNIT"
        linked = _LINK if needs else ""
        return Guess(joined(linked, f"node --test {reporter}"), f"scripts.test is {script!r}"), ()
    return None, ()


def _build(manager: _Manager) -> Guess:
    command = joined(manager.install, "npm run build")
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
        found = Guess(f"exec node {file}", file, "it has to listen on process.env.PORT") if file else None
    if found is None:
        return None
    command = str(found.value).removeprefix("exec ")
    linked = joined(_LINK, f"exec env PATH=$PWD/node_modules/.bin:$PATH {command}")
    return found._replace(value=linked if package["needs"] else f"exec {command}")
