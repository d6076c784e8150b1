from hotfix_deploy_runner.core.phrases import at_most, capital, counted


def test_a_count_goes_with_its_noun() -> None:
    assert [counted(0, "pod"), counted(1, "process"), counted(3, "process")] == ["0 pods", "1 process", "3 processes"]


def test_a_long_list_is_cut_and_says_how_much_is_left_out() -> None:
    assert at_most(2, ["a", "b", "c", "d"]) == ("a", "b", "and 2 more")
    assert at_most(2, ("a", "b")) == ("a", "b")
    assert at_most(2, []) == ()


def test_a_sentence_begins_with_a_capital_and_keeps_the_rest() -> None:
    assert (capital("v2 is OK"), capital("")) == ("V2 is OK", "")
