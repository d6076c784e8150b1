import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.doors.postgres.database import Database
from hotfix_deploy_runner.errors import UsageError
from hotfix_deploy_runner.shared.place import parse, secrets


def database(text: str) -> Database:
    place = parse(text, may_hold_secret=True)
    assert isinstance(place, Database)
    return place


@pytest.mark.parametrize("text", ["git", "local"])
def test_a_word_is_itself(text: str) -> None:
    assert parse(text) == text
    assert secrets(parse(text)) == ()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://hotfix@db.example.org:5432/hotfix", "PostgreSQL at db.example.org:5432/hotfix"),
        ("postgres://db.example.org", "PostgreSQL at db.example.org"),
        ("postgresql://hotfix@[::1]:5432/a%20b", "PostgreSQL at [::1]:5432/a b"),
        ("postgresql://a:1,b:2/hotfix?target_session_attrs=read-write", "PostgreSQL at a:1,b:2/hotfix"),
        ("postgresql:///?service=deploys", "PostgreSQL service deploys"),
        ("postgresql:///hotfix", "PostgreSQL at this machine/hotfix"),
        ("postgresql://%2Fvar%2Frun/hotfix", "PostgreSQL at /var/run/hotfix"),
        ("postgresql:///?host=/tmp&dbname=hotfix", "PostgreSQL at /tmp/hotfix"),
    ],
)
def test_a_url_is_shown_by_where_it_is(url: str, name: str) -> None:
    assert database(url).name == name
    assert parse(url) == database(url)
    assert database(url).secrets == {}


def test_a_url_without_a_secret_stays_as_it_is() -> None:
    url = "postgresql://hotfix@db:5432/hotfix?passfile=/a+b%20c&options=-csearch_path%3Dpay"
    assert database(url).url == url


@pytest.mark.parametrize(
    ("url", "kept", "taken"),
    [
        ("postgresql://u:p%40ss@h/d", "postgresql://u@h/d", {"password": "p@ss"}),
        ("postgresql://u:p@ss@h/d", "postgresql://u@h/d", {"password": "p@ss"}),
        ("postgresql://:pw@h", "postgresql://@h", {"password": "pw"}),
        ("postgresql://h/d?password=a%26b+c", "postgresql://h/d", {"password": "a&b+c"}),
        ("postgresql://h?sslmode=prefer&sslpassword=k", "postgresql://h?sslmode=prefer", {"sslpassword": "k"}),
        ("postgresql://u:@h/d", "postgresql://u@h/d", {}),
    ],
)
def test_secrets_are_taken_out_of_a_url(url: str, kept: str, taken: dict[str, str]) -> None:
    found = database(url)
    assert (found.url, found.secrets) == (kept, taken)
    assert secrets(found) == tuple(taken.values())
    if taken:
        with pytest.raises(UsageError, match="never stand in the file") as failure:
            parse(url)
        assert "PGPASSWORD" in failure.value.detail


@pytest.mark.parametrize(
    "text", ["", "GIT", "postgresql:", "mysql://u:S3cret@h", "host=h password=S3cret", "postgresql://u:S3cret/x@h"]
)
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="PostgreSQL") as failure:
        parse(text, may_hold_secret=True)
    assert "S3cret" not in str(failure.value) + failure.value.detail


@given(st.text(st.characters(codec="ascii"), min_size=6), st.booleans())
def test_no_password_is_ever_shown(password: str, allowed: bool) -> None:
    text = f"postgresql://u:<{password}>@h/d"
    try:
        said = repr(parse(text, may_hold_secret=allowed))
    except UsageError as error:
        said = f"{error} {error.detail} {error.next_step}"
    assert f"<{password}>" not in said


def test_a_database_is_the_same_in_another_process() -> None:
    found = database("postgresql://u:pw@h/d")
    assert pickle.loads(pickle.dumps(found)) == found
