from pathlib import Path

import pytest

from hotfix_deploy_runner.demo.layers import lay, write
from hotfix_deploy_runner.demo.scenarios import SCENARIOS


def test_python_files_lose_their_suffix_and_caches_are_not_there() -> None:
    tree = lay(["base"])
    assert "service/__main__.py" in tree and "requirements.txt" in tree
    assert not [path for path in tree if path.endswith("-tpl") or "__pycache__" in path]


def test_a_later_layer_lies_over_an_earlier_one() -> None:
    base, over = lay(["base"]), lay(["base", "checked-tokens"])
    assert {path for path in base if base[path] != over[path]} == {"service/tokens.py"}


def test_an_unknown_layer_is_named() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        lay(["base", "nonsense"])


@pytest.mark.parametrize("row", SCENARIOS, ids=lambda row: row.name)
def test_every_layer_of_a_scenario_replaces_or_adds_something(row: object) -> None:
    from hotfix_deploy_runner.demo.scenarios import Scenario

    assert isinstance(row, Scenario)
    for layers in (row.base, row.fix, row.main):
        for count in range(1, len(layers) + 1):
            assert lay(["base", *layers[:count]]) != lay(["base", *layers[: count - 1]])


def test_all_python_in_the_template_compiles() -> None:
    for layer in (entry.name for entry in _template().iterdir() if entry.is_dir()):
        for path, content in lay([layer]).items():
            if path.endswith(".py"):
                compile(content, f"{layer}/{path}", "exec")


def test_write_makes_directories_and_keeps_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    write({"a/b/c.txt": b"content"}, tmp_path)
    assert (tmp_path / "a/b/c.txt").read_bytes() == b"content"
    assert (tmp_path / "kept").read_text() == "kept"


def _template() -> Path:
    import hotfix_deploy_runner.demo

    return Path(hotfix_deploy_runner.demo.__path__[0]) / "template"
