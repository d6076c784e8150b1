"""`analyze`: on journals of real runs, on files of counts, and on production as it is."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fakes.lab import Traffic
from tests.fakes.office import Office

from hotfix_deploy_runner.cli import analyze
from hotfix_deploy_runner.cli.main import main
from hotfix_deploy_runner.core.ending import ExitCode

HEAD = "time,revision,instance,requests,errors"


def told(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["analyze", *words])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(tmp_path)
    monkeypatch.chdir(made.repository.clone)
    return made


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    path = tmp_path / "counts.csv"
    rows = [f"{2 * n},v1,a,200,0\n{2 * n},v2,b,200,{0 if n < 3 else 60}" for n in range(1, 9)]
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_real_run_that_rolled_back_is_told_as_it_was_and_as_it_would_have_been(
    office: Office, tmp_path: Path
) -> None:
    office.traffic = Traffic({"v1.0.1": 0.5})
    assert office.deploy().code == ExitCode.ROLLED_BACK
    text = told("last", "--svg", str(tmp_path / "a.svg")).stdout
    assert "Verdict then: breached" in text and "Verdict now: breached" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert ElementTree.parse(tmp_path / "a.svg").getroot().get("viewBox")
    mild = told("--rollback-threshold", "90").stdout
    assert "Verdict then: breached" in mild and "Verdict now: breached" not in mild and "where the run turned" in mild
    whole = json.loads(told("--json").stdout)
    assert whole["then"]["verdict"]["kind"] == whole["now"]["verdict"]["kind"] == "breached"
    assert whole["now"]["at"] == whole["moments"][-1]["at"]
    assert office.rollback("v1.0.0").code == ExitCode.DONE
    assert "nothing was watched" in told("last", code=2).stderr


def test_a_file_of_counts_is_judged_with_the_settings_limits(office: Office, counts: Path, tmp_path: Path) -> None:
    asked = ("--csv", str(counts), "--old", "v1", "--new", "v2")
    text = told(*asked, "--svg", str(tmp_path / "a.svg")).stdout
    assert "v2 against v1, counts.csv" in text and "Verdict now: breached" in text and "Verdict then" not in text
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert "Verdict now: breached" not in told(*asked, "--rollback-threshold", "50").stdout


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("last", "--live"), "give one"),
        (("--csv", "COUNTS"), "belong together"),
        (("--old", "v1", "--new", "v2"), "belong together"),
        (("--csv", "COUNTS", "--old", "v1", "--new", "v1"), "the same revision"),
        (("--csv", "COUNTS", "--old", "v1", "--new", "v9"), "has no counts of v9"),
        (("--csv", "COUNTS", "--old", "v1", "--new", "v2", "--svg", "/nowhere/a.svg"), "cannot be written"),
        (("--live", "--svg", "a.svg"), "no course of evidence"),
        (("--live", "--for", "soon"), "--for: 'soon'"),
        (("--rollback-threshold", "101"), "rollback_threshold"),
        (("--threshold-mode", "odd"), "threshold_mode"),
        (("nonsense",), "nonsense"),
    ],
)
def test_what_is_asked_wrongly_is_an_error_of_usage(
    office: Office, counts: Path, words: tuple[str, ...], what: str
) -> None:
    done = told(*(str(counts) if word == "COUNTS" else word for word in words), code=2)
    assert what in done.stderr and done.stdout == ""


def test_production_as_it_is_tells_whether_the_limits_suit_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project is the office's: its platform and its metrics are fakes, all else is the command's own."""
    monkeypatch.setattr(analyze, "open_project", lambda config, overrides: office.open())
    calm = told("--live", "--for", "200ms").stdout
    assert "is not found over the threshold of 5 %" in calm and calm.endswith("would be the least that does.\n")
    office.traffic = Traffic({"v1.0.0": 0.1})
    found = json.loads(told("--live", "--for", "200ms", "--json").stdout)
    assert found["version"] == "v1.0.0" and found["trips"] and found["over_baseline"] and found["rate"] == 0.1
    office.traffic = Traffic(silent=True)
    assert "gave no reading" in told("--live", "--for", "50ms", code=2).stderr
