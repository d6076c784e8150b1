"""The plain output, verbatim."""

import io

from tests.fakes.events import (
    Story,
    errors_rolled_back,
    failing_test,
    good_deploy,
    rollback_asked_of_a_run,
    rollback_run,
)

from hotfix_deploy_runner.views.plain import PlainView

GOOD = """\
Hotfix Deployment: hotfix/auth-bypass
Current production: v2.14.3 (tag)
Hotfix base: v2.14.3

Pre-flight checks:
  [OK] Branch exists and is clean
  [OK] Tests pass (47/47)
  [OK] Security scan clear
  [OK] Database migrations: none

Staging deployment:
  [OK] Deployed to staging (v2.14.4-rc.1)
  [OK] Smoke tests pass (12/12)
  [OK] Health check: 200 OK

Production deployment:
  [OK] Tagged v2.14.4
  [OK] Rolling deploy started (3 pods)
  [OK] Pod 1/3 healthy
  [OK] Pod 2/3 healthy
  [OK] Pod 3/3 healthy

Post-deploy validation:
  [OK] Error rate: 0.02% (baseline: 0.03%)
  [OK] p99 latency: 180ms (baseline: 195ms)

Hotfix v2.14.4 deployed successfully.
Rollback command: rollback-deploy-auto --version v2.14.3
"""


def plain(story: Story) -> str:
    out = io.StringIO()
    view = PlainView(out)
    for seq, event in story:
        view.event(seq, event)
    view.close()
    return out.getvalue()


def test_a_good_deploy_reads_as_the_contract_has_it() -> None:
    assert plain(good_deploy()) == GOOD


def test_further_lines_stand_under_their_own_heading() -> None:
    expected = GOOD.replace(
        "\nHotfix v2.14.4 deployed",
        "\nAfterwards:\n"
        "  [OK] Merged back to main (abc1234)\n"
        "  [OK] Deleted branch hotfix/auth-bypass (here and on origin)\n"
        "  [OK] Incident document: incidents/v2.14.4.md\n"
        "\nHotfix v2.14.4 deployed",
    )
    assert plain(good_deploy(afterwards=True)) == expected


def test_remarks_are_notes_after_the_header() -> None:
    text = plain(good_deploy(remarks=("v2.14.2 is the newest tag",)))
    assert text.startswith(
        "Hotfix Deployment: hotfix/auth-bypass\nCurrent production: v2.14.3 (tag)\nHotfix base: v2.14.3\n"
        "Note: v2.14.2 is the newest tag\n\nPre-flight checks:\n"
    )


def test_a_failing_test_hides_no_other_check() -> None:
    assert plain(failing_test()).split("\n\n", 1)[1] == (
        "Pre-flight checks:\n"
        "  [OK] Branch exists and is clean\n"
        "  [FAIL] Tests pass (46/47)\n"
        "         tests/test_auth.py::test_token_expiry: AssertionError: 401 != 200   (log: .../tests.log)\n"
        "  [OK] Security scan clear\n"
        "  [OK] Database migrations: none\n"
        "\n"
        "Hotfix stopped before production. Production is untouched: v2.14.3.\n"
    )


def test_a_breach_is_told_where_it_happened_and_then_the_way_back() -> None:
    text = plain(errors_rolled_back())
    assert text[text.index("  [OK] Pod 1/3") :] == (
        "  [OK] Pod 1/3 healthy\n"
        "  [FAIL] 28 errors in 160 requests; the limit is 5.00 %; such evidence has a chance below 1 % under a release "
        "that is no worse than v2.14.3\n"
        "         error rate 17.50% (baseline: 0.03%)\n"
        "         p99 latency 220ms (baseline: 195ms)\n"
        "\n"
        "Rollback:\n"
        "  [OK] Rolled back to v2.14.3 (3 pods)\n"
        "  [OK] Marked v2.14.4 as rolled back\n"
        "\n"
        "Afterwards:\n"
        "  [OK] Incident document: incidents/v2.14.4.md\n"
        "  [WARN] Slack was not told: no answer in 5 s\n"
        "         of rolled-back\n"
        "\n"
        "Hotfix v2.14.4 was rolled back: 28 errors in 160 requests; the limit is 5.00 %; such evidence has a chance "
        "below 1 % under a release that is no worse than v2.14.3. Production runs v2.14.3 again, verified everywhere.\n"
    )


def test_a_rollback_asked_for_says_who_and_why() -> None:
    text = plain(rollback_asked_of_a_run())
    assert text[text.index("  [OK] Pod 3/3") :].startswith(
        "  [OK] Pod 3/3 healthy\n"
        "\n"
        "Post-deploy validation:\n"
        "  [WARN] Rollback asked for by bob: customers see 500s\n"
        "\n"
        "Rollback:\n"
        "  [OK] Rolled back to v2.14.3 (3 pods)\n"
    )


def test_a_rollback_of_its_own_has_its_own_header() -> None:
    assert plain(rollback_run()) == (
        "Rollback: production to v2.14.3\n"
        "Current production: v2.14.4\n"
        "\n"
        "Rollback:\n"
        "  [OK] Pod 1/3 on v2.14.3\n"
        "  [OK] Rolled back to v2.14.3 (3 pods)\n"
        "  [OK] Marked v2.14.4 as rolled back\n"
        "\n"
        "Rolled back to v2.14.3. Production runs v2.14.3, verified everywhere.\n"
    )


def test_each_line_is_out_before_the_next_event() -> None:
    class Pipe(io.StringIO):
        flushed = ""

        def flush(self) -> None:
            self.flushed = self.getvalue()

    out, story = Pipe(), good_deploy()
    view = PlainView(out)
    for seq, event in story:
        view.event(seq, event)
        assert out.flushed == out.getvalue()
    assert out.flushed == GOOD
