"""Text made safe for Markdown as GitHub renders it: cells, tables, fences. Pure; it knows nothing of runs."""

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*\[\]|~])|(?<![A-Za-z0-9])(_)|(_)(?![A-Za-z0-9])")

_LINE_MARK = re.compile(r"#|\+\s|=+$|-+$")


def escape(text: str) -> str:
    """`text` as it is to be read, on one line: no markup, no HTML, and no pipe that ends a table's cell."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", plain).replace("\r", "").replace("\n", "<br>")


def prose(text: str) -> str:
    """What a person wrote, as it is to be read: of all markup only paragraphs and lists (`- `, `1. `) remain."""
    return "\n".join(_prose_line(line.strip()) for line in text.strip().splitlines())


def _prose_line(line: str) -> str:
    """One line; what would make it a heading, a rule or another list's item is escaped."""
    return ("\\" if _LINE_MARK.match(line) else "") + escape(line)


def code(text: str) -> str:
    """`text` as a code span, also in a table; empty for empty text."""
    safe = text.replace("`", "'").replace("|", "\\|").replace("\n", " ")
    return f"`{safe}`" if safe else ""


def fence(text: str) -> str:
    """`text` as a block of its own, every line as it is."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    mark = "`" * max(3, longest + 1)
    return f"{mark}text\n{text.rstrip()}\n{mark}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already (see `escape`)."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
