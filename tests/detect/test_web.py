from pathlib import Path

import pytest
from tests.detect.place import tree_of, value
from tests.fakes.samples import DJANGO, GO, NODE, PYTHON, RUBY, Files

from hotfix_deploy_runner.detect.migrations import tool
from hotfix_deploy_runner.detect.web import health, metrics


@pytest.mark.parametrize(
    ("files", "expected", "why"),
    [
        (PYTHON, "/healthz", "shop/main.py:10"),
        (DJANGO, "/health", "shop/urls.py:1"),
        (NODE, "/health", "server.js:5"),
        (GO, "/livez", "cmd/shop/main.go:12"),
        (RUBY, "/up", "config/routes.rb:2"),
    ],
)
def test_the_health_address(tmp_path: Path, files: Files, expected: str, why: str) -> None:
    guess = health(tree_of(tmp_path, files))
    assert value(guess) == expected
    assert guess and guess.why == why


DEPLOYMENT = """\
          livenessProbe:
            httpGet:
              port: http
              path: /alive
"""


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("deploy/app.yaml", DEPLOYMENT, "/alive"),
        (
            "Dockerfile",
            "FROM x\nHEALTHCHECK --interval=5s \\\n  CMD curl -f http://localhost:80/live || exit 1\n",
            "/live",
        ),
        ("compose.yaml", 'test: ["CMD", "curl", "-f", "http://localhost:80/ok"]\n', "/ok"),
        ("chart/templates/app.yaml", "httpGet:\n  path: {{ .Values.path }}\n", None),
    ],
)
def test_what_a_platform_asks_already_comes_first(tmp_path: Path, file: str, text: str, expected: str | None) -> None:
    guess = health(tree_of(tmp_path, {file: text}))
    assert (guess and guess.value) == expected
    routed = health(tree_of(tmp_path, {"main.py": '@app.get("/healthz")\n'}))
    assert value(routed) == (expected or "/healthz")


def test_a_word_that_is_no_route_is_no_health_address(tmp_path: Path) -> None:
    assert health(tree_of(tmp_path, {"a.py": 'STATES = ["up", "down"]\nprint("status")\n'})) is None


def test_the_code_of_others_is_not_looked_at(tmp_path: Path) -> None:
    files = {f"{folder}/a.js": "app.get('/healthz')" for folder in ("node_modules/x", "vendor", "my-environment")}
    assert health(tree_of(tmp_path, {**files, "my-environment/pyvenv.cfg": ""})) is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            PYTHON,
            {
                "path": "/internal/metrics",
                "requests": "shop_http_requests_total",
                "duration": "shop_http_request_duration_seconds",
            },
        ),
        (NODE, {"path": "/metrics", "requests": "http_requests_total"}),
        (GO, {"path": "/metrics"}),
        (
            RUBY,
            {
                "path": "/metrics",
                "requests": "http_server_requests_total",
                "duration": "http_server_request_duration_seconds",
                "status_label": "code",
            },
        ),
    ],
)
def test_the_metrics(tmp_path: Path, files: Files, expected: dict[str, str]) -> None:
    found = metrics(tree_of(tmp_path, files))
    assert found is not None
    assert {key: value(guess) for key, guess in found.values.items()} == expected


def test_no_client_no_metrics(tmp_path: Path) -> None:
    assert metrics(tree_of(tmp_path, {"a.py": "print(1)"})) is None


@pytest.mark.parametrize(
    ("files", "name", "command"),
    [
        (PYTHON, "Alembic", "alembic upgrade head"),
        (DJANGO, "Django", "manage.py migrate --noinput"),
        (NODE, "Knex", "npx knex migrate:latest"),
        (GO, "goose", "goose -dir migrations up"),
        (RUBY, "Rails", "bundle exec rails db:migrate"),
        ({"prisma/schema.prisma": ""}, "Prisma", "npx prisma migrate deploy"),
        ({"sql/V1__init.sql": ""}, "Flyway", "flyway migrate"),
        ({"db/db.changelog-master.yaml": ""}, "Liquibase", "liquibase update"),
        ({"migrations/0001_a.up.sql": ""}, "golang-migrate", "migrate -path migrations up"),
        ({"migrations/one.sql": ""}, "plain SQL", ""),
    ],
)
def test_the_migration_tool(tmp_path: Path, files: Files, name: str, command: str) -> None:
    guess = tool(tree_of(tmp_path, files))
    assert guess is not None
    assert guess.why.startswith(f"{name}: ")
    assert command in str(guess.value)


def test_no_migrations_no_tool(tmp_path: Path) -> None:
    assert tool(tree_of(tmp_path, {"a.sql": "", "migrations/README.md": ""})) is None
