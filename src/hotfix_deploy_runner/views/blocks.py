"""A document as blocks, before it is Markdown or HTML. Pure values; how they look is a renderer's business."""

import msgspec

from ..core.check import Status


class Code(msgspec.Struct, frozen=True):
    """A word that a machine reads: a commit, a command."""

    text: str


class Strong(msgspec.Struct, frozen=True):
    """Words that matter."""

    text: str


class Badge(msgspec.Struct, frozen=True):
    """A status by its name."""

    status: Status


class LineBreak(msgspec.Struct, frozen=True):
    """What follows begins a new line."""


Inline = str | Code | Strong | Badge | LineBreak
Phrase = tuple[Inline, ...]
"""What a paragraph or a cell holds. A `str` is plain text: a renderer takes nothing in it for markup."""


class Paragraph(msgspec.Struct, frozen=True):
    """Some words."""

    words: Phrase


class Prose(msgspec.Struct, frozen=True):
    """What a person wrote: paragraphs, parted by empty lines; lines that begin with `- ` are a list."""

    text: str


class Blank(msgspec.Struct, frozen=True):
    """What a person has still to write. `about` says what belongs there, `how` is the command that fills it in."""

    about: str
    how: str


class Table(msgspec.Struct, frozen=True):
    """Rows under a head, each with as many cells as it. With no words in it, the first column heads the rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[Phrase, ...], ...]


class Figures(msgspec.Struct, frozen=True):
    """A few figures that the eye should find first: name, value, what it means."""

    rows: tuple[tuple[str, str, str], ...]


class Verbatim(msgspec.Struct, frozen=True):
    """Lines as they are, in letters of one width."""

    text: str


class Picture(msgspec.Struct, frozen=True):
    """A drawing, that stands in a file of its own too. `alt` says it in words."""

    file: str
    alt: str
    svg: str


class InWords(msgspec.Struct, frozen=True):
    """The pictures above as text, for where there are none. HTML leaves it out: there the pictures always are."""

    title: str
    text: str


Block = Paragraph | Prose | Blank | Table | Figures | Verbatim | Picture | InWords


class Section(msgspec.Struct, frozen=True):
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


class Document(msgspec.Struct, frozen=True):
    """A title, what comes first, then the sections. `status` is how what it tells of ended; None: it has not."""

    title: str
    status: Status | None
    head: tuple[Block, ...]
    sections: tuple[Section, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All its drawings."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Picture))
