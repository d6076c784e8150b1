"""A Procfile: the one place where a repository says in so many words how it is started."""

import re

from .found import Guess
from .tree import Tree, line_of


def web_process(tree: Tree) -> Guess | None:
    """The `web` process, as it stands there."""
    match = re.search(r"^web\s*:\s*(\S.*?)\s*$", tree.text("Procfile"), re.MULTILINE)
    if not match:
        return None
    look = "" if "PORT" in match[1] else "it has to listen on $PORT"
    return Guess(match[1], f"Procfile:{line_of(match)}", look)
