"""Elements of SVG and HTML as text, everything escaped. Pure."""

import re
from collections.abc import Mapping
from html import escape

Attribute = str | float

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML 1.0 does not allow, not even escaped."""


def element(tag: str, attributes: Mapping[str, Attribute] | None = None, *content: str, text: str = "") -> str:
    """One element with its end tag. `text` is escaped, `content` is markup already."""
    written = "".join(f' {name}="{_value(value)}"' for name, value in (attributes or {}).items())
    return f"<{tag}{written}>{plain(text)}{''.join(content)}</{tag}>"


def plain(text: str) -> str:
    """`text` as it is to be read, wherever markup may stand."""
    return escape(_ILLEGAL.sub("\ufffd", text))


def number(value: float) -> str:
    """A coordinate in pixels, to a tenth; a whole one without a point."""
    return f"{round(value, 1) + 0.0:g}"


def _value(value: Attribute) -> str:
    return plain(value) if isinstance(value, str) else number(value)
