import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.doors.redaction import HIDDEN, Redactor


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("clone https://ada:s3cret@host/x", f"clone https://ada:{HIDDEN}@host/x"),
        ("redis://:pw@cache:6379/0", f"redis://:{HIDDEN}@cache:6379/0"),
        ("postgres://u:p@ss:w@rd@db/x", f"postgres://u:{HIDDEN}@db/x"),
        ("1http://u:pw@h", f"1http://u:{HIDDEN}@h"),
        ("push to https://ghp_abc@github.com/o/r", f"push to https://{HIDDEN}@github.com/o/r"),
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {HIDDEN}"),
        ("authorization: basic dTpw", f"authorization: basic {HIDDEN}"),
        ('{"Authorization": "Bearer abc"}', f'{{"Authorization": "Bearer {HIDDEN}"}}'),
        ("X-Api-Key: abc", f"X-Api-Key: {HIDDEN}"),
        ("curl -H 'PRIVATE-TOKEN: glpat-1'", f"curl -H 'PRIVATE-TOKEN: {HIDDEN}'"),
        ("GET /metrics?token=abc&format=text", f"GET /metrics?token={HIDDEN}&format=text"),
        ("http://h/x?a=1&api-key=abc", f"http://h/x?a=1&api-key={HIDDEN}"),
        ("+ API_TOKEN=abc ./migrate", f"+ API_TOKEN={HIDDEN} ./migrate"),
        ("export DB_PASSWORD='two words'; go", f"export DB_PASSWORD={HIDDEN}; go"),
        ("two: http://a:b@c and http://d:e@f", f"two: http://a:{HIDDEN}@c and http://d:{HIDDEN}@f"),
    ],
)
def test_hides_what_has_a_telling_shape(text: str, safe: str) -> None:
    assert Redactor()(text) == safe


@pytest.mark.parametrize(
    "text",
    [
        "GET http://127.0.0.1:8080/healthz 200",
        "ssh://git@github.com/o/r.git",
        "git@github.com:o/r.git",
        '{"url":"http://h:80","mail":"a@b"}',
        "http://h:80/x?mail=a@b",
        "3 passed, 1 failed",
        "tests/test_auth.py::test_token: AssertionError: 401 != 200",
        "E   assert login(token=None) == 200",
        "LIMIT=3 ./serve",
    ],
)
def test_leaves_the_rest_alone(text: str) -> None:
    assert Redactor()(text) == text


def test_hides_known_secrets_the_longer_first() -> None:
    assert Redactor(["hunter2", "hunter2-longer"])("a hunter2-longer b hunter2") == f"a {HIDDEN} b {HIDDEN}"


def test_hides_each_line_of_a_secret_of_several_lines() -> None:
    redact = Redactor(["-----BEGIN KEY-----\nMIIEvQIBADAN\nxyz+/abcdef==\n-----END KEY-----\n"])
    assert redact("x MIIEvQIBADAN y\nxyz+/abcdef==") == f"x {HIDDEN} y\n{HIDDEN}"


def test_hides_a_secret_as_a_url_has_it() -> None:
    assert Redactor(["p/w d&4!x"])("?key=p%2Fw%20d%264%21x") == f"?key={HIDDEN}"


def test_takes_secrets_from_the_variables_that_are_named_so() -> None:
    environ = {
        "SLACK_WEBHOOK_URL": "hooks-slack-1",
        "GH_TOKEN": "gh-token-1",
        "DB_PASSWORD": "pw-db-1",
        "HOME": "/home/ada",
    }
    redact = Redactor.from_environment(environ, ["more-secret"])
    assert (
        redact("hooks-slack-1 gh-token-1 pw-db-1 more-secret /home/ada")
        == f"{HIDDEN} {HIDDEN} {HIDDEN} {HIDDEN} /home/ada"
    )


def test_does_not_take_short_values_for_secrets() -> None:
    assert Redactor(["", "a", "12345"])("a 12345") == "a 12345"


@given(
    st.text(),
    st.text(alphabet=st.characters(blacklist_categories=["Zs", "Cc", "Zl", "Zp", "Cs"]), min_size=6),
    st.text(),
)
def test_no_known_secret_survives(before: str, secret: str, after: str) -> None:
    if secret not in HIDDEN and not any(
        HIDDEN.startswith(secret[i:]) or HIDDEN.endswith(secret[:i]) for i in range(1, 6)
    ):
        assert secret not in Redactor([secret])(f"{before}{secret}{after}")


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = Redactor(["secret-1"])(text)
    assert Redactor(["secret-1"])(once) == once


@pytest.mark.parametrize(
    "run", ["a", "a:", "a@", "http://a:", "http://", "a.b-", "authorization:", "x-", "A", "?a", ";a=", "A=;"]
)
def test_long_runs_take_linear_time(run: str) -> None:
    text = run * (400_000 // len(run))
    started = time.process_time()
    Redactor(["secret-1"])(text)
    assert time.process_time() - started < 1.0  # quadratic time would take minutes
