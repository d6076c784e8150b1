"""Ruby projects: Bundler, with Rails or Rack."""

from .found import Guess, Language
from .procfile import web_process
from .tree import Tree

_BUNDLE = "BUNDLE_PATH=$HOTFIX_ENV"


def detect(tree: Tree) -> Language | None:
    """The Ruby project in `tree`, if it is one."""
    if not tree.has("Gemfile"):
        return None
    locked = tree.has("Gemfile.lock")
    files = [name for name in ("Gemfile.lock", "Gemfile", ".ruby-version") if tree.has(name)]
    tests, missing = _tests(tree)
    frozen = " BUNDLE_FROZEN=true" if locked else ""
    look = "" if locked else "nothing is locked: two installations may differ; commit Gemfile.lock"
    return Language(
        "Ruby (Bundler" + (", Rails)" if _needs(tree, "rails") else ")"),
        setup=Guess(f"{_BUNDLE}{frozen} bundle install --quiet", ", ".join(files), look),
        inputs=Guess(files, "trees in which these files are equal share one installation"),
        tests=tests,
        start=_start(tree),
        missing=missing,
    )


def _tests(tree: Tree) -> tuple[Guess | None, tuple[str, ...]]:
    """How its tests write JUnit XML; neither RSpec nor Minitest does so by itself."""
    if tree.has(".rspec") or _needs(tree, "rspec") or _needs(tree, "rspec-rails"):
        formatter = "--format progress --format RspecJunitFormatter --out $HOTFIX_JUNIT"
        return _with_gem(tree, f"rspec {formatter}", "RSpec", "rspec_junit_formatter")
    if _needs(tree, "minitest") or tree.matching(r"test/.*_test\.rb"):
        task = "rails test" if _needs(tree, "rails") else "rake test"
        options = "MINITEST_REPORTER=JUnitReporter MINITEST_REPORTERS_REPORTS_DIR=$(dirname $HOTFIX_JUNIT)"
        guess, missing = _with_gem(tree, task, "Minitest", "minitest-reporters")
        look = "test_helper.rb has to call Minitest::Reporters.use!; set junit to the pattern of its files"
        return guess._replace(value=f"{options} {guess.value}", look=look), missing
    return None, ()


def _with_gem(tree: Tree, command: str, runner: str, gem: str) -> tuple[Guess, tuple[str, ...]]:
    there = _needs(tree, gem)
    missing = () if there else (f"bundle add {gem} --group test: {runner} by itself writes no JUnit XML",)
    guess = Guess(f"{_BUNDLE} bundle exec {command}", runner, "" if there else f"{gem} has to be in the Gemfile")
    return guess, missing


def _start(tree: Tree) -> Guess | None:
    process = web_process(tree)
    if process:
        return process._replace(value=f"{_BUNDLE} exec {process.value}".replace("exec bundle", "bundle"))
    if _needs(tree, "puma"):
        return Guess(f"{_BUNDLE} bundle exec puma --bind tcp://127.0.0.1:$PORT", "puma is in the Gemfile")
    if tree.has("config.ru"):
        return Guess(f"{_BUNDLE} bundle exec rackup --host 127.0.0.1 --port $PORT", "config.ru")
    return None


def _needs(tree: Tree, gem: str) -> bool:
    """Whether the Gemfile or what it is locked to names a gem."""
    asked = any(f"gem {quote}{gem}{quote}" in tree.text("Gemfile") for quote in "\"'")
    return asked or f"\n    {gem} (" in tree.text("Gemfile.lock")
