import asyncio
import json
import shlex
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.metrics import MetricsSourceContract, an_instance, through_json

from hotfix_deploy_runner.core.baseline import Tally
from hotfix_deploy_runner.core.fleet import Fleet
from hotfix_deploy_runner.core.reading import Histogram
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.errors import NoReading, UsageError
from hotfix_deploy_runner.metrics.command import CommandSource, make_source
from hotfix_deploy_runner.ports import MetricsSource, Workplace

ONE = Fleet((an_instance("web-1", "http://10.0.0.1:80"),))
COUNTING = """
import json, sys
asked = json.load(sys.stdin)
turn = (asked["state"] or 0) + 1
one = {"requests": 100 * turn, "errors": 3 * turn, "buckets": {"0.1": 90 * turn, "+Inf": 100 * turn}}
print(json.dumps({"instances": [{"name": i["name"], **one} for i in asked["instances"]], "state": turn, "more": asked}))
"""


def source(command: str, folder: Path, **settings: Any) -> CommandSource:
    return make_source({"command": command, **settings}, Workplace(folder, folder, Redactor()))


def python(folder: Path, text: str) -> str:
    (folder / "counters.py").write_text(text)
    return f"{shlex.quote(sys.executable)} counters.py"


class TestItKeepsTheContract(MetricsSourceContract):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.place = tmp_path

    @contextmanager
    def source(self) -> Iterator[tuple[MetricsSource, Fleet]]:
        yield source(python(self.place, COUNTING), self.place), ONE


def test_what_it_prints_is_differenced_and_its_state_comes_back(tmp_path: Path) -> None:
    script = source(python(tmp_path, COUNTING), tmp_path)
    _, cursor = asyncio.run(script.read(ONE, None))
    reading, cursor = asyncio.run(script.read(ONE, through_json(cursor)))
    [sample] = reading.samples
    assert (sample.requests, sample.errors) == (100, 3)
    assert sample.latency == Histogram((0.1, None), (90, 10))
    assert cursor.state["script"] == 2


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo no counters >&2; exit 3", "ended with 3: no counters"),
        ("kill -9 $$", "ended with -9"),
        ("sleep 60", "took longer than 0.2 s"),
        ("echo oops", "printed no JSON: it begins 'oops"),
        ("true", "printed no JSON: it is empty"),
        ("echo '[]'", "of another shape: Expected `object`"),
        ("""echo '{"instances": [{"name": "web-1", "requests": -1}]}'""", r"shape: .*>= 0 - at `\$.instances\[0\].req"),
        ("""echo '{"instances": [{"name": "web-1", "requests": NaN}]}'""", "printed no JSON"),
        ("""echo '{"instances": []}'""", "web-1: the metrics command says nothing of it"),
        ("""echo '{"instances": [{"name": "web-1", "incarnation": "0"}]}'""", "says nothing of it"),
        ("""echo '{"instances": [{"name": "web-1", "silent": "gone"}]}'""", "web-1: gone"),
        ("""echo '{"instances": [{"name": "web-1", "errors": 2}]}'""", "counts 2 errors in 0 requests"),
        ("""echo '{"instances": [{"name": "web-1", "buckets": {"1": 3, "2": 2}}]}'""", "do not ascend"),
    ],
)
def test_whatever_else_it_does_says_what_it_is(tmp_path: Path, command: str, words: str) -> None:
    timeout = 0.2 if "sleep" in command else 10
    with pytest.raises(NoReading, match=words):
        asyncio.run(source(command, tmp_path, timeout=timeout).read(ONE, None))


def test_it_need_not_read_what_it_is_told(tmp_path: Path) -> None:
    many = Fleet(tuple(an_instance(f"web-{number}", "http://10.0.0.1:80") for number in range(3000)))
    answer = json.dumps({"instances": [{"name": "web-1", "requests": 1}]})
    reading, _ = asyncio.run(source(f"echo {shlex.quote(answer)}", tmp_path).read(many, None))
    assert len(reading.silent) == 2999


def test_a_command_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"metrics.command: is needed"):
        source(" ", tmp_path)


def test_further_metrics_are_what_the_script_says_of_them(tmp_path: Path) -> None:
    text = """
        import json, sys
        turn = (json.load(sys.stdin)["state"] or 0) + 1
        more = {"logins": {"total": 10 * turn, "bad": turn}, "routes": {"/pay": {"total": 4 * turn, "bad": 0}},
                "misses": 7, "jobs": {"total": 1, "bad": 2}}
        print(json.dumps({"instances": [{"name": "web-1", "requests": turn, "more": more}], "state": turn}))
    """
    limit = {"limit": "20%"}
    more = dict.fromkeys(("logins", "misses", "jobs", "left-out"), limit) | {"routes": {**limit, "by": "route"}}
    script = source(python(tmp_path, textwrap.dedent(text)), tmp_path, more=more)
    _, cursor = asyncio.run(script.read(ONE, None))
    reading, _ = asyncio.run(script.read(ONE, through_json(cursor)))
    [sample] = reading.samples
    assert sample.further == {"logins": {"": Tally(10, 1)}, "routes": {"/pay": Tally(4, 0)}}
    assert sample.unread["misses"].startswith("the metrics command counts it in another shape: ")
    assert sample.unread["jobs"] == "the metrics command counts more bad ones than there are"
    assert sample.unread["left-out"] == "the metrics command says nothing of it"
