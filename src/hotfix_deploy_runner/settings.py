"""Tables of settings, read strictly: the runner's own and every plug-in's alike."""

import difflib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .core.instant import Seconds, duration
from .core.secret import is_secret_name
from .errors import UsageError


def _inside(path: str) -> str:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError("has to be relative, and to stay inside the tree")
    return path


def _is_name(name: str) -> str:
    if not re.fullmatch(r"\w[\w .-]{0,39}", name):
        raise ValueError("has to be a name of letters and digits, at most 40")
    return name


Duration = Annotated[Seconds, BeforeValidator(duration, json_schema_input_type=float | str)]
"""Seconds; read from `10m`, `1m30s`, `500ms`, or a number of seconds."""

InsidePath = Annotated[str, AfterValidator(_inside)]
"""A path or a pattern of paths in a tree, relative to it, that does not lead out of it."""


class Table(BaseModel):
    """A table of the configuration: an unknown key in it is an error, and its values do not change.

    To be made from what a person wrote by `validated`, which takes no text for a number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def share(text: object) -> object:
    """The fraction that a text such as `20%` is. Raises `ValueError` for anything else."""
    if not isinstance(text, str):
        raise ValueError('has to be a text with its sign, such as "20%"')
    number = text.removesuffix("%").strip()
    try:
        share = float(number) / 100
    except ValueError:
        share = math.nan
    if not text.endswith("%") or not 0 < share < 1:
        raise ValueError('has to be over 0% and under 100%, such as "20%"')
    return share


Share = Annotated[float, BeforeValidator(share, json_schema_input_type=str)]
"""A fraction between 0 and 1; written as `"20%"`."""


class FurtherTable(Table):
    """A further metric of the service, for the source `command`, whose script counts it under `more`."""

    # The runner reads these keys, and every metrics source that knows further metrics has them too.
    limit: Share = Field(description="The share of bad ones; over it, and worse than the old version, is a breach.")
    on_breach: Literal["rollback", "warn"] = Field("rollback", description="What a breach leads to; warn: code 6.")
    by: str = Field("", description="A label by whose values it is divided, each judged by itself: one broken route.")
    warm_up: Duration = Field(
        0.0, description="How long what a new instance counts is left out, such as while its cache is cold.", ge=0
    )
    most: int = Field(50, description="How many values are judged at most, the busiest; for by.", ge=1, le=200)

    @property
    def parts(self) -> int:
        """In how many parts it is judged at most."""
        return self.most if self.by else 1


Name = Annotated[str, AfterValidator(_is_name)]
"""What a further metric may be called, as it stands in a line."""


class SetupTable(Table):
    """How a clean tree gets its dependencies. The runner has this table, and a platform can have its own."""

    command: str = Field("", description="Run in the tree; installs into the directory $HOTFIX_ENV.")
    inputs: tuple[str, ...] = Field(
        (), description="Files that decide what is installed: trees in which they are equal share one environment."
    )
    timeout: Duration = Field(600.0, description="How long it may take.", gt=0)


class Problem(NamedTuple):
    """What is wrong with one key; `key` is its path in the table, empty for the table as a whole."""

    key: tuple[str, ...]
    text: str


class WrongTable(UsageError):
    """A table with wrong keys, listed in its detail, a line each; a single one is its message.

    The keys of `problems` are whole, from the top of the configuration. With `places`, where each was given
    (`hotfix.toml:12`, or nothing), all are in the detail.
    """

    def __init__(self, title: str, wrong: Sequence[Problem], places: Sequence[str] = ()) -> None:
        where = places or [""] * len(wrong)
        lines = [": ".join(filter(None, (at, ".".join(p.key), p.text))) for at, p in zip(where, wrong, strict=True)]
        alone = len(lines) == 1 and not places
        super().__init__(lines[0] if alone else title, detail="" if alone else "\n".join(lines))
        self.title, self.problems = title, tuple(wrong)


T = TypeVar("T", bound=Table)
Factory = TypeVar("Factory", bound=Callable[..., Any])


def reads(model: type[Table]) -> Callable[[Factory], Factory]:
    """Say of a plug-in's factory which table it reads: the reference, the schema and `config show` ask for it."""

    def marked(factory: Factory) -> Factory:
        factory.reads = model  # type: ignore[attr-defined]
        return factory

    return marked


def table_of(factory: Any) -> type[Table] | None:
    """The table that a plug-in's factory reads; None where it does not say."""
    model = getattr(factory, "reads", None)
    return model if isinstance(model, type) and issubclass(model, Table) else None


def read_table(model: type[T], table: Mapping[str, Any], place: str) -> T:
    """`table` as a `model`; `place` is where it stands in the configuration, `checks.tests`.

    Raises `WrongTable` that lists every wrong key, `checks.tests.comand: unknown key; did you mean command?`.
    """
    try:
        return validated(model, table)
    except ValidationError as error:
        room = tuple(place.split("."))
        wrong = [Problem((*room, *problem.key), problem.text) for problem in problems(error, model)]
    # Outside of the handler: pydantic's own error can hold a secret, and would stand in a traceback.
    raise WrongTable(f"{place}: {len(wrong)} wrong", wrong)


def validated(model: type[T], table: Mapping[str, Any]) -> T:
    """`table` as a `model`, each value of the very type that is asked for. Raises pydantic's `ValidationError`.

    Read as JSON: that has lists and texts where a model has tuples and literals, and is strict in all else.
    """
    written = json.dumps(table, ensure_ascii=False, default=str)
    return model.model_validate_json(written.encode(errors="replace"), strict=True)


def problems(error: ValidationError, model: type[Table]) -> Iterator[Problem]:
    """Everything that is wrong with a table that was read as `model`, in words that give no secret away."""
    for found in error.errors(include_url=False, include_context=False):
        key = tuple(map(str, found["loc"]))
        yield Problem(key, _told(found["type"], found["msg"], found["input"], key, model))


def _told(kind: str, text: str, value: Any, key: tuple[str, ...], model: type[Table]) -> str:
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key[-1], _known(model, key[:-1]), n=1)
        return "unknown key" + (f"; did you mean {near[0]}?" if near else "")
    if kind == "missing":  # the value would be the table around it
        return text
    if any(map(_hides, key)):
        # What a validator of ours says can hold the value.
        return f"{'wrong value' if kind == 'value_error' else text} (it is not shown)"
    # What JSON calls an object is a table to whoever writes TOML.
    told = text.removeprefix("Value error, ").replace("be an object", "be a table")
    return f"{told} (it is {_masked(value)!r})"


def _hides(name: str) -> bool:
    """Whether nothing under this key is to be shown: an environment may hold any secret, and where the name of a
    variable belongs (`url_env`) a person may have put the secret itself.
    """
    return name == "env" or name.endswith("_env") or is_secret_name(name)


def _masked(value: Any) -> Any:
    """`value` without the secrets in it, as far as their keys tell."""
    if isinstance(value, Mapping):
        return {key: "…" if _hides(str(key)) else _masked(inner) for key, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list) else value


def _known(model: type[Table], key: tuple[str, ...]) -> list[str]:
    """The keys of the table at `key`."""
    kind: Any = model
    for part in key:
        fields = getattr(kind, "model_fields", None)
        if fields is not None:
            kind = fields[part].annotation if part in fields else None
        else:  # a name in a table of tables, or a place in a list of them
            kind = next((inner for inner in reversed(get_args(kind)) if inner is not Ellipsis), None)
    return list(getattr(kind, "model_fields", ()))
