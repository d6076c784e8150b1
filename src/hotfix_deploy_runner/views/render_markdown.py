"""A document in Markdown as GitHub renders it. Pure."""

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
from .markdown import code, escape, fence, prose, table

BLANK = "_To be filled in_"
"""What stands where a person has still to write."""


def to_markdown(document: Document) -> str:
    """The whole document. Ends with a line end."""
    parts = [f"# {escape(document.title)}", *map(_block, document.head)]
    for section in document.sections:
        parts += [f"## {escape(section.title)}", *map(_block, section.blocks)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph(words):
            return _phrase(words)
        case Prose(text):
            return prose(text)
        case Blank(about, how):
            return f"{BLANK}: {escape(about)}. {code(how)}"
        case Table(head, rows):
            return table([escape(cell) for cell in head], ([_phrase(cell) for cell in row] for row in rows))
        case Figures(rows):
            return table(
                ("", "", ""), ((escape(name), f"**{escape(value)}**", escape(why)) for name, value, why in rows)
            )
        case Verbatim(text):
            return fence(text)
        case Picture(file, alt, _):
            return f"![{escape(alt)}]({file})"
        case InWords(title, text):
            return f"<details>\n<summary>{escape(title)}</summary>\n\n{fence(text)}\n\n</details>"


def _phrase(words: Phrase) -> str:
    written = ""
    for word in words:
        match word:
            case Code(text):
                written += code(text)
            case Strong(text):
                written += f"**{escape(text)}**"
            case Badge(status):
                written += status.value
            case LineBreak():
                written += "<br>"
            case text:
                written += escape(text)
    return written
