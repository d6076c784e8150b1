"""The process platform, with real processes on this machine."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from msgspec.structs import replace
from tests.platforms.contract import Harness, PlatformContract
from tests.platforms.process_place import Place, until

from hotfix_deploy_runner.core.fleet import Fleet, State
from hotfix_deploy_runner.core.revision import UNKNOWN
from hotfix_deploy_runner.errors import PlatformFailed
from hotfix_deploy_runner.platforms.process.layout import Stage
from hotfix_deploy_runner.platforms.process.liveness import Processes
from hotfix_deploy_runner.ports import ALL, Move

pytestmark = pytest.mark.slow


class TestProcessPlatform(PlatformContract):
    @pytest.fixture
    def harness(self, place: Place) -> Harness:
        return place


def test_a_client_that_follows_the_endpoints_loses_no_request(place: Place) -> None:
    async def story() -> None:
        platform, move = await place.moving()
        over = asyncio.Event()
        client = asyncio.create_task(asyncio.to_thread(requests_until, place, over))
        for count in (1, 2, ALL, 0):
            await platform.shift(move, count)
        over.set()
        answers = await client
        assert len(answers) >= 200
        assert set(answers) == {"v1.0.0", "v1.0.1"}

    asyncio.run(story())


def test_one_that_left_the_endpoints_answers_until_it_is_drained(single: Place) -> None:
    async def story() -> None:
        _, move = await single.moving()
        (before,) = single.endpoints
        change = asyncio.create_task(single.open(drain="1s").shift(move, ALL))
        while before in single.endpoints:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.4)  # somebody who read the endpoints just before they changed
        assert await get(f"{before}/") == "v1.0.0"
        await change

    asyncio.run(story())


def requests_until(place: Place, over: asyncio.Event) -> list[str]:
    """The answers of requests to every endpoint in turn, read anew from `serving.json`; a failing one raises."""
    answers: list[str] = []
    with httpx2.Client(trust_env=False, timeout=5.0) as client:
        while not over.is_set():
            for url in place.endpoints:
                answers.append(client.get(f"{url}/", headers={"connection": "close"}).raise_for_status().text)
    return answers


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.4, 0.7])
@pytest.mark.parametrize("count", ["all", "0"])
def test_after_kill_9_of_the_runner_a_new_one_brings_one_version_everywhere(
    place: Place, tmp_path: Path, seconds: float, count: str
) -> None:
    async def begin() -> Move:
        platform, move = await place.moving()
        if count == "0":
            await platform.shift(move, 2)
        return move

    async def go_on() -> None:
        again = place.open()
        await again.prepare(move)
        await again.shift(move, 0)
        assert (await again.fleet()).only(move.old, 3)
        assert len(place.endpoints) == 3
        assert all(len(Processes().members(r)) >= 1 for r in place.layout.records())
        orphans = [r for r in place.layout.history() if r.stage is Stage.OVER and Processes().members(r)]
        assert not orphans

    move = asyncio.run(begin())
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), json.dumps(place.settings), count],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"shifting\n"
    with pytest.raises(subprocess.TimeoutExpired):
        owner.wait(seconds)
    owner.kill()
    owner.communicate()
    asyncio.run(go_on())


OWNER = """
import asyncio, json, sys
from pathlib import Path
from hotfix_deploy_runner.platforms.process import make_platform
from hotfix_deploy_runner.platforms.process.layout import Layout, Prepared, read_json
from hotfix_deploy_runner.ports import ALL, Site

