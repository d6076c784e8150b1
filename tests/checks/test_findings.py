from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.checks.findings import Comparison, compare
from hotfix_deploy_runner.checks.sarif import Finding, Level


def finding(rule: str = "B602", path: str = "a.py", code: str = "run(x)", line: int = 1) -> Finding:
    return Finding(rule, "", Level.error, path, line, snippet=code)


def compared(ours: list[Finding], base: list[Finding], gone: tuple[str, ...] = ()) -> Comparison:
    return compare(ours, base, gone=lambda path: path in gone)


def test_a_finding_that_only_moved_or_was_indented_is_old() -> None:
    assert compared([finding(line=90, code="    run( x )\n")], [finding()]).new == ()


def test_another_rule_file_or_code_is_new() -> None:
    ours = [finding(rule="B603"), finding(path="b.py"), finding(code="run(y)")]
    assert compared(ours, [finding()]).new == tuple(ours)


def test_a_second_copy_of_an_old_one_is_new() -> None:
    split = compared([finding(line=1), finding(line=9)], [finding()])
    assert (len(split.old), [f.line for f in split.new]) == (1, [9])


def test_a_renamed_file_keeps_its_findings() -> None:
    assert compared([finding(path="b.py")], [finding(path="a.py")], gone=("a.py",)).new == ()


def test_a_renamed_file_excuses_as_many_as_it_had() -> None:
    ours = [finding(path="b.py"), finding(path="c.py")]
    assert compared(ours, [finding(path="a.py")], gone=("a.py",)).new == (ours[1],)


def test_without_code_the_message_tells_findings_apart() -> None:
    one = Finding("R", "", Level.error, "a.py", 0, message="x is weak")
    other = Finding("R", "", Level.error, "a.py", 0, message="y is weak")
    assert compared([one, other], [one]).new == (other,)


FINDINGS = st.lists(st.builds(finding, st.sampled_from("AB"), st.sampled_from(["a", "b"]), st.sampled_from("xy")))


@given(FINDINGS, FINDINGS)
def test_every_finding_is_either_new_or_old_and_the_same_tree_has_no_new_ones(
    ours: list[Finding], base: list[Finding]
) -> None:
    split = compared(ours, base)
    assert len(split.new) + len(split.old) == len(ours)
    assert len(split.old) <= len(base)
    assert compared(ours, ours).new == ()
    assert compared(ours, []).new == tuple(ours)
