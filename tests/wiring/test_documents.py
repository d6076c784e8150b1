"""The files of the document, and the notes beside them."""

import json
import re
from pathlib import Path

import pytest
from tests.fakes.events import errors_rolled_back, failing_test

from hotfix_deploy_runner.core.incident import incident
from hotfix_deploy_runner.core.notes import Notes
from hotfix_deploy_runner.errors import UsageError
from hotfix_deploy_runner.wiring.documents import keep_notes, read_notes, write_files


def test_all_formats_and_both_charts_are_written_and_the_markdown_finds_them(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    path = write_files(folder, incident(errors_rolled_back().events))
    assert path == folder / "incident.md"
    names = {file.name for file in folder.iterdir()}
    assert names == {"incident.md", "incident.html", "incident.json", "error-rate.svg", "p99.svg"}
    assert set(re.findall(r"\]\(([^)]*)\)", path.read_text())) == {"error-rate.svg", "p99.svg"}
    assert json.loads((folder / "incident.json").read_text())["marks"][0]["what"] == "tag"


def test_without_a_measurement_there_is_no_chart(tmp_path: Path) -> None:
    write_files(tmp_path, incident(failing_test().events))
    assert not list(tmp_path.glob("*.svg"))


def test_notes_are_kept_and_leave_nothing_else(tmp_path: Path) -> None:
    assert read_notes(tmp_path) == Notes()
    kept = Notes("what", "who", "why", "then – ünd")
    keep_notes(tmp_path / "run", kept)
    assert read_notes(tmp_path / "run") == kept
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["notes.json"]


@pytest.mark.parametrize("broken", ["{", '{"impact": 3}', "[]"])
def test_broken_notes_are_said_and_not_overwritten(tmp_path: Path, broken: str) -> None:
    (tmp_path / "notes.json").write_text(broken)
    with pytest.raises(UsageError, match=re.escape(str(tmp_path / "notes.json"))):
        read_notes(tmp_path)
    assert (tmp_path / "notes.json").read_text() == broken
