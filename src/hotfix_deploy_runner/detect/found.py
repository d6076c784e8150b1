"""What was found out about a repository. Every guess says why, and what to look at."""

from typing import NamedTuple


class Guess(NamedTuple):
    """A value for a key of the file. `why` says what it was taken from; `look` what to see to before it is trusted."""

    value: str | int | list[str]
    why: str
    look: str = ""


class Language(NamedTuple):
    """A language that a repository is written in, and what follows from it. A guess that is None has to be filled in.

    `name` is for a person: `Python (uv)`. `build` is a command before packing and `exclude` what is not packed.
    `missing` are things to do in the repository before a guess can work.
    """

    name: str
    setup: Guess | None = None
    inputs: Guess | None = None
    tests: Guess | None = None
    build: Guess | None = None
    exclude: Guess | None = None
    start: Guess | None = None
    smoke: Guess | None = None
    missing: tuple[str, ...] = ()


class Metrics(NamedTuple):
    """The `[metrics]` table, by key, and the client that was found; empty: none."""

    client: str
    values: dict[str, Guess]


class Found(NamedTuple):
    """All of it. `languages` are in the order of trust; the first is what the file is written for."""

    languages: tuple[Language, ...]
    health: Guess | None
    metrics: Metrics | None
    migrations: Guess | None
    tag_format: Guess | None = None
    main: Guess | None = None
    remote: Guess | None = None

    @property
    def language(self) -> Language:
        """The one that the file is written for."""
        return self.languages[0] if self.languages else Language("unknown")


def joined(*parts: str) -> str:
    """Shell commands, each after the one before it has succeeded."""
    return " && ".join(part for part in parts if part)
