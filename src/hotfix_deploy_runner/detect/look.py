"""Looking at a repository as a whole."""

from collections.abc import Callable, Sequence

from . import go, history, migrations, node, python, ruby, web
from .found import Found, Language
from .tree import Tree

LANGUAGES: tuple[Callable[[Tree], Language | None], ...] = (python.detect, go.detect, ruby.detect, node.detect)
"""In the order of trust: a package.json beside another language is most often for its web pages."""


def look(
    tree: Tree,
    *,
    tags: Sequence[str] = (),
    branches: Sequence[str] = (),
    remote_head: str = "",
    remotes: Sequence[str] = (),
) -> Found:
    """What is in `tree`, and what its history tells."""
    languages = tuple(language for detect in LANGUAGES if (language := detect(tree)))
    return Found(
        languages=languages,
        health=web.health(tree),
        metrics=web.metrics(tree),
        migrations=migrations.tool(tree),
        tag_format=history.tag_format(tags),
        main=history.main_branch(remote_head, branches),
        remote=history.remote(remotes),
    )