place, settings, count = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
site = Site("staging", "web", place / "state", place / "artifacts", place / "caches", str)
move = read_json(Layout(place / "state").move, Prepared).move
print("shifting", flush=True)
asyncio.run(make_platform(settings, site).shift(move, ALL if count == "all" else 0))
sys.stdin.read()
"""


def test_instances_outlive_the_runner_and_hold_nothing_of_it_open(single: Place, tmp_path: Path) -> None:
    async def story() -> None:
        reading, writing = os.pipe()
        os.set_inheritable(writing, True)
        os.set_blocking(reading, False)
        await single.running()
        os.close(writing)
        assert os.read(reading, 1) == b""  # the end: nobody else has the other side
        os.close(reading)
        (instance,) = (await single.open().fleet()).instances
        answer = await get(f"{instance.endpoint}/files")
        assert set(answer.split()) <= {"0", "1", "2", "3", "4", "5"}  # the log twice, the listener, selector, itself

    asyncio.run(story())


def test_the_environment_of_an_instance(tmp_path: Path, single: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.invalid/1")
    monkeypatch.setenv("HOTFIX_TARGET", "production")
    monkeypatch.setenv("ORDINARY", "kept")

    async def story() -> None:
        platform, new = single.open(env={"KEY": "value"}), single.revision("v1.0.0")
        await platform.shift(Move(new, UNKNOWN, 1), ALL)
        (instance,) = (await platform.fleet()).instances
        seen = dict(line.split("=", 1) for line in (await get(f"{instance.endpoint}/env")).splitlines())
        assert seen["PORT"] == str(single.record(instance).port)
        assert (seen["HOTFIX_VERSION"], seen["HOTFIX_INSTANCE"]) == ("v1.0.0", "web-1")
        assert Path(seen["HOTFIX_ENV"]).name == ".hotfix-env"
        assert (seen["KEY"], seen["ORDINARY"], seen["PATH"]) == ("value", "kept", os.environ["PATH"])
        assert "SLACK_WEBHOOK_URL" not in seen
        assert "HOTFIX_TARGET" not in seen

    asyncio.run(story())


async def get(url: str) -> str:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return (await client.get(url)).text


def test_what_setup_installs_is_there_when_an_instance_starts(single: Place) -> None:
    async def story() -> None:
        setup = {"command": "mkdir -p $HOTFIX_ENV && cp service.py $HOTFIX_ENV/installed.py", "timeout": "10s"}
        start = single.settings["start"].replace("service.py", '"$HOTFIX_ENV/installed.py"')
        platform, new = single.open(setup=setup, start=start), single.revision("v1.0.0")
        move = Move(new, UNKNOWN, 1)
        await platform.prepare(move)
        await platform.shift(move, ALL)
        assert (await platform.fleet()).only(new, 1)

    asyncio.run(story())


def test_a_setup_that_fails_is_the_platforms_failure(single: Place) -> None:
    platform, new = single.open(setup={"command": "echo no network; exit 9"}), single.revision("v1.0.0")
    with pytest.raises(PlatformFailed, match=r"v1\.0\.0 cannot be installed: setup exited with 9") as failure:
        asyncio.run(platform.prepare(Move(new, UNKNOWN, 1)))
    assert "no network" in failure.value.detail


def test_a_process_that_was_killed_is_failed_and_says_how(place: Place) -> None:
    async def story() -> None:
        await place.running()
        platform = place.open()
        victim = (await platform.fleet()).instances[1]
        (service,) = [pid for pid in Processes().members(place.record(victim)) if pid != place.pid(victim)]
        os.kill(service, signal.SIGKILL)
        fleet = await until(lambda f: f.instances[1].state is State.FAILED, platform)
        assert fleet.instances[1].why == "killed by signal 9 (SIGKILL)"
        assert [i.state for i in fleet.instances] == [State.READY, State.FAILED, State.READY]

    asyncio.run(story())


def test_a_service_whose_wrapper_was_killed_is_failed_and_not_left_behind(single: Place) -> None:
    async def story() -> None:
        platform, move = await single.moving()
        (instance,) = (await platform.fleet()).instances
        record = single.record(instance)
        os.kill(single.pid(instance), signal.SIGKILL)
        await until(lambda f: f.instances[0].state is State.FAILED, platform)
        assert len(Processes().members(record)) == 1
        await platform.shift(move, 0)
        assert (await platform.fleet()).only(move.old, 1)
        assert Processes().members(record) == []

    asyncio.run(story())


def test_a_child_that_left_the_session_is_ended_with_its_instance(single: Place) -> None:
    async def story() -> None:
        start = f"setsid sleep 300 & exec {single.settings['start']}"
        platform, new = single.open(start=start), single.revision("v1.0.0")
        await platform.shift(Move(new, UNKNOWN, 1), ALL)
        (instance,) = (await platform.fleet()).instances
        record = single.record(instance)
        assert len(Processes().members(record)) == 3
        await platform.stop_all()
        assert Processes().members(record) == []
        assert await platform.fleet() == Fleet()

    asyncio.run(story())


def test_after_a_reboot_everything_is_down_whoever_has_the_pids_now(place: Place) -> None:
    async def story() -> None:
        platform, move = await place.moving()
        await platform.shift(move, 1)
        before = place.layout.records()
        await platform.stop_all()
        taken = Processes().life(os.getpid())  # the same pid, started at the same tick, of another boot
        assert taken is not None
        for record in before:  # as if the machine had been cut off while these served
            earlier = replace(taken, boot="an earlier boot")
            place.layout.write(replace(record, life=earlier, stage=Stage.SERVING))
            place.layout.exit(record).unlink(missing_ok=True)
        fleet = await platform.fleet()
        assert [i.state for i in fleet.instances] == [State.FAILED] * 3
        assert {i.why for i in fleet.instances} == {"not running since the machine restarted"}
        await platform.shift(move, 0)
        assert (await platform.fleet()).only(move.old, 3)
        assert len(place.endpoints) == 3

    asyncio.run(story())


def test_a_pid_that_another_process_has_is_not_taken_for_ours(single: Place) -> None:
    async def story() -> None:
        await single.running()
        platform = single.open()
        (instance,) = (await platform.fleet()).instances
        record = single.record(instance)
        await platform.stop_all()
        assert record.life is not None
        single.layout.exit(record).unlink()
        single.layout.write(replace(record, life=replace(record.life, pid=os.getpid())))
        (seen,) = (await platform.fleet()).instances
        assert (seen.state, seen.why) == (State.FAILED, "not running, and nobody saw how it ended")

    asyncio.run(story())


def test_a_process_whose_pid_was_never_written_down_is_found(single: Place) -> None:
    async def story() -> None:
        platform, move = await single.moving()
        (before,) = (await platform.fleet()).instances
        single.layout.write(replace(single.record(before), life=None, stage=Stage.STARTING))
        assert (await platform.fleet()).only(move.old, 1)
        await platform.shift(move, 0)
        assert (await platform.fleet()).instances == (before,)
        assert single.record(before).life is not None

    asyncio.run(story())


def test_an_intent_without_a_process_is_cleaned_up(single: Place) -> None:
    async def story() -> None:
        platform, move = await single.moving()
        (before,) = (await platform.fleet()).instances
        single.layout.write(replace(single.record(before), incarnation="9" * 20, life=None, stage=Stage.STARTING))
        assert [i.state for i in (await platform.fleet()).instances] == [State.READY, State.FAILED]
        await platform.shift(move, 0)
        assert (await platform.fleet()).instances == (before,)

    asyncio.run(story())


def test_one_that_was_being_started_is_not_in_the_way_of_the_next_revision(single: Place) -> None:
    """There are two ports for one instance: what a turn that was cut off left beside the old one holds the second."""

    async def story() -> None:
        platform, move = await single.moving("never-ready")
        turning = asyncio.create_task(platform.shift(move, ALL))
        while not any(r.stage is Stage.STARTING and r.life for r in single.layout.records()):
            await asyncio.sleep(0.005)
        turning.cancel()
        await asyncio.gather(turning, return_exceptions=True)
        left = [r for r in single.layout.records() if r.revision == move.new]
        assert [r.stage for r in left] == [Stage.STARTING], "the case that is meant"
        after = Move(single.packed("v1.0.2", "good"), move.old, 3)
        await platform.prepare(after)
        await platform.shift(after, ALL)
        assert (await platform.fleet()).only(after.new, 1)

    asyncio.run(story())


def test_a_port_taken_by_a_stranger_is_skipped(place: Place) -> None:
    async def story() -> None:
        place.settings["instances"] = 1
        with socket.create_server(("127.0.0.1", min(place.ports))):
            platform, move = await place.moving()
            await platform.shift(move, ALL)
            assert (await platform.fleet()).only(move.new, 1)

    asyncio.run(story())


def test_without_another_port_a_strangers_one_is_named_and_the_old_one_serves(single: Place) -> None:
    async def story() -> None:
        platform, move = await single.moving()
        (before,) = (await platform.fleet()).instances
        (free,) = set(single.ports) - {single.record(before).port}
        with socket.create_server(("127.0.0.1", free)):
            with pytest.raises(PlatformFailed, match=rf"port {free} is taken by process {os.getpid()} \("):
                await platform.shift(move, 1)
            assert (await platform.fleet()).instances == (before,)
        await platform.shift(move, 1)
        assert (await platform.fleet()).only(move.new, 1)

    asyncio.run(story())


def test_the_way_back_does_not_fail_for_a_strangers_port(single: Place) -> None:
    async def story() -> None:
        platform, move = await single.moving()
        await platform.shift(move, ALL)
        (free,) = set(single.ports) - {single.record((await platform.fleet()).instances[0]).port}
        with socket.create_server(("127.0.0.1", free)):
            await platform.shift(move, 0)
            assert (await platform.fleet()).only(move.old, 1)

    asyncio.run(story())


def test_one_that_ignores_term_is_killed_after_the_grace(single: Place) -> None:
    async def story() -> None:
        single.settings["grace"] = "300ms"
        platform, move = await single.moving("ignores-term")
        await platform.shift(move, ALL)
        (stubborn,) = (await platform.fleet()).instances
        await platform.shift(move, 0)
        assert (await platform.fleet()).only(move.old, 1)
        assert Processes().members(single.record(stubborn)) == []

    asyncio.run(story())


def test_one_that_is_never_ready_is_ended_and_shown_and_the_old_one_serves(place: Place) -> None:
    async def story() -> None:
        place.settings["start_limit"] = "600ms"
        platform, move = await place.moving("never-ready")
        await platform.shift(move, 2)
        fleet = await platform.fleet()
        assert fleet.ready(move.old) == 3
        assert [i.name for i in fleet.of(move.new)] == ["web-1", "web-2"]
        for failed in fleet.of(move.new):
            assert (failed.state, failed.why) == (State.FAILED, "not ready within 0.6 s: GET /readyz: 503")
            assert Processes().members(place.record(failed)) == []
        await platform.shift(move, 0)
        assert (await platform.fleet()).only(move.old, 3)

    asyncio.run(story())


def test_one_that_stops_being_ready_is_unreachable_and_says_why(single: Place) -> None:
    async def story() -> None:
        platform, move = await single.moving()
        (instance,) = (await platform.fleet()).instances
        tree = single.layout.releases / move.old.artifact.removeprefix("sha256:") / "tree"
        sick = tree / f"sick-{single.record(instance).port}"
        sick.touch()
        (seen,) = (await platform.fleet()).instances
        assert (seen.state, seen.why) == (State.UNREACHABLE, "GET /readyz: 503")
        os.kill(single.pid(instance), signal.SIGSTOP)
        for pid in Processes().members(single.record(instance)):
            os.kill(pid, signal.SIGSTOP)
        (seen,) = (await single.open(probe_limit="200ms").fleet()).instances
        assert (seen.state, seen.why) == (State.UNREACHABLE, "GET /readyz: no answer in 0.2 s")
        for pid in Processes().members(single.record(instance)):
            os.kill(pid, signal.SIGCONT)

    asyncio.run(story())


def test_a_young_one_is_starting(single: Place) -> None:
    async def story() -> None:
        platform, new = single.open(env={"WARM_UP": "30"}), single.revision("v1.0.0")
        shift = asyncio.create_task(platform.shift(Move(new, UNKNOWN, 1), ALL))
        fleet = await until(lambda f: bool(f.instances), platform)
        assert fleet.instances[0].state is State.STARTING
        assert fleet.instances[0].why == "GET /readyz: connection refused"
        shift.cancel()
        await asyncio.gather(shift, return_exceptions=True)

    asyncio.run(story())


def test_an_old_version_that_cannot_be_started_is_named_and_the_new_one_goes_on_serving(single: Place) -> None:
    async def story() -> None:
        good, broken = single.revision("v1.0.1"), single.revision("v1.0.0", good=False)
        platform, move = single.open(), Move(good, broken, 1)
        await platform.prepare(move)
        await platform.shift(move, ALL)
        with pytest.raises(PlatformFailed, match=r"v1\.0\.0 cannot be brought back: web-1: exited with 3"):
            await platform.shift(move, 0)
        fleet = await platform.fleet()
        assert (fleet.ready(good), len(fleet.of(broken))) == (1, 1)
        assert len(single.endpoints) == 1

    asyncio.run(story())


def test_explaining_shows_exit_and_log_without_secrets(single: Place) -> None:
    async def story() -> None:
        platform, move = await single.moving("exits")
        await platform.shift(move, 1)
        (failed,) = (await platform.fleet()).of(move.new)
        explained = await platform.explain(failed)
        assert "exited with 3" in explained
        assert "starting v1.0.1\npassword=[redacted]\n" in explained
        (ready,) = (await platform.fleet()).of(move.old)
        assert f"process {single.pid(ready)}, up " in await platform.explain(ready)

    asyncio.run(story())
