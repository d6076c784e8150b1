import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.checks.globs import Globs, anywhere


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.sql", "a.sql", True),
        ("*.sql", "x/a.sql", False),
        ("**/*.sql", "a.sql", True),
        ("**/*.sql", "x/y/a.sql", True),
        ("migrations/**", "migrations/x/a.sql", True),
        ("migrations/**", "other/migrations/a.sql", False),
        ("**/migrations/*.py", "app/migrations/0001.py", True),
        ("**/migrations/*.py", "app/migrations/x/0001.py", False),
        ("**/migrations/*.py", "app/no_migrations/0001.py", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("V[0-9]*__*.sql", "V2.1__add.sql", True),
        ("V[0-9]*__*.sql", "Vx__add.sql", False),
        ("[!a].py", "b.py", True),
        ("[!a].py", "a.py", False),
        ("a.b", "axb", False),
        ("a[", "a[", True),
        ("(", "(", True),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    assert Globs([pattern]).matches(path) is matches


def test_no_pattern_matches_nothing() -> None:
    assert not Globs([]).matches("")
    assert not Globs([]).matches("a")


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        ("tests/a.py", True),
        ("src/tests/a.py", True),
        ("tests", True),
        ("src/contests/a.py", False),
        ("latests.py", False),
        ("tools/gen/a.py", True),
        ("src/tools/gen/a.py", False),
    ],
)
def test_anywhere_takes_whole_names_only(path: str, matches: bool) -> None:
    assert anywhere(["tests/", "tools/gen"]).matches(path) is matches


@given(st.text(max_size=12))
def test_any_text_is_a_pattern(pattern: str) -> None:
    Globs([pattern]).matches("a/b.py")


@given(st.text(alphabet=st.characters(exclude_characters="*?[]"), min_size=1, max_size=12))
def test_a_pattern_without_wildcards_is_itself(pattern: str) -> None:
    assert Globs([pattern]).matches(pattern)
    assert not Globs([pattern]).matches(pattern + "x")
