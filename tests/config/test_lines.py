import tomllib
from collections.abc import Iterator
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.config.lines import Key, key_lines

TEXT = """\
# A comment with = and [brackets].
top = 1
"quoted.key" = { inner = 1, "deep.er" = { x = 2 } }
dotted.key = '''
[not.a.heading]
top = 2
'''

[table]   # a comment
list = [
    "a = 1",
    # [nor.this]
    "b",
]
[table.below."with dot"]
x = 1
[[lists]]
x = 1
[[lists]]
x = 2
[lists.inner]
y = 3
"""


def test_every_key_and_heading_has_the_line_on_which_it_begins() -> None:
    assert key_lines(TEXT) == {
        ("top",): 2,
        ("quoted.key",): 3,
        ("quoted.key", "inner"): 3,
        ("quoted.key", "deep.er"): 3,
        ("quoted.key", "deep.er", "x"): 3,
        ("dotted",): 4,
        ("dotted", "key"): 4,
        ("table",): 9,
        ("table", "list"): 10,
        ("table", "below", "with dot"): 15,
        ("table", "below", "with dot", "x"): 16,
        ("lists", "0"): 17,
        ("lists", "0", "x"): 18,
        ("lists", "1"): 19,
        ("lists", "1", "x"): 20,
        ("lists", "1", "inner"): 21,
        ("lists", "1", "inner", "y"): 22,
    }


def test_nothing_has_no_lines() -> None:
    assert key_lines("\n# only a comment\n") == {}


values = st.recursive(
    st.one_of(st.integers(-9, 9), st.booleans(), st.text(st.characters(codec="utf-8"), max_size=9)),
    lambda inner: st.dictionaries(st.text("ab.c ", min_size=1, max_size=3), inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("ab.c ", min_size=1, max_size=3), values, max_size=4))
def test_each_value_is_set_on_its_line(table: dict[str, Any]) -> None:
    text = tomlkit.dumps(table)
    lines, found = text.splitlines(keepends=True), key_lines(text)
    assert tomllib.loads(text) == table
    for key in _leaves(table):
        assert key in found
        assert "=" in lines[found[key] - 1]


def _leaves(table: dict[str, Any], room: Key = ()) -> Iterator[Key]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*room, name))
        else:
            yield (*room, name)
