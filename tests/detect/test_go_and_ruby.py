from collections.abc import Mapping
from pathlib import Path

from tests.detect.place import tree_of, value
from tests.fakes.samples import GO, RUBY

from hotfix_deploy_runner.detect import go, ruby
from hotfix_deploy_runner.detect.found import Language


def golang(folder: Path, files: Mapping[str, str]) -> Language:
    language = go.detect(tree_of(folder, files))
    assert language is not None
    return language


def rubies(folder: Path, files: Mapping[str, str]) -> Language:
    language = ruby.detect(tree_of(folder, files))
    assert language is not None
    return language


def test_a_go_service(tmp_path: Path) -> None:
    language = golang(tmp_path, GO)
    assert value(language.build) == "go build -trimpath -o service.bin ./cmd/shop", "the program that listens"
    assert language.build and "cmd/tidy/main.go" in language.build.look
    assert value(language.start) == "exec ./service.bin"
    assert value(language.tests) == 'go test -json ./... > "$HOTFIX_JUNIT"'
    assert language.missing == ()
    assert language.setup is None


def test_a_tool_of_the_module_is_used(tmp_path: Path) -> None:
    language = golang(tmp_path, {"go.mod": "module x\n\ntool gotest.tools/gotestsum\n"})
    assert value(language.tests) == 'go tool gotestsum --junitfile "$HOTFIX_JUNIT" ./...'
    assert language.missing == ()
    assert (language.build, language.start) == (None, None), "a library has no program"


def test_examples_and_modules_of_their_own_are_not_the_service(tmp_path: Path) -> None:
    listens = 'package main\nfunc main() { http.ListenAndServe(":80", nil) }\n'
    files = {
        "go.mod": "",
        "cmd/shop/main.go": "package main\nfunc main() { shop.Main() }\n",
        "examples/metrics/main.go": listens,
        "bench/go.mod": "",
        "bench/server/main.go": listens,
    }
    build = golang(tmp_path, files).build
    assert value(build) == "go build -trimpath -o service.bin ./cmd/shop"
    assert build and "other programs" not in build.look


def test_a_program_at_the_top(tmp_path: Path) -> None:
    language = golang(tmp_path, {"go.mod": "", "main.go": "package main\nfunc main() {}\n"})
    assert value(language.build) == "go build -trimpath -o service.bin ."


def test_a_rails_service(tmp_path: Path) -> None:
    language = rubies(tmp_path, RUBY)
    assert language.name == "Ruby (Bundler, Rails)"
    assert value(language.setup) == "BUNDLE_PATH=$HOTFIX_ENV BUNDLE_FROZEN=true bundle install --quiet"
    assert value(language.inputs) == ["Gemfile.lock", "Gemfile"]
    assert "--format RspecJunitFormatter --out $HOTFIX_JUNIT" in str(value(language.tests))
    assert "rspec_junit_formatter" in language.missing[0]
    assert value(language.start) == "BUNDLE_PATH=$HOTFIX_ENV bundle exec puma --bind tcp://127.0.0.1:$PORT"


def test_with_the_formatter_nothing_is_missing(tmp_path: Path) -> None:
    assert rubies(tmp_path, {"Gemfile": "gem 'rspec'\ngem 'rspec_junit_formatter'\n"}).missing == ()


def test_minitest_and_rack(tmp_path: Path) -> None:
    language = rubies(tmp_path, {"Gemfile": "", "test/price_test.rb": "", "config.ru": ""})
    assert "bundle exec rake test" in str(value(language.tests))
    assert "rackup" in str(value(language.start))
    assert language.setup and "nothing is locked" in language.setup.look
