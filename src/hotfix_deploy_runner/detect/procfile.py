"""A Procfile: the one place where a repository says in so many words how it is started."""

import re

from .found import Guess
from .tree import Tree, line_of


def web_process(tree: Tree) -> Guess | None:
    """The `web` process, as it stands there."""
    match = re.search(r"^web\s*:\s*(\S.*?)\s*$", tree.text("Procfile"), re.MULTILINE)
    if not match:
        return None
    # Gunicorn listens on $PORT by itself, unless it is told otherwise.
    by_itself = match[1].startswith("gunicorn") and not re.search(r"\s(-b|--bind|-c|--config)\b", match[1])
    look = "" if "PORT" in match[1] or by_itself else "it has to listen on $PORT"
    return Guess(match[1], f"Procfile:{line_of(match)}", look)
