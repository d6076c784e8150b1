import pytest

from hotfix_deploy_runner.doors.programs import is_missing, programs


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npm ci && npm test", "npm npm"),
        ("A=1 B='x y' exec uv sync", "uv"),
        ("env NODE_ENV=test node x", "node"),
        ("$HOTFIX_ENV/bin/python -m x", ""),
        ("./run.sh", ""),
        ("cd web && npm ci", "npm"),
        ("'unclosed", ""),
        ("", ""),
        ("make; echo done", "make"),
        ("make # ; no", "make"),
        ("ln -sfn a b && exec node x", "ln node"),
        ("one | two > three 2>&1", "one two"),
        ("one \\\n  --all\ntwo", "one two"),
        ("git commit -m 'x; y && z'", "git"),
        ('go test -json ./... > "$HOTFIX_JUNIT"', "go"),
        ("PATH=$HOTFIX_ENV/bin:$PATH; exec gunicorn", ""),
        ("export PATH=$PWD/bin:$PATH && jest", ""),
        ("python3 -m venv x && . x/bin/activate && poetry lock", "python3"),
        ("corepack enable && pnpm build", "corepack"),
        ("npm install -g pnpm && pnpm build", "npm"),
        ("if true; then no-such; fi", ""),
        ("f() { no-such; }; f", ""),
        ("mkdir x && (cd x && no-such)", "mkdir"),
    ],
)
def test_the_programs_that_can_be_told(command: str, expected: str) -> None:
    assert [*programs(command)] == expected.split()


def test_only_what_is_known_to_be_missing_is() -> None:
    assert is_missing("sh -c true") == ""
    assert is_missing("no-such-program-here x") == "no-such-program-here"
    assert is_missing("$SOMETHING x") == ""
    assert is_missing("sh -c true && no-such-program-here x") == "no-such-program-here"
