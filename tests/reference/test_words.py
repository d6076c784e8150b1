import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.instant import duration
from hotfix_deploy_runner.reference.words import as_duration, toml


@given(st.integers(0, 10**8).map(lambda milliseconds: milliseconds / 1000))
def test_a_duration_reads_back(length: float) -> None:
    assert duration(as_duration(length)) == pytest.approx(length)


texts = st.text(st.characters(codec="utf-8"), max_size=9)
values = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(values)
def test_a_value_reads_back(value: Any) -> None:
    assert tomllib.loads(f"x = {toml(value)}") == {"x": value}
