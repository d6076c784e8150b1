"""Reading a check's own table of the configuration."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from ..core.instant import duration
from ..errors import UsageError
from ..ports import Settings

Duration = Annotated[float, BeforeValidator(duration)]
"""Seconds; read from `"10m"` or from a number of seconds."""


class Table(BaseModel):
    """A table of the configuration: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


T = TypeVar("T", bound=Table)


def read_table(model: type[T], path: str, settings: Settings) -> T:
    """`settings` as a `model`. `path` is the table's place in the configuration, `checks.tests`.

    Raises `UsageError` that names the first wrong key with its path; `detail` has all of them, a line each.
    """
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        problems = tuple(_problems(error, path, model.model_fields))
        raise UsageError(problems[0], detail="\n".join(problems)) from error


def _problems(error: ValidationError, path: str, known: Iterable[str]) -> Iterator[str]:
    keys = list(known)
    for problem in error.errors(include_url=False, include_context=False):
        key = ".".join([path, *map(str, problem["loc"])])
        if problem["type"] != "extra_forbidden":
            yield f"{key}: {problem['msg']}"
            continue
        near = get_close_matches(str(problem["loc"][-1]), keys, n=1) if len(problem["loc"]) == 1 else []
        yield f"{key} is not a known key" + (f"; did you mean {path}.{near[0]}?" if near else "")
