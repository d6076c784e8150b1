import pytest

from hotfix_deploy_runner.checks.gitlab_rules import holds

TAG = {"CI_COMMIT_TAG": "v1.2.3", "CI_COMMIT_BRANCH": None, "CI_PIPELINE_SOURCE": "push"}


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("$CI_COMMIT_TAG", True),
        ("$CI_COMMIT_BRANCH", False),
        ("$CI_COMMIT_BRANCH == null", True),
        ('$CI_COMMIT_BRANCH == "main"', False),
        ("$CI_COMMIT_TAG =~ /^v\\d+/", True),
        ("$CI_COMMIT_TAG !~ /^V/i", False),
        ("$CI_COMMIT_TAG =~ /^v.*-rc/", False),
        ("$CI_COMMIT_BRANCH || $CI_COMMIT_TAG", True),
        ("$CI_COMMIT_BRANCH && $MINE", False),
        ("$CI_COMMIT_TAG && $MINE", None),
        ("$MINE == 'yes' || $CI_COMMIT_TAG", True),
        ("($CI_COMMIT_BRANCH || $CI_COMMIT_TAG) && $CI_PIPELINE_SOURCE == 'push'", True),
        ("${CI_COMMIT_TAG} != 'v1.2.3'", False),
        ("$CI_COMMIT_TAG =~ $PATTERN", None),
        ("not an expression", None),
        ("$CI_COMMIT_TAG ==", None),
        ("($CI_COMMIT_TAG", None),
        ("$CI_COMMIT_TAG =~ /(/", None),
    ],
)
def test_an_expression_is_true_false_or_not_known(expression: str, answer: bool | None) -> None:
    assert holds(expression, TAG) is answer
