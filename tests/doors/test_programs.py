import pytest

from hotfix_deploy_runner.doors.programs import first_program, is_missing


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("npm ci && npm test", "npm"),
        ("A=1 B='x y' exec uv sync", "uv"),
        ("env NODE_ENV=test node x", "node"),
        ("$HOTFIX_ENV/bin/python -m x", ""),
        ("./run.sh", ""),
        ("cd web && npm ci", ""),
        ("'unclosed", ""),
        ("", ""),
        ("make; echo done", "make"),
        ("make # ; no", "make"),
    ],
)
def test_the_first_program(command: str, program: str) -> None:
    assert first_program(command) == program


def test_only_what_is_known_to_be_missing_is() -> None:
    assert is_missing("sh -c true") == ""
    assert is_missing("no-such-program-here x") == "no-such-program-here"
    assert is_missing("$SOMETHING x") == ""
