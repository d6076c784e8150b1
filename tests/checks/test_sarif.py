import json
from pathlib import Path
from typing import Any

import pytest

from hotfix_deploy_runner.checks.sarif import Level, Log, UnreadableLog, parse, read

ROOT = Path("/work tree")


def log(result: dict[str, Any], **run: Any) -> dict[str, Any]:
    return {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t"}}, "results": [result], **run}]}


def located(uri: str, **more: Any) -> list[dict[str, Any]]:
    return [{"physicalLocation": {"artifactLocation": {"uri": uri, **more}, "region": {"startLine": 3}}}]


def driver(**rule: Any) -> dict[str, Any]:
    return {"driver": {"name": "t", "rules": [{"id": "OTHER"}, rule]}}


@pytest.mark.parametrize(
    ("result", "tool", "level"),
    [
        ({"ruleId": "R"}, driver(id="R"), Level.warning),
        ({"ruleId": "R", "level": "note"}, driver(id="R", defaultConfiguration={"level": "error"}), Level.note),
        ({"ruleId": "R"}, driver(id="R", defaultConfiguration={"level": "error"}), Level.error),
        ({"ruleIndex": 1}, driver(id="R", defaultConfiguration={"level": "error"}), Level.error),
        ({"rule": {"index": 1}}, driver(id="R", defaultConfiguration={"level": "note"}), Level.note),
        ({"ruleId": "R", "ruleIndex": 7}, driver(id="R", defaultConfiguration={"level": "note"}), Level.note),
        ({"ruleId": "R", "ruleIndex": 0}, driver(id="R", defaultConfiguration={"level": "note"}), Level.note),
        ({"ruleId": "X"}, driver(id="R", defaultConfiguration={"level": "error"}), Level.warning),
        ({"ruleId": "R", "kind": "fail"}, driver(id="R"), Level.warning),
    ],
)
def test_the_level_is_the_results_else_the_rules_else_warning(
    result: dict[str, Any], tool: dict[str, Any], level: Level
) -> None:
    assert parse(log(result, tool=tool), ROOT).findings[0].level is level


@pytest.mark.parametrize("result", [{"level": "none"}, {"kind": "pass"}, {"kind": "informational"}])
def test_what_is_no_problem_is_no_finding(result: dict[str, Any]) -> None:
    assert parse(log({"ruleId": "R", **result}), ROOT) == Log()


@pytest.mark.parametrize(
    ("suppressions", "counted"),
    [
        ([], True),
        ([{"kind": "inSource"}], False),
        ([{"kind": "external", "status": "accepted"}], False),
        ([{"kind": "external", "status": "underReview"}], True),
        ([{"kind": "inSource"}, {"kind": "external", "status": "rejected"}], True),
    ],
)
def test_a_suppressed_result_is_counted_apart(suppressions: list[dict[str, str]], counted: bool) -> None:
    found = parse(log({"ruleId": "R", "suppressions": suppressions}), ROOT)
    assert (len(found.findings), found.suppressed) == ((1, 0) if counted else (0, 1))


@pytest.mark.parametrize(
    ("uri", "more", "bases"),
    [
        ("src/a.py", {}, {}),
        ("./src/a.py", {}, {}),
        ("src/a.py", {"uriBaseId": "%SRCROOT%"}, {}),
        ("file:///work%20tree/src/a.py", {}, {}),
        ("/work tree/src/a.py", {}, {}),
        ("src/a.py", {"uriBaseId": "ROOT"}, {"ROOT": {"uri": "file:///work%20tree/"}}),
        ("a.py", {"uriBaseId": "ROOT"}, {"ROOT": {"uri": "file:///work%20tree/src"}}),
    ],
)
def test_paths_are_relative_to_what_was_scanned(uri: str, more: dict[str, str], bases: dict[str, Any]) -> None:
    found = parse(log({"ruleId": "R", "locations": located(uri, **more)}, originalUriBaseIds=bases), ROOT)
    assert (found.findings[0].path, found.findings[0].line) == ("src/a.py", 3)


def test_what_the_tool_could_not_do_is_kept() -> None:
    sorry = {"level": "error", "message": {"text": "cannot parse"}, "locations": located("src/a.py")}
    fine = {"message": {"text": "a mere warning"}}
    calls = [{"executionSuccessful": False, "toolExecutionNotifications": [sorry, fine]}]
    found = parse(log({"ruleId": "R"}, invocations=calls), ROOT)
    assert found.complaints == ("the tool says that it did not succeed", "src/a.py: cannot parse")


def test_no_results_is_an_empty_log() -> None:
    assert parse({"runs": [{"tool": {"driver": {}}, "results": None}]}, ROOT) == Log()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"runs": 3}', '{"runs": [{"results": [1]}]}', "[" * 100_000])
def test_what_is_no_sarif_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "x.sarif"
    file.write_text(content)
    with pytest.raises(UnreadableLog):
        read(file, tmp_path)


def test_an_unknown_level_is_refused_not_guessed(tmp_path: Path) -> None:
    file = tmp_path / "x.sarif"
    file.write_text(json.dumps(log({"ruleId": "R", "level": "catastrophic"})))
    with pytest.raises(UnreadableLog):
        read(file, tmp_path)


def test_a_log_beyond_the_limit_or_none_at_all_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "x.sarif").open("wb") as file:
        file.truncate(50_000_001)
    for name in ("x.sarif", "none.sarif"):
        with pytest.raises(UnreadableLog):
            read(tmp_path / name, tmp_path)
