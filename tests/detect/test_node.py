import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.detect.place import tree_of, value
from tests.fakes.samples import NODE

from hotfix_deploy_runner.detect.found import Language
from hotfix_deploy_runner.detect.node import detect
from hotfix_deploy_runner.doors.reports import read

LINK = "ln -sfn $HOTFIX_ENV/node_modules node_modules && "


def detected(folder: Path, files: Mapping[str, str]) -> Language:
    language = detect(tree_of(folder, files))
    assert language is not None
    return language


def package(**parts: object) -> dict[str, str]:
    return {"package.json": json.dumps(parts)}


def test_a_service_with_npm(tmp_path: Path) -> None:
    language = detected(tmp_path, NODE)
    assert language.name == "Node (npm)"
    assert value(language.inputs) == ["package-lock.json", "package.json"]
    assert value(language.setup) == (
        'mkdir -p "$HOTFIX_ENV" && cp package-lock.json package.json "$HOTFIX_ENV" && cd "$HOTFIX_ENV" '
        "&& npm ci --no-audit --no-fund"
    )
    assert value(language.start) == f"{LINK}exec env PATH=$PWD/node_modules/.bin:$PATH node server.js"
    assert language.build is None


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_guessed_test_command_runs_and_is_counted(tmp_path: Path) -> None:
    language = detected(tmp_path / "tree", NODE)
    environment, report = tmp_path / "environment", tmp_path / "report.xml"
    (environment / "node_modules").mkdir(parents=True)
    env = {**os.environ, "HOTFIX_ENV": str(environment), "HOTFIX_JUNIT": str(report)}
    command = str(value(language.tests))
    subprocess.run(["sh", "-c", command], cwd=tmp_path / "tree", env=env, check=True, capture_output=True)
    assert read(report, tmp_path / "tree").passed == 1


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_guessed_start_finds_the_packages(tmp_path: Path) -> None:
    """A package of the shared installation is found from the tree, by a module too, and is told the port."""
    files = {
        **package(type="module", scripts={"start": "node server.js"}, dependencies={"greeting": "1"}),
        "server.js": 'import { hello } from "greeting";\nconsole.log(hello, process.env.PORT);\n',
    }
    language = detected(tmp_path / "tree", files)
    tree_of(
        tmp_path / "environment" / "node_modules" / "greeting",
        {"package.json": '{"name": "greeting", "main": "index.js"}', "index.js": 'exports.hello = "hello";\n'},
    )
    env = {**os.environ, "HOTFIX_ENV": str(tmp_path / "environment"), "PORT": "1234"}
    done = subprocess.run(
        ["sh", "-c", str(value(language.start))], cwd=tmp_path / "tree", env=env, capture_output=True, text=True
    )
    assert done.stdout == "hello 1234\n", done.stderr


@pytest.mark.parametrize(
    ("lock", "name", "install"),
    [
        ("pnpm-lock.yaml", "pnpm", "pnpm install --frozen-lockfile"),
        ("yarn.lock", "Yarn", "yarn install --frozen-lockfile"),
        ("bun.lock", "Bun", "bun install --frozen-lockfile"),
    ],
)
def test_a_lock_file_tells_the_package_manager(tmp_path: Path, lock: str, name: str, install: str) -> None:
    language = detected(tmp_path, {**package(), lock: ""})
    assert language.name == f"Node ({name})"
    assert str(value(language.setup)).endswith(install)


@pytest.mark.parametrize(
    ("needs", "command", "added"),
    [
        ({"vitest": "3"}, "npx vitest run --reporter=default --reporter=junit --outputFile.junit=$HOTFIX_JUNIT", 0),
        ({"jest": "30"}, "--reporters=jest-junit", 1),
        ({"jest": "30", "jest-junit": "16"}, "JEST_JUNIT_OUTPUT_FILE=$HOTFIX_JUNIT npx jest", 0),
        ({"mocha": "11"}, "npx mocha --reporter xunit --reporter-option output=$HOTFIX_JUNIT", 0),
    ],
)
def test_each_runner_has_its_way_to_junit(tmp_path: Path, needs: dict[str, str], command: str, added: int) -> None:
    language = detected(tmp_path, package(devDependencies=needs))
    assert str(value(language.tests)).startswith(LINK)
    assert command in str(value(language.tests))
    assert str(value(language.setup)).count("jest-junit@16") == added
    assert language.missing == ()


@pytest.mark.parametrize(
    ("script", "needs", "expected"),
    [
        (
            "npm run build && cross-env NODE_ENV=test jest && npm run lint",
            {"jest": "26"},
            "npm run build && JEST_JUNIT_OUTPUT_FILE=$HOTFIX_JUNIT cross-env NODE_ENV=test "
            "jest --ci --reporters=default --reporters=jest-junit",
        ),
        (
            "node --experimental-strip-types --test src/*.test.ts",
            {"typescript": "5"},
            "node --experimental-strip-types --test --test-reporter=junit "
            "--test-reporter-destination=$HOTFIX_JUNIT src/*.test.ts",
        ),
        (
            "mocha --require x",
            {"mocha": "11"},
            "mocha --reporter xunit --reporter-option output=$HOTFIX_JUNIT --require x",
        ),
        ("vitest", {"vitest": "3"}, "vitest run --reporter=default --reporter=junit --outputFile.junit=$HOTFIX_JUNIT"),
    ],
)
def test_the_script_of_the_tests_keeps_what_it_says(
    tmp_path: Path, script: str, needs: dict[str, str], expected: str
) -> None:
    """What it does before, its options and its files; not what comes after."""
    tests = value(detected(tmp_path, package(scripts={"test": script}, devDependencies=needs)).tests)
    assert str(tests).endswith(f"export PATH=$PWD/node_modules/.bin:$PATH && {expected}")


@pytest.mark.parametrize("name", ["prepare", "postinstall", "prepublish"])
def test_the_projects_own_steps_are_not_taken_where_only_its_packages_are(tmp_path: Path, name: str) -> None:
    language = detected(tmp_path, {**package(scripts={name: "husky", "build": "tsc"}), "package-lock.json": ""})
    assert "&& npm pkg delete scripts && npm ci" in str(value(language.setup))
    assert str(value(language.build)).startswith("export HOTFIX_ENV=$PWD/.hotfix-env && (mkdir -p")
    assert str(value(language.build)).endswith(f"npm ci --no-audit --no-fund) && {LINK}npm run build")


def test_a_program_of_the_package_is_the_last_resort(tmp_path: Path) -> None:
    language = detected(tmp_path, package(bin={"shop": "lib/bin.js"}))
    assert value(language.start) == "exec node lib/bin.js"


def test_what_is_built_is_packed_without_its_packages(tmp_path: Path) -> None:
    language = detected(tmp_path, {**package(scripts={"build": "tsc"}), "package-lock.json": ""})
    assert value(language.build) == "npm ci --no-audit --no-fund && npm run build"
    assert value(language.exclude) == ["node_modules"]


def test_without_a_lock_it_is_said(tmp_path: Path) -> None:
    language = detected(tmp_path, {**package(), "index.js": ""})
    assert language.setup and "nothing is locked" in language.setup.look
    assert value(language.start) == "exec node index.js"


@pytest.mark.parametrize("text", ["{", "[]", '{"scripts": 1, "dependencies": []}'])
def test_a_broken_package_json_is_borne(tmp_path: Path, text: str) -> None:
    assert detected(tmp_path, {"package.json": text}).tests is None
