import tomllib
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from hotfix_deploy_runner.config.model import Settings
from hotfix_deploy_runner.core.policy import FurtherLimit, Policy


def settings(text: str = "") -> Settings:
    return Settings.model_validate(tomllib.loads(text))


def tables(model: type[BaseModel], place: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every typed table, with its name."""
    yield place, model
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from tables(field.annotation, f"{place}{name}.")


def test_the_defaults_are_the_cores() -> None:
    assert settings().policy() == Policy()


def test_the_threshold_is_percent_in_the_file_and_a_fraction_in_the_policy() -> None:
    policy = settings("rollback_threshold = 2.5\n[rollout]\nrollback_min_serving = 50.0\n").policy()
    assert policy.watching.threshold == 0.025
    assert policy.rolling.rollback_min_serving == 0.5


def test_every_limit_of_the_file_reaches_the_policy() -> None:
    text = """
        rollback_threshold = 1.0
        on_interrupt = "rollback"
        [watch]
        window = "1m"
        interval = "1s"
        alpha = 0.02
        threshold_mode = "over-baseline"
        over_baseline = 4.0
        p99_ratio = 3.0
        p99_floor = "100ms"
        gate_wait = "3s"
        blind_for = "4s"
        unhealthy_for = "5s"
        on_breach = "hold"
        on_slow = "rollback"
        [rollout]
        batches = ["2", "100%"]
        min_healthy = "6s"
        healthy_deadline = "7s"
        rollback_min_serving = 80.0
        drain_limit = "8s"
        [merge]
        back = "off"
        into = ["main", "develop"]
        delete_branch = false
        [migrations]
        command = "migrate"
        [hooks]
        after_rollout = "purge"
        before_rollback = " "
        [metrics.more.logins]
        bad_labels = { result = "failed" }
        limit = "20%"
        on_breach = "warn"
        warm_up = "30s"
    """
    policy, plain = settings(text).policy(), Policy()
    changed = policy.watching, policy.rolling, policy
    for new, old in zip(changed, (plain.watching, plain.rolling, plain), strict=True):
        for name in new.__struct_fields__:
            assert getattr(new, name) != getattr(old, name), f"{name} did not get there"
    assert (policy.watching.window, policy.watching.p99_floor, policy.watching.mode) == (60.0, 0.1, "over-baseline")
    assert policy.rolling.batches == ("2", "100%")
    assert (policy.merge_back, policy.merge_into, policy.delete_branch) == ("off", ("main", "develop"), False)
    assert policy.hooks == ("after_rollout",)
    assert policy.watching.further == (FurtherLimit("logins", 0.2, "warn", warm_up=30.0),)


@pytest.mark.parametrize(("text", "seconds"), [('"10m"', 600.0), ('"1m30s"', 90.0), ('"500ms"', 0.5), ("2", 2.0)])
def test_a_time_is_a_duration_or_seconds(text: str, seconds: float) -> None:
    assert settings(f"[watch]\nwindow = {text}\n").watch.window == seconds


def test_every_key_has_its_description() -> None:
    """The reference page is made of them."""
    for place, model in tables(Settings):
        for name, field in model.model_fields.items():
            is_table = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
            assert is_table or field.description, f"{place}{name}"
        assert model.__doc__


def test_every_table_refuses_what_it_does_not_know() -> None:
    for place, _ in tables(Settings):
        given: dict[str, object] = {"xyzzy": 1}
        for room in reversed([name for name in place.split(".") if name]):
            given = {room: given}
        with pytest.raises(ValidationError, match="xyzzy"):
            Settings.model_validate(given)


def test_plug_ins_tables_are_left_to_the_plug_ins() -> None:
    read = settings('[checks.tests]\ncommand = "x"\n[environments.staging.web]\nplatform = "nomad"\nanything = 1\n')
    assert read.checks.tables == {"tests": {"command": "x"}}
    assert read.environments == {"staging": {"web": {"platform": "nomad", "anything": 1}}}


def test_the_order_of_the_platforms_is_the_files() -> None:
    text = "".join(f"[environments.production.{name}]\n" for name in ("zeta", "alpha", "mid"))
    assert list(settings(text).environments["production"]) == ["zeta", "alpha", "mid"]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        settings().target = "staging"  # type: ignore[misc]


def test_migrations_say_where_they_are_run() -> None:
    assert settings('[migrations]\nstaging = "x"\ncommand = "y"\n').policy().migrates == ("staging", "target")
    assert settings("[migrations]\nallow = true\n").policy().migrates == ()


def test_the_checks_have_a_budget_beside_their_tables() -> None:
    read = settings('[checks]\nbudget = "3m"\n[checks.tests]\ncommand = "x"\n').checks
    assert (read.budget, read.tables) == (180.0, {"tests": {"command": "x"}})
    with pytest.raises(ValidationError):
        settings("[checks]\nbudgett = 3\n")
