"""The reference of all settings as a Markdown page, `docs/settings.md`."""

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from ..config.lines import Key
from ..config.model import Settings
from ..config.variables import variables
from .tables import Section, inner_table, sections
from .words import kind, toml, toml_of

HEAD = """\
# Settings

Generated from the settings' models by `make docs`; change the descriptions there.

They stand in `hotfix.toml` in the checkout, or in `pyproject.toml` under `[tool.hotfix]`, or in the file that
`--config` names. A flag beats a variable, a variable beats the file, the file beats the default;
`hotfix-deploy-runner config show` prints each value in force with where it came from. An editor that knows JSON
Schema can use [hotfix.schema.json](hotfix.schema.json). A wrong key, type or range is an error that names its place.

- A *duration* is `"10m"`, `"1m30s"`, `"500ms"`, or a number of seconds.
- In a variable, a duration has its unit, and a list is separated by commas or spaces (only by spaces where it holds
  a URL).
- A *percentage* is `"20%"`.
- Secrets do not belong in the file: a setting that ends in `_env` is the name of a variable that holds one.
- A name in capitals is yours to choose: `[environments.production.web]`.
"""

_LONGEST = 50
"""Characters of a default in the table; a longer one is written under it."""

_KEYS = {key: name for name, key in variables(Settings).items()}


def page() -> str:
    """The page. It has no settings of plug-ins that are not installed."""
    parts = [HEAD, *("\n".join(_section(section)) for section in sections())]
    return "\n".join(parts)


def undocumented() -> list[str]:
    """The settings that nothing is said about, `watch.window`; a table is told by what is in it."""
    return [
        ".".join((*section.room, name))
        for section in sections()
        for name, field in section.model.model_fields.items()
        if not field.description and not inner_table(field.annotation)
    ]


def _section(section: Section) -> Iterator[str]:
    yield f"## {_title(section)}\n"
    if section.about:
        yield f"{section.about}\n"
    if section.default:
        yield f"`{section.chosen_by}` may be left out.\n"
    fields = {n: f for n, f in section.model.model_fields.items() if f.description or not inner_table(f.annotation)}
    with_variables = any((*section.room, name) in _KEYS for name in fields)
    yield f"| key | what | default |{' variable |' if with_variables else ''} meaning |"
    yield f"|---|---|---|{'---|' if with_variables else ''}---|"
    for common in section.common:
        what = " or ".join(f"`{toml(word)}`" for word in common.one_of) or "text"
        yield f"| `{common.key}` | {what} | `{toml(common.default)}` | {common.meaning} |"
    long: list[str] = []
    for name, field in fields.items():
        default = _default(field)
        if len(default) > _LONGEST:
            long.append(f"Default of `{name}`:\n\n```toml\n{name} = {default}\n```\n")
        shown = "below" if len(default) > _LONGEST else default if default in _WORDS else f"`{default}`"
        variable = (_variable((*section.room, name)),) if with_variables else ()
        cells = (f"`{name}`", kind(field), shown, *variable, field.description or "")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""
    yield from long


_WORDS = ("required", "none")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return toml_of(field, field.get_default(call_default_factory=True))


def _variable(key: Key) -> str:
    return f"`{_KEYS[key]}`" if key in _KEYS else ""


def _title(section: Section) -> str:
    if not section.room:
        return "At the top of the file"
    heading = f"`[{'.'.join(section.room)}]`"
    return f"{heading} with `{section.chosen_by}`" if section.chosen_by else heading
