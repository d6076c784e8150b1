"""Every table that the configuration may have: the runner's own, and those of the plug-ins that are installed."""

import inspect
import re
from collections.abc import Iterator
from typing import NamedTuple, get_args

from .. import plugins
from ..config.lines import Key
from ..config.model import Settings
from ..core.notice import Severity
from ..errors import UsageError
from ..settings import Table, table_of

_PLACE = re.compile(r"^(?:(?:The|A) )?`\[[^`]*\]`(?: table of `[^`]*`)?[.:]\s*")
"""`[checks.tests]: …`, as a model's docstring may begin."""


class Common(NamedTuple):
    """A key that the runner itself reads in every table of a group. `one_of` is what it may be; empty: any text."""

    key: str
    default: str
    meaning: str
    one_of: tuple[str, ...] = ()


class Group(NamedTuple):
    """Where the plug-ins of a group have their tables: `room` with free names in capitals, a check's own as `{name}`.

    `chooser` is the key that says which plug-in is meant, `default` the one that is meant without it. `common` are the
    keys beside the plug-in's own.
    """

    group: plugins.Group
    room: Key
    chooser: str = ""
    default: str = ""
    common: tuple[Common, ...] = ()


_FROM = Common("from", "info", "The least severity that is told there.", tuple(Severity))
_VERSION_URL = Common(
    "version_url",
    "",
    "Where an instance that the platform knows no version of is asked for it: a path that answers with the version as "
    "its first line, or a JSON object with `version` (and `commit`).",
)

GROUPS = (
    Group("artifacts", ("build",), "builder", "archive"),
    Group("checks", ("checks", "{name}")),
    Group("platforms", ("environments", "ENVIRONMENT", "NAME"), "platform", "process", (_VERSION_URL,)),
    Group("metrics", ("metrics",), "source", "scrape"),
    Group("notifiers", ("notifiers", "NAME"), "type", "", (_FROM,)),
)


class Section(NamedTuple):
    """One table. `chosen_by` is what has to stand in it, `platform = "process"`; `default`: it may be left out."""

    room: Key
    model: type[Table]
    chosen_by: str = ""
    default: bool = False
    common: tuple[Common, ...] = ()

    @property
    def about(self) -> str:
        """What its model says of it, in one paragraph, without where it stands: that is the heading."""
        text = " ".join(inspect.cleandoc(self.model.__doc__ or "").split("\n\n")[0].split())
        text = _PLACE.sub("", text)
        return text[:1].upper() + text[1:]


def sections() -> Iterator[Section]:
    """All of them: the runner's, each with its own tables behind it, then the plug-ins'.

    A table that several plug-ins have in theirs is told once.
    """
    told: set[tuple[Key, type[Table]]] = set()
    for section in _all():
        if (section.room, section.model) not in told:
            told.add((section.room, section.model))
            yield section


def _all() -> Iterator[Section]:
    yield from _with_inner(Section((), Settings))
    for group in GROUPS:
        for name in plugins.names(group.group):
            model = plugin_table(group.group, name)
            if model is not None:
                room = tuple(part.format(name=name) for part in group.room)
                chosen = f'{group.chooser} = "{name}"' if group.chooser else ""
                yield from _with_inner(Section(room, model, chosen, name == group.default, group.common))


def plugin_table(group: plugins.Group, name: str) -> type[Table] | None:
    """The table of a plug-in; None where it does not say, or cannot be loaded for want of something."""
    try:
        return table_of(plugins.factory(group, name))
    except UsageError:
        return None


def inner_table(annotation: object) -> tuple[Key, type[Table]] | None:
    """The table that a field is, or a table of tables holds, with the free name that leads to it."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return (), annotation
    inner = [kind for kind in get_args(annotation) if isinstance(kind, type) and issubclass(kind, Table)]
    return (("NAME",), inner[0]) if inner else None


def _with_inner(section: Section) -> Iterator[Section]:
    yield section
    for name, field in section.model.model_fields.items():
        found = inner_table(field.annotation)
        if found:
            more, model = found
            yield from _with_inner(Section((*section.room, name, *more), model))
