"""Escaped text, rendered by a real Markdown parser, is the text again."""

from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hotfix_deploy_runner.views.markdown import code, escape, fence, table


class Reader(HTMLParser):
    """Collects the tags, and the text of table cells and code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("td", "pre"):
            self.cells.append("")
        elif tag == "br":
            self.cells[-1] += "\n"

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def rendered(text: str) -> Reader:
    reader = Reader()
    reader.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))
    return reader


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cc", "Zs")) | st.just(" "))


@given(TEXT)
@example("a | b")
@example("`a|b`")
@example("_to_ *be* ~~or~~ [not](http://x)")
@example("<script>alert(1)</script> &lt; &amp;")
@example("\\| \\")
@example("tests/test_auth.py::test_token_expiry")
@example("![x](y) <https://x> **")
def test_a_cell_reads_as_the_text_it_was_made_of(text: str) -> None:
    reader = rendered(table(("what",), [(f"x{escape(text)}x",), ("end",)]))
    assert [" ".join(cell.split()) for cell in reader.cells] == [" ".join(f"x{text}x".split()), "end"]
    assert set(reader.tags) <= {"table", "thead", "tbody", "tr", "th", "td"}


def test_lines_stay_in_their_cell() -> None:
    cells = rendered(table(("a", "b"), [(escape("one\ntwo"), "c")])).cells
    assert [cell.strip() for cell in cells] == ["one\ntwo", "c"]


def test_file_names_are_not_littered_with_backslashes() -> None:
    assert escape("tests/test_auth.py::test_token_expiry") == "tests/test_auth.py::test_token_expiry"


@given(st.text(st.sampled_from("ab`|\n ~"), min_size=1))
def test_a_fence_holds_what_looks_like_its_end(text: str) -> None:
    reader = rendered(fence(text) + "\n\nafter")
    assert reader.cells[0].startswith(text.rstrip())
    assert reader.tags[-1] == "p"


def test_code_in_a_table_keeps_its_pipes() -> None:
    cells = rendered(table(("a", "b"), [(code("x | y"), "c")])).cells
    assert [cell.strip() for cell in cells] == ["x | y", "c"]
    assert code("") == ""
