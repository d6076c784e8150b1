from pathlib import Path

import pytest

from hotfix_deploy_runner.config.load import load
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import UsageError
from hotfix_deploy_runner.reference.shown import HIDDEN, rows

SECRET = "hunter2-hunter2"
FILE = f"""\
notify = ["slack", "discord://{SECRET}/{SECRET}"]
[setup]
command = "curl -H 'Authorization: Bearer {SECRET}' https://ada:{SECRET}@example.org"
[environments.production.web]
start = "serve"
ports = "9101-9102"
env = {{ COLOUR = "{SECRET}" }}
[notifiers.pager]
type = "unheard-of"
api_token = "{SECRET}"
url = "https://example.org/{SECRET}"
[notifiers.slack]
from = "warning"
webhook_env = "OPS_WEBHOOK"
"""


def shown(folder: Path, text: str = FILE) -> dict[str, tuple[str, str]]:
    (folder / "hotfix.toml").write_text(text)
    loaded = load(folder, None, {"watch.window": "90s"}, {"HOTFIX_TARGET": "staging"})
    return {".".join(row.key): (row.value, row.origin) for row in rows(loaded, Redactor())}


def test_each_value_has_its_origin(tmp_path: Path) -> None:
    found = shown(tmp_path)
    assert found["target"] == ('"staging"', "HOTFIX_TARGET")
    assert found["watch.window"] == ('"1m30s"', "--window")
    assert found["watch.interval"] == ('"2s"', "default")
    assert found["environments.production.web.start"] == ('"serve"', "hotfix.toml:5")
    assert found["environments.production.web.platform"] == ('"process"', "default")
    assert found["environments.production.web.grace"] == ('"10s"', "default")
    assert found["notifiers.slack.from"] == ('"warning"', "hotfix.toml:13")


def test_the_defaults_of_plug_ins_that_are_not_in_the_file_are_shown(tmp_path: Path) -> None:
    found = shown(tmp_path, "")
    assert found["build.builder"] == ('"archive"', "default")
    assert found["metrics.path"] == ('"/metrics"', "default")
    assert found["checks.tests.timeout"] == ('"10m"', "default")


def test_no_secret_is_shown(tmp_path: Path) -> None:
    found = shown(tmp_path)
    assert not [key for key, (value, _) in found.items() if SECRET in value]
    assert found["environments.production.web.env.COLOUR"][0] == HIDDEN
    assert found["notifiers.pager.api_token"][0] == HIDDEN
    assert found["notify"][0] == '["slack", "discord://…"]'
    assert found["notifiers.slack.webhook_env"][0] == '"OPS_WEBHOOK"', "a variable's name is none"


def test_a_wrong_table_of_a_plug_in_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"metrics\.pth: unknown key; did you mean path"):
        shown(tmp_path, '[metrics]\npth = "/x"\n')
