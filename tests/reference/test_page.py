"""The pages in docs/ say what the models say. When a test here fails: `make docs`."""

import json
import re
from pathlib import Path

import pytest
from pydantic import Field

from hotfix_deploy_runner import plugins
from hotfix_deploy_runner.reference import page as page_module
from hotfix_deploy_runner.reference.page import page, undocumented
from hotfix_deploy_runner.reference.schema import schema, text
from hotfix_deploy_runner.reference.tables import GROUPS, Section, plugin_table
from hotfix_deploy_runner.settings import Duration, Table

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == page(), "make docs"


def test_the_schema_is_up_to_date() -> None:
    assert (DOCS / "hotfix.schema.json").read_text(encoding="utf-8") == text(), "make docs"


def test_every_setting_is_documented() -> None:
    assert undocumented() == [], 'give each a Field(description="…")'


def test_every_plug_in_that_ships_tells_its_table() -> None:
    silent = [
        f"{group.group}.{name}"
        for group in GROUPS
        for name in plugins.names(group.group)
        if plugin_table(group.group, name) is None
    ]
    assert silent == [], "mark its factory with @reads(…)"


class Inner(Table):
    """What is inside."""

    said: int = Field(1, description="Said | with a bar.")
    unsaid: str = ""


class Outer(Table):
    """`[outer]`: a table for this test."""

    inner: Inner = Inner()
    many: dict[str, Inner] = Field({})
    wait: Duration = Field(90.0, description="A while.", gt=0)
    needed: int = Field(description="Has to be given.", ge=2, le=9)


@pytest.fixture
def only_outer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference of nothing but `Outer`."""
    from hotfix_deploy_runner.reference.tables import _with_inner

    monkeypatch.setattr(page_module, "sections", lambda: _with_inner(Section(("outer",), Outer)))


@pytest.mark.usefixtures("only_outer")
def test_a_setting_that_nothing_is_said_of_is_found() -> None:
    assert undocumented() == ["outer.inner.unsaid", "outer.many.NAME.unsaid"]


@pytest.mark.usefixtures("only_outer")
def test_what_stands_in_the_page() -> None:
    lines = page().splitlines()
    assert "A table for this test." in lines
    assert '| `wait` | duration, over 0 | `"1m30s"` | A while. |' in lines
    assert "| `needed` | whole number, at least 2, at most 9 | required | Has to be given. |" in lines
    assert "| `said` | whole number | `1` | Said \\| with a bar. |" in lines
    assert [line for line in lines if line.startswith("## ")] == [
        "## `[outer]`",
        "## `[outer.inner]`",
        "## `[outer.many.NAME]`",
    ]


def test_the_schema_knows_the_plug_ins_tables() -> None:
    found = schema()
    platform = found["properties"]["environments"]["additionalProperties"]["additionalProperties"]
    process = next(rule for rule in platform["allOf"] if rule["if"]["properties"]["platform"] == {"const": "process"})
    table = found["$defs"][process["then"]["$ref"].rpartition("/")[2]]
    assert {"platform", "start", "ports", "health"} <= table["properties"].keys()
    assert table["additionalProperties"] is False
    assert "tests" in found["properties"]["checks"]["properties"]


def test_the_schema_takes_durations_as_text_and_as_numbers() -> None:
    window = schema()["$defs"]["WatchTable"]["properties"]["window"]
    assert {kind["type"] for kind in window["anyOf"]} == {"number", "string"}


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    found = schema()
    references = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(found)))
    assert references
    assert references <= found["$defs"].keys()
