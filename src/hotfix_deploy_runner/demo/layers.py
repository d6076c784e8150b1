"""The files of the demo's service, packaged as layers that are laid over one another.

A layer is a directory in `template/`. Python files there end in `.py-tpl`, as in Django's templates, so that no tool
takes them for modules of this package: some hold bugs on purpose.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

SUFFIX = "-tpl"


def lay(layers: Iterable[str]) -> dict[str, bytes]:
    """The files of `layers` by path, a later layer's over an earlier one's. Raises `KeyError` for an unknown layer."""
    found: dict[str, bytes] = {}
    for layer in layers:
        directory = files(__package__).joinpath("template", layer)
        if not directory.is_dir():
            raise KeyError(layer)
        found.update(_walk(directory))
    return found


def write(tree: Mapping[str, bytes], folder: Path) -> None:
    """Write the files under `folder`; what else lies there stays."""
    for path, content in tree.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _walk(directory: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in directory.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name.removesuffix(SUFFIX), entry.read_bytes()
