from typing import Any

import msgspec
import pytest

from hotfix_deploy_runner.core.settings import read_duration, read_table
from hotfix_deploy_runner.errors import UsageError


class Inner(msgspec.Struct, frozen=True):
    deep: int = 0


class Table(msgspec.Struct, frozen=True):
    name: str
    limit: int = 3
    many: tuple[str, ...] = ()
    inner: Inner = Inner()


def test_a_table_is_read_with_its_defaults() -> None:
    table = read_table({"name": "x", "many": ["a"], "inner": {"deep": 2}}, Table, "here")
    assert table == Table("x", 3, ("a",), Inner(2))


@pytest.mark.parametrize(
    ("settings", "message", "detail"),
    [
        ({"name": "x", "limt": 1}, "here.limt: unknown key", "did you mean limit?"),
        ({"name": "x", "zzz": 1}, "here.zzz: unknown key", "known keys: name, limit, many, inner"),
        ({}, "here: Object missing required field `name`", ""),
        ({"name": 1}, "here.name: Expected `str`, got `int`", ""),
        ({"name": "x", "many": [1]}, "here.many[0]: Expected `str`, got `int`", ""),
        ({"name": "x", "inner": {"deep": "y"}}, "here.inner.deep: Expected `int`, got `str`", ""),
    ],
)
def test_a_wrong_table_is_refused_by_its_key(settings: dict[str, Any], message: str, detail: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_table(settings, Table, "here")
    assert (caught.value.message, caught.value.detail) == (message, detail)


def test_a_duration_has_to_be_one_and_more_than_zero() -> None:
    assert read_duration("1m30s", "here.wait") == 90
    for wrong, words in (("soon", "is not a duration"), (0, "more than zero"), (True, "is not a duration")):
        with pytest.raises(UsageError, match=f"here.wait: .*{words}"):
            read_duration(wrong, "here.wait")
