"""Front and traffic as they are started by the demo, before real instances that come and go."""

import json
import signal
from pathlib import Path

import httpx2
import pytest

from hotfix_deploy_runner.demo.layout import Layout
from hotfix_deploy_runner.demo.measure import between, by_version, failures, parse, summary
from hotfix_deploy_runner.demo.ports import choose_ports
from hotfix_deploy_runner.demo.processes import Processes, wait_until
from hotfix_deploy_runner.demo.world import start_front, start_traffic

from .conftest import Checkout, MakeDemo, Running, Start

pytestmark = pytest.mark.slow
BRANCH = "hotfix/auth-bypass"


def serve(layout: Layout, *instances: Running) -> None:
    serving = layout.serving("production")
    serving.parent.mkdir(exist_ok=True)
    fresh = serving.with_suffix(".new")
    fresh.write_text(json.dumps({"endpoints": [instance.url for instance in instances]}))
    fresh.replace(serving)


def answered(layout: Layout, version: str) -> int:
    log = layout.traffic_log
    return sum(answer.version == version for answer in parse(log.read_text())) if log.exists() else 0


@pytest.mark.parametrize("name", ["good", "errors"])
def test_a_rollout_by_hand_under_traffic(
    demo: MakeDemo, tree: Checkout, start: Start, layout: Layout, name: str, tmp_path: Path
) -> None:
    """No request fails by the change itself; of the `errors` scenario's new version about 30 % do."""
    made = demo(name)
    (layout.clone / "service").mkdir(parents=True)
    layout.customers.write_bytes((made.clone / "service/customers.json").read_bytes())
    old, new = tree(made, "v2.14.3"), tree(made, BRANCH)
    olds = [start(old, {"HOTFIX_VERSION": "v2.14.3"}) for _ in range(2)]
    serve(layout, *olds)
    with Processes(tmp_path) as processes:
        ports = choose_ports()
        url = start_front(processes, layout, ports)
        traffic = start_traffic(processes, layout, url, rate=100)
        wait_until(lambda: answered(layout, "v2.14.3") > 100, "traffic on the old version")
        news = [start(new, {"HOTFIX_VERSION": "v2.14.4"}) for _ in range(2)]
        serve(layout, *news)
        wait_until(lambda: answered(layout, "v2.14.4") > 10, "traffic on the new version")
        assert [instance.end() for instance in olds] == [0, 0]
        wait_until(lambda: answered(layout, "v2.14.4") > 200, "more traffic on the new version")
        counts = httpx2.get(f"{url}/front-status", trust_env=False).json()
        assert {*counts} == {instance.url for instance in (*olds, *news)}
    assert not traffic.alive
    answers = parse(layout.traffic_log.read_text())
    figures = json.loads((tmp_path / "traffic.log").read_text())
    assert figures["sent"] == len(answers) == summary(between(answers, 0, 4e9)).sent
    versions = by_version(answers)
    assert {*versions} == {"v2.14.3", "v2.14.4"}
    assert failures(versions["v2.14.3"]) == ()
    bad = len(failures(versions["v2.14.4"])) / len(versions["v2.14.4"])
    assert bad == 0 if name == "good" else 0.15 < bad < 0.45


def test_forgeries_are_let_in_before_the_hotfix_and_not_after(
    demo: MakeDemo, tree: Checkout, start: Start, layout: Layout, tmp_path: Path
) -> None:
    made = demo("good")
    (layout.clone / "service").mkdir(parents=True)
    layout.customers.write_bytes((made.clone / "service/customers.json").read_bytes())
    for version, ref, status in (("v2.14.3", "v2.14.3", 200), ("v2.14.4", BRANCH, 401)):
        instance = start(tree(made, ref), {"HOTFIX_VERSION": version, "BANK_MEDIAN": "0"})
        with Processes(tmp_path) as processes:
            start_traffic(processes, layout, instance.url, rate=200)
            wait_until(lambda: answered(layout, version) > 250, "traffic")
        instance.process.send_signal(signal.SIGTERM)
        forged = {a.status for a in parse(layout.traffic_log.read_text()) if (a.kind, a.version) == ("forged", version)}
        assert forged == {status}
