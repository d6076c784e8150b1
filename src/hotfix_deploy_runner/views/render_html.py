"""A document as one HTML page that fetches nothing: style and drawings are inside. Pure."""

import re
from collections.abc import Iterator

from .blocks import (
    Badge,
    Blank,
    Block,
    Code,
    Document,
    Figures,
    InWords,
    LineBreak,
    Paragraph,
    Phrase,
    Picture,
    Prose,
    Strong,
    Table,
    Verbatim,
)
from .markup import element, plain
from .page_style import STYLE

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is fetched and nothing runs, whatever a text may hold."""


def to_html(document: Document) -> str:
    """The whole page. Ends with a line end."""
    status = document.status.value.lower() if document.status else "open"
    head = (
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        element("title", text=document.title),
        element("style", None, STYLE),
        "</head>",
        "<body>",
        f'<header class="{status}">',
    )
    sections = (
        element("section", None, element("h2", text=section.title), "\n", *map(_block, section.blocks))
        for section in document.sections
    )
    title = element("h1", text=document.title)
    lines = (
        *head,
        title,
        *map(_block, document.head),
        "</header>",
        "<main>",
        *sections,
        "</main>",
        "</body>",
        "</html>",
    )
    return "\n".join(lines) + "\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph(words):
            return element("p", None, _phrase(words))
        case Prose(text):
            return "\n".join(_prose(text))
        case Blank(about, how):
            return element("p", {"class": "blank"}, element("em", text=f"To be filled in: {about}."), " ", _code(how))
        case Table():
            return element("div", {"class": "wide"}, _table(block))
        case Figures(rows):
            return element("dl", None, *(_figure(*row) for row in rows))
        case Verbatim(text):
            return element("pre", text=text.rstrip())
        case Picture(_, _, svg):
            return element("figure", None, svg)
        case InWords():
            return ""


def _phrase(words: Phrase) -> str:
    return "".join(_word(word) for word in words)


def _word(word: Code | Strong | Badge | LineBreak | str) -> str:
    match word:
        case Code(text):
            return _code(text)
        case Strong(text):
            return element("strong", text=text)
        case Badge(status):
            return element("b", {"class": f"badge {status.value.lower()}"}, text=status.value)
        case LineBreak():
            return "<br>"
        case text:
            return plain(text)


def _code(text: str) -> str:
    return element("code", text=text) if text else ""


def _figure(name: str, value: str, meaning: str) -> str:
    none = "none" if value == "none" else "some"
    parts = element("dt", text=name), element("dd", {"class": none}, text=value), element("dd", text=meaning)
    return element("div", None, *parts)


def _table(block: Table) -> str:
    headless = not any(block.head)
    head = (
        ""
        if headless
        else element("thead", None, element("tr", None, *(element("th", text=cell) for cell in block.head)))
    )
    rows = (element("tr", None, *_cells(row, headless)) for row in block.rows)
    return element("table", {"class": "facts"} if headless else None, head, element("tbody", None, *rows))


def _cells(row: tuple[Phrase, ...], headed: bool) -> Iterator[str]:
    for column, cell in enumerate(row):
        yield element("th" if headed and column == 0 else "td", None, _phrase(cell))


def _prose(text: str) -> Iterator[str]:
    """Paragraphs, and the lists among them."""
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in part.splitlines()]
        first = next((n for n, line in enumerate(lines) if line.startswith("- ")), len(lines))
        if first:
            yield element("p", text="\n".join(lines[:first]))
        if items := _items(lines[first:]):
            yield element("ul", None, *(element("li", text=item) for item in items))


def _items(lines: list[str]) -> list[str]:
    """The items of a list; a line without a mark goes on with the item before it."""
    items: list[str] = []
    for line in lines:
        if line.startswith("- "):
            items.append(line[2:])
        else:
            items[-1] += f"\n{line}"
    return items
