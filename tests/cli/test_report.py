"""`report`: the document from the journal, with what people have to say."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fakes.events import RUN, errors_rolled_back

from hotfix_deploy_runner.cli.main import main
from hotfix_deploy_runner.journal.sqlite import SqliteStore
from hotfix_deploy_runner.views.render_markdown import BLANK

SECRET = "correct-horse-battery"


@pytest.fixture
def folder(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the documents of a run that was rolled back belong; the checkout is the current folder."""
    store = SqliteStore(checkout / ".git" / "hotfix" / "journal.db")
    store.append(RUN, 0, errors_rolled_back().events)
    store.close()
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("DEPLOY_TOKEN", SECRET)
    return checkout / ".git" / "hotfix" / "runs" / RUN


def report(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["report", *words])
    assert done.exit_code == code, done.output
    return done


def test_it_writes_every_format_and_says_where(folder: Path) -> None:
    assert report().stdout == f"Incident document: {folder / 'incident.md'}\n"
    assert report("--format", "html").stdout == f"Incident document: {folder / 'incident.html'}\n"
    names = {file.name for file in folder.iterdir()}
    assert names == {"incident.md", "incident.html", "incident.json", "error-rate.svg", "p99.svg"}


@pytest.mark.parametrize("form", ["md", "html", "json"])
def test_print_puts_nothing_else_on_standard_output(folder: Path, form: str) -> None:
    done = report("last", "--format", form, "--print")
    assert done.stdout == (folder / f"incident.{form}").read_text()
    assert done.stderr == f"Incident document: {folder / f'incident.{form}'}\n"


def test_given_texts_stand_in_all_formats_in_place_of_the_blanks(folder: Path, tmp_path: Path) -> None:
    lessons = tmp_path / "lessons.txt"
    lessons.write_text("Two things:\n\n- test names that are not ASCII\n- page sooner\n")
    report(RUN, "--incident", "Expired tokens passed", "--root-cause", "No test had one", "--lessons", f"@{lessons}")
    text, page = (folder / "incident.md").read_text(), (folder / "incident.html").read_text()
    assert text.count(BLANK) == page.count("To be filled in") == 1, "the impact"
    for words in ("Expired tokens passed", "No test had one", "test names that are not ASCII"):
        assert words in text and words in page
    notes = json.loads((folder / "incident.json").read_text())["notes"]
    assert notes["root_cause"] == "No test had one" and notes["lessons"].endswith("- page sooner")
    assert notes == json.loads((folder / "notes.json").read_text())


def test_texts_are_kept_by_later_reports_until_they_are_taken_back(folder: Path) -> None:
    report("--impact", "Nobody could sign in")
    report("--root-cause", "A cache")
    report()
    text = (folder / "incident.md").read_text()
    assert "Nobody could sign in" in text and "A cache" in text
    report("--impact", "")
    text = (folder / "incident.md").read_text()
    assert "Nobody could sign in" not in text and "A cache" in text


def test_a_copy_has_all_files_and_the_same_texts(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "docs" / "incidents"
    done = report("--impact", "Half of Europe", "--output", str(copy))
    assert done.stdout == f"Incident document: {copy / 'incident.md'}\n"
    assert {f.name for f in copy.iterdir()} == {f.name for f in folder.iterdir()} - {"notes.json"}
    assert (copy / "incident.md").read_bytes() == (folder / "incident.md").read_bytes()
    ElementTree.parse(copy / "p99.svg")


def test_a_secret_in_a_text_is_taken_out(folder: Path) -> None:
    report("--root-cause", f"the token {SECRET} had expired")
    for file in folder.iterdir():
        assert SECRET not in file.read_text()
    assert "the token [redacted] had expired" in (folder / "notes.json").read_text()


def test_a_file_that_cannot_be_read_is_said_and_nothing_is_kept(folder: Path, tmp_path: Path) -> None:
    done = report("--lessons", f"@{tmp_path / 'missing'}", "--impact", "x", code=2)
    assert done.stderr.startswith(f"Error: --lessons: {tmp_path / 'missing'} cannot be read\n")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in report("--lessons", f"@{binary}", code=2).stderr
    assert not (folder / "notes.json").exists()


def test_a_place_that_cannot_be_written_is_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = report("--output", str(tmp_path / "file" / "below"), code=2)
    assert done.stderr.startswith("Error: the document cannot be written: ")


def test_an_unknown_run_is_said(folder: Path) -> None:
    assert "there is no run nonsense" in report("nonsense", code=2).stderr
