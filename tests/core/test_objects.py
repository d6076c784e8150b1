"""Named tuples as JSON objects: what is written is read, and nothing else is taken for it."""

import json
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.objects import from_json, to_json


class Inner(NamedTuple):
    host: str = ""
    pid: int = 0


class Outer(NamedTuple):
    fence: int = 0
    since: float = 0.0
    why: str = ""
    process: Inner = Inner()


inners = st.builds(Inner, st.text(), st.integers())
outers = st.builds(Outer, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(), inners)


@given(outers)
def test_what_is_written_is_read(record: Outer) -> None:
    assert from_json(Outer, to_json(record)) == record


@given(outers, st.sets(st.sampled_from(Outer._fields)))
def test_what_is_missing_or_null_is_as_its_default_and_the_unknown_is_left_out(record: Outer, gone: set[str]) -> None:
    told = json.loads(to_json(record))
    missing = {**{name: value for name, value in told.items() if name not in gone}, "later": [1]}
    expected = record._replace(**{name: Outer._field_defaults[name] for name in gone})
    assert from_json(Outer, json.dumps(missing).encode()) == expected
    assert from_json(Outer, json.dumps({**told, **dict.fromkeys(gone)}).encode()) == expected


NOT_OUTER = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"fence":"1"}', b'{"fence":true}', b'{"fence":1.5}']
NOT_OUTER += [b'{"why":1}', b'{"since":"0"}', b'{"since":false}', b'{"process":[]}', b'{"process":{"pid":"1"}}']


@pytest.mark.parametrize("content", NOT_OUTER)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        from_json(Outer, content)
