"""A tree with files in it."""

from collections.abc import Mapping
from pathlib import Path

from hotfix_deploy_runner.detect.found import Guess
from hotfix_deploy_runner.detect.tree import Tree


def tree_of(folder: Path, files: Mapping[str, str]) -> Tree:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Tree(folder)


def value(guess: Guess | None) -> str | int | list[str]:
    assert guess is not None
    assert guess.why or guess.look, "a guess says why"
    return guess.value
