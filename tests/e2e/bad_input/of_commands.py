"""Commands of the team's that hang, lie, crash, or say far too much."""

from contextlib import ExitStack

import msgspec
from tests.e2e.bad_input.case import Case, Typed
from tests.e2e.bad_input.world import CLEAN, PASSING, Ran, World

from hotfix_deploy_runner.journal.sqlite import SqliteStore

MEMORY = 300_000_000
LOG = 21_000_000
EVENT = 100_000
SMALL_ENTITIES = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
BOMB = f'<!DOCTYPE x [<!ENTITY e0 "bang">{SMALL_ENTITIES}]><testsuite><testcase name="&e9;"/></testsuite>'


def with_tests(world: World, command: str, timeout: str = "20s", target: str = "production") -> Typed:
    tests = {"command": command, "timeout": timeout}
    return Typed(world.deploying(world.branch(), {"checks": {"tests": tests}}, target))


def with_scanner(world: World, command: str, target: str = "production") -> Typed:
    scanners = {"clean": None, "radar": {"command": command}}
    return Typed(world.deploying(world.branch(), {"checks": {"security": {"scanners": scanners}}}, target))


def tests_hang(world: World, undo: ExitStack) -> Typed:
    return with_tests(world, "sleep 60", "1s")


def no_report(world: World, undo: ExitStack) -> Typed:
    return with_tests(world, "echo all is well")


def entity_bomb(world: World, undo: ExitStack) -> Typed:
    return with_tests(world, f"echo '{BOMB}' > $HOTFIX_JUNIT")


def scanner_crashes(world: World, undo: ExitStack) -> Typed:
    return with_scanner(world, "echo out of film >&2; kill -SEGV $$")


def scanner_writes_nothing(world: World, undo: ExitStack) -> Typed:
    return with_scanner(world, "true")


def nothing_to_scan(world: World, undo: ExitStack) -> Typed:
    """Bandit, in a tree without a Python file."""
    branch = world.branch({"service.txt": "x"})
    world.git("fetch", "-q", "origin", branch)
    settings = {"checks": {"security": {"scanners": {"clean": None, "bandit": {}}, "exclude": ["*.py"]}}}
    return Typed(world.deploying(branch, settings, target="staging"))


def scanner_finds(world: World, undo: ExitStack) -> Typed:
    found = '{"ruleId": "R1", "level": "error", "message": {"text": "bad"}}'
    log = CLEAN.replace('"results": []', f'"results": [{found}]').replace('"clean"', '"radar"')
    return with_scanner(world, f"test -e fix || {{ {CLEAN}; exit; }}; {log}")


def says_too_much(world: World, undo: ExitStack) -> Typed:
    return with_tests(world, f"yes 'a line of output' | head -c 100000000; {PASSING}", target="staging")


def says_too_much_at_once(world: World, undo: ExitStack) -> Typed:
    """100 MB without the end of a line."""
    return with_tests(world, f"head -c 100000000 /dev/zero | tr '\\0' x; {PASSING}", target="staging")


def is_bounded(world: World, ran: Ran) -> None:
    """Memory, the logs, and every event of the newest run."""
    assert 10_000_000 < ran.peak < MEMORY, f"{ran.peak / 1e6:.0f} MB"
    store = SqliteStore(world.home / "journal.db", read_only=True)
    try:
        run = store.find("last")
        events = [msgspec.json.encode(event) for _, event in store.events(run)]
    finally:
        store.close()
    assert max(map(len, events)) < EVENT
    log = (world.home / "runs" / run / "logs" / "tests.log").stat().st_size
    assert 1_000_000 < log < LOG, log


CASES = (
    Case("a test command that hangs", tests_hang, "[FAIL] Tests did not end within 1.0 s", 3),
    Case("a test command without a report", no_report, "[FAIL] Tests cannot be counted: it left no test report", 3),
    Case("a report that is an entity bomb", entity_bomb, "its test report cannot be read: ", 3),
    Case("a scanner that crashes", scanner_crashes, "radar: it ended with ", 3),
    Case("a scanner that writes nothing", scanner_writes_nothing, "radar: it wrote no SARIF", 3),
    Case("a scanner with nothing to scan, to staging", nothing_to_scan, "[SKIP] Security scan skipped: ", 0),
    Case("a scanner that finds something", scanner_finds, "[FAIL] Security scan: 1 new finding (radar)", 3),
    Case("100 MB of output in lines, to staging", says_too_much, "[OK] Tests pass (1/1)", 0, also=is_bounded),
    Case(
        "100 MB of output in one line, to staging", says_too_much_at_once, "[OK] Tests pass (1/1)", 0, also=is_bounded
    ),
)
