"""What the process platform publishes, keeps and removes; and what its settings may be."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.platforms.process_place import Place

from hotfix_deploy_runner.core.revision import UNKNOWN, Revision
from hotfix_deploy_runner.errors import ArtifactMissing, PlatformFailed
from hotfix_deploy_runner.platforms.process import ProcessSettings
from hotfix_deploy_runner.platforms.process.spawn import replacing_shell
from hotfix_deploy_runner.ports import ALL, Move
from hotfix_deploy_runner.settings import read_table

slow = pytest.mark.slow


@slow
def test_the_publish_command_is_told_of_every_change_and_of_nothing_else(place: Place) -> None:
    async def story() -> None:
        told = place.directory / "told"
        place.settings["publish"] = f'echo "$HOTFIX_ENDPOINTS" >> {told}'
        platform, move = await place.moving()
        told.unlink()
        await platform.shift(move, 1)
        await platform.shift(move, 1)
        assert told.read_text().splitlines() == [" ".join(place.endpoints)]

    asyncio.run(story())


@slow
def test_nothing_is_ended_while_the_endpoints_cannot_be_published(single: Place) -> None:
    async def story() -> None:
        platform, move = await single.moving()
        with pytest.raises(PlatformFailed, match="the publish command exited with 4") as failure:
            await single.open(publish="echo balancer is away; exit 4").shift(move, 1)
        assert "balancer is away" in failure.value.detail
        fleet = await platform.fleet()
        assert {i.revision for i in fleet.instances if i.ready} == {move.old, move.new}
        told = single.directory / "told"
        await single.open(publish=f'echo "$HOTFIX_ENDPOINTS" >> {told}').shift(move, 0)
        assert told.read_text().splitlines()[-1] == single.endpoints[0]
        assert (await platform.fleet()).only(move.old, 1)

    asyncio.run(story())


@slow
def test_settling_keeps_the_releases_in_use_and_the_last_three_and_five_logs(single: Place) -> None:
    async def story() -> None:
        old, platform = await single.running("v1.0.0"), single.open()
        for number in range(1, 8):
            move = Move(single.revision(f"v1.0.{number}"), old, number + 1)
            await platform.prepare(move)
            await platform.shift(move, ALL)
            old = move.new
        await platform.settle(old, 20)
        kept = {p.name for p in single.layout.releases.iterdir() if p.is_dir()}
        assert kept == {single.revision(f"v1.0.{n}").artifact.removeprefix("sha256:") for n in (5, 6, 7)}
        assert len(list((single.layout.instances / "web-1").iterdir())) == 6  # the one that runs, and five
        assert (await platform.fleet()).only(old, 1)

    asyncio.run(story())


@slow
def test_with_fewer_instances_configured_all_ends_the_others(place: Place) -> None:
    async def story() -> None:
        _, move = await place.moving()
        fewer = place.open(instances=2)
        await fewer.shift(move, 3)
        assert (await fewer.fleet()).only(move.new, 3)
        await fewer.shift(move, ALL)
        assert (await fewer.fleet()).only(move.new, 2)
        assert len(place.endpoints) == 2

    asyncio.run(story())


@slow
def test_with_more_instances_configured_the_way_back_restores_what_was(place: Place) -> None:
    async def story() -> None:
        _, move = await place.moving()
        more = place.open(instances=4)
        await more.shift(move, ALL)
        assert (await more.fleet()).only(move.new, 4)
        await more.shift(move, 0)
        assert (await more.fleet()).only(move.old, 3)

    asyncio.run(story())


def test_an_artifact_that_is_not_there_is_missing(single: Place) -> None:
    unknown = Revision("v9.9.9", artifact="sha256:" + "0" * 64)
    with pytest.raises(ArtifactMissing, match=r"the artifact of v9\.9\.9 is not in the store"):
        asyncio.run(single.open().prepare(Move(unknown, UNKNOWN, 1)))


def test_without_the_old_artifact_there_is_no_way_back_to_prepare(single: Place) -> None:
    new, gone = single.revision("v1.0.1"), Revision("v1.0.0", artifact="sha256:" + "0" * 64)
    with pytest.raises(ArtifactMissing, match=r"v1\.0\.0"):
        asyncio.run(single.open().prepare(Move(new, gone, 1)))


@pytest.mark.parametrize("digest", ["", "sha256:..", "sha256:../../etc", "md5:" + "0" * 32])
def test_what_is_no_digest_never_becomes_a_path(single: Place, digest: str) -> None:
    with pytest.raises(ArtifactMissing, match="is not known"):
        asyncio.run(single.open().prepare(Move(Revision("v1.0.0", artifact=digest), UNKNOWN, 1)))


def test_a_damaged_artifact_is_refused_before_it_is_unpacked(single: Place) -> None:
    new = single.revision("v1.0.0")
    (archive,) = (single.directory / "artifacts").iterdir()
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(PlatformFailed, match="is damaged"):
        asyncio.run(single.open().prepare(Move(new, UNKNOWN, 1)))
    assert not list(single.layout.releases.glob("*/tree"))


def test_a_disk_that_takes_no_more_leaves_nothing_half_unpacked(single: Place) -> None:
    new, platform = single.revision("v1.0.0"), single.open()
    with (
        files_up_to(1000),
        pytest.raises(PlatformFailed, match=r"the artifact of v1\.0\.0 cannot be unpacked") as error,
    ):
        asyncio.run(platform.prepare(Move(new, UNKNOWN, 1)))
    assert "File too large" in error.value.message
    assert [p.name for p in single.layout.releases.glob("*/*")] == []
    asyncio.run(platform.prepare(Move(new, UNKNOWN, 1)))
    assert list(single.layout.releases.glob("*/tree/service.py"))


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process gets larger than `size` bytes: writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_place_that_cannot_be_written_is_the_platforms_failure(single: Place) -> None:
    single.layout.root.parent.joinpath("state").write_text("a file")
    with pytest.raises(PlatformFailed, match="the platform's files"):
        asyncio.run(single.open().prepare(Move(single.revision("v1.0.0"), UNKNOWN, 1)))
    single.layout.root.unlink()


GOOD: dict[str, Any] = {"start": "run", "ports": "9101-9103"}


def test_settings_as_they_are_meant() -> None:
    table = {
        **GOOD,
        "ports": "9103,9101-9102",
        "drain": "500ms",
        "grace": 3,
        "setup": {"timeout": "10m", "inputs": ["a"]},
    }
    settings = read_table(ProcessSettings, table, "environments.staging.web")
    assert settings.ports == (9101, 9102, 9103)
    assert (settings.drain, settings.grace, settings.setup.timeout) == (0.5, 3.0, 600.0)
    assert (settings.paths, settings.setup.inputs) == (("/healthz",), ("a",))


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("$HOTFIX_ENV/bin/python -m service", "exec $HOTFIX_ENV/bin/python -m service"),
        ("./run", "exec ./run"),
        ("MODE=x ./run", "MODE=x ./run"),
        ("cd app && ./run", "cd app && ./run"),
        ("exec ./run", "exec ./run"),
        ("a; b", "a; b"),
    ],
)
def test_a_simple_command_takes_its_shells_place(start: str, expected: str) -> None:
    assert replacing_shell(start) == expected
