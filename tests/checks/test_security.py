"""The check with the real bandit, and with shell commands that do what other scanners do."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.checks.places import SECRET, candidate, check, line, texts, workplace

from hotfix_deploy_runner.checks.security import make_check
from hotfix_deploy_runner.core.check import CheckResult, Status

SHELL = "import subprocess\ndef run(name):\n    return subprocess.call('ls ' + name, shell=True)\n"
CLEAN = "LIMIT = 3\n"
BANDIT: dict[str, object] = {"scanners": {"bandit": {}}}


def scanned(root: Path, ours: dict[str, str], base: dict[str, str], **settings: object) -> CheckResult:
    return check(make_check({**BANDIT, **settings}, workplace(root)), candidate(root, ours, base))


def test_nothing_found_is_the_contracts_line(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"a.py": CLEAN, "src/b.py": CLEAN}, {"a.py": CLEAN})
    clear = line(result, "Security scan clear")
    assert texts(result) == ["Security scan clear"]
    assert (clear.status, clear.detail) == (Status.OK, ("bandit: 2 files, 0 findings that the base has too",))
    assert result.found == {"bandit": {"new": [], "old": 0}}


def test_a_new_finding_fails_with_rule_and_place(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"src/x.py": SHELL}, {"src/x.py": CLEAN})
    failed = line(result, "Security scan: 1 new finding (bandit)")
    assert failed.status is Status.FAIL
    assert failed.detail[0].startswith("B602 subprocess_popen_with_shell_equals_true src/x.py:3 (subprocess call")
    found: Any = result.found["bandit"]
    assert [f["rule"] for f in found["new"] if f["level"] == "error"] == ["B602"]


def test_an_old_finding_that_moved_does_not_block_and_is_told(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"x.py": "# moved\n\n" + SHELL}, {"x.py": SHELL})
    assert line(result, "Security scan clear").detail == ("bandit: 1 file, 2 findings that the base has too",)
    assert result.status is Status.OK


def test_the_level_decides_and_what_is_below_is_told(tmp_path: Path) -> None:
    ours, base = {"x.py": "assert LIMIT\n"}, {"x.py": CLEAN}
    mild = scanned(tmp_path / "mild", ours, base)
    assert any("new, below warning: B101" in text for text in line(mild, "Security scan clear").detail)
    strict = scanned(tmp_path / "strict", ours, base, level="note")
    assert texts(strict, Status.FAIL) == ["Security scan: 1 new finding (bandit)"]


def test_excluded_names_are_whole_names(tmp_path: Path) -> None:
    ours = {"tests/a.py": SHELL, "src/smoke/b.py": SHELL, "contests/c.py": CLEAN, "latests.py": CLEAN}
    result = scanned(tmp_path, ours, {"latests.py": CLEAN})
    assert line(result, "Security scan clear").detail[0].startswith("bandit: 2 files")
    caught = scanned(tmp_path / "all", ours, {"latests.py": CLEAN}, exclude=[])
    assert texts(caught) == ["Security scan: 2 new findings (bandit)"]


def test_environments_are_never_scanned(tmp_path: Path) -> None:
    what = candidate(
        tmp_path,
        {"a.py": CLEAN, "deps/x.py": SHELL, "venv/pyvenv.cfg": "", "venv/y.py": SHELL},
        {"a.py": CLEAN},
        environment=tmp_path / "tree/deps",
    )
    result = check(make_check(BANDIT, workplace(tmp_path)), what)
    assert line(result, "Security scan clear").detail[0].startswith("bandit: 1 file")


def test_what_the_setup_generated_is_nobodys_work(tmp_path: Path) -> None:
    ours = {"x.py": SHELL, "new.py": SHELL, "build/lib/x.py": SHELL, "build/broken.py": "def (:\n"}
    what = candidate(tmp_path, ours, {"x.py": SHELL}, changed=("new.py",))
    failed = line(check(make_check(BANDIT, workplace(tmp_path)), what), "Security scan: 1 new finding (bandit)")
    assert "new.py:3" in failed.detail[0]


def test_no_python_file_is_a_skip_not_a_green(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"main.go": ""}, {"main.go": ""})
    assert texts(result) == ["Security scan skipped: there is no Python file to scan"]
    assert result.status is Status.SKIP


def test_the_first_python_file_is_compared_with_nothing(tmp_path: Path) -> None:
    assert texts(scanned(tmp_path, {"x.py": SHELL}, {"main.go": ""})) == ["Security scan: 1 new finding (bandit)"]


def test_without_bandit_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    result = scanned(tmp_path, {"x.py": SHELL}, {})
    assert result.status is Status.SKIP
    assert 'pip install "hotfix-deploy-runner[scanners]"' in texts(result)[0]


def test_a_file_that_cannot_be_parsed_is_no_silent_green(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"a.py": CLEAN, "bad.py": "def (:\n"}, {"a.py": CLEAN})
    failed = line(result, "Security scan could not read everything")
    assert failed.status is Status.FAIL
    assert "bad.py" in failed.detail[0]


def test_a_file_that_could_not_be_parsed_before_either_is_old(tmp_path: Path) -> None:
    files = {"a.py": CLEAN, "bad.py": "print 'python 2'\n"}
    assert scanned(tmp_path, files, files).status is Status.OK


def test_a_fix_cannot_switch_off_the_rule_that_catches_it(tmp_path: Path) -> None:
    ours = {"x.py": SHELL, ".bandit": "[bandit]\nskips = B602\n", "pyproject.toml": '[tool.bandit]\nskips = ["B602"]\n'}
    assert texts(scanned(tmp_path, ours, {"x.py": CLEAN})) == ["Security scan: 1 new finding (bandit)"]


@pytest.mark.parametrize(
    "config",
    [{".bandit": "[bandit]\nskips = B602\n"}, {"pyproject.toml": '[tool.bandit]\nskips = ["B602"]\n'}],
)
def test_the_bases_own_settings_hold(config: dict[str, str], tmp_path: Path) -> None:
    result = scanned(tmp_path, {"x.py": SHELL}, {"x.py": CLEAN, **config})
    assert texts(result) == ["Security scan clear"]


def test_new_nosec_marks_are_told(tmp_path: Path) -> None:
    marked = SHELL.replace("shell=True)", "shell=True)  # nosec")
    result = scanned(tmp_path, {"x.py": marked}, {"x.py": CLEAN})
    assert any("marked # nosec" in text for text in line(result, "Security scan clear").detail)


def test_neither_a_known_nor_a_found_secret_is_shown(tmp_path: Path) -> None:
    ours = {"x.py": f"password = '{SECRET}'\ntoken = 'never-seen-before'\n"}
    result = scanned(tmp_path, ours, {"x.py": CLEAN}, level="note")
    assert "B105" in str(result.lines)
    for secret in (SECRET, "never-seen-before"):
        assert secret not in str(result)


def test_odd_file_names_are_scanned(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"-x.py": SHELL, "a b.py": SHELL, "é.py": SHELL}, {"a.py": CLEAN})
    assert texts(result) == ["Security scan: 3 new findings (bandit)"]


SARIF: dict[str, Any] = {
    "runs": [
        {
            "tool": {"driver": {"name": "t"}},
            "results": [
                {
                    "ruleId": "G1",
                    "message": {"text": "weak"},
                    "locations": [
                        {"physicalLocation": {"artifactLocation": {"uri": "a.go"}, "region": {"startLine": 1}}}
                    ],
                }
            ],
        }
    ]
}


def with_scanner(root: Path, command: str, ours: dict[str, str] = {}, base: dict[str, str] = {}) -> CheckResult:
    (root / "given.sarif").write_text(json.dumps(SARIF))
    settings = {"mine": {"command": command.replace("GIVEN", str(root / "given.sarif"))}}
    return scanned(root, {"a.go": "weak()", **ours}, {"a.go": "fine()", **base}, scanners=settings, timeout="5s")


def test_any_scanner_that_writes_sarif_is_compared_by_the_code_at_its_lines(tmp_path: Path) -> None:
    result = with_scanner(tmp_path, "cp GIVEN $HOTFIX_SARIF; exit 1")
    assert line(result, "Security scan: 1 new finding (mine)").detail == ("G1 a.go:1 (weak)",)
    same = with_scanner(tmp_path, "cp GIVEN $HOTFIX_SARIF; exit 1", base={"a.go": "  weak()"})
    assert line(same, "Security scan clear").detail == ("mine: 1 finding that the base has too",)


def test_what_another_scanner_finds_in_generated_files_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "given.sarif").write_text(json.dumps(SARIF))
    settings = {"scanners": {"mine": {"command": f"cp {tmp_path}/given.sarif $HOTFIX_SARIF"}}}
    what = candidate(tmp_path, {"a.go": "weak()"}, changed=("b.go",))
    assert texts(check(make_check(settings, workplace(tmp_path)), what)) == ["Security scan clear"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("echo no licence; exit 2", "mine: it ended with 2"),
        ("true", "mine: it wrote no SARIF"),
        ("echo '{' > $HOTFIX_SARIF", "mine: its SARIF cannot be read"),
        ("echo '{\"runs\": []}' > $HOTFIX_SARIF; exit 1", "mine: it ended with 1 and reported nothing"),
        ("kill -9 $$", "mine: it ended with -9"),
        ("no-such-scanner", "mine: it ended with 127"),
    ],
)
def test_a_scan_that_could_not_be_done_fails_and_says_why(command: str, why: str, tmp_path: Path) -> None:
    failed = line(with_scanner(tmp_path, command), "Security scan could not be done")
    assert failed.status is Status.FAIL
    assert failed.detail[0].startswith(why)


def test_a_scan_that_fails_on_the_base_only_is_no_green_either(tmp_path: Path) -> None:
    result = with_scanner(tmp_path, "test ! -e old || exit 7; cp GIVEN $HOTFIX_SARIF", base={"old": ""})
    assert line(result, "Security scan could not be done").detail[0] == "mine: on the base: it ended with 7"


def test_the_time_limit_is_said(tmp_path: Path) -> None:
    settings = {"slow": {"command": "exec sleep 60"}}
    result = scanned(tmp_path, {}, {}, scanners=settings, timeout="300ms")
    assert line(result, "Security scan could not be done").detail[0] == "slow: it did not end within 0.3 s"


def test_a_log_of_an_earlier_run_does_not_count(tmp_path: Path) -> None:
    with_scanner(tmp_path, "cp GIVEN $HOTFIX_SARIF")
    assert texts(with_scanner(tmp_path, "true")) == ["Security scan could not be done"]


def test_several_scanners_are_all_reported(tmp_path: Path) -> None:
    settings = {"bandit": {}, "mine": {"command": "exit 3"}}
    result = scanned(tmp_path, {"x.py": SHELL}, {"x.py": CLEAN}, scanners=settings)
    assert texts(result, Status.FAIL) == ["Security scan: 1 new finding (bandit)", "Security scan could not be done"]
