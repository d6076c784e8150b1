"""The JSON Schema of `hotfix.toml` (https://json-schema.org/draft/2020-12), for editors and other programs."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from .. import plugins
from ..config.model import Settings
from ..settings import Table
from .tables import GROUPS, Group, plugin_table

ID = "hotfix.schema.json"
_Schema = dict[str, Any]


def schema() -> _Schema:
    """The schema, with the tables of the plug-ins that are installed; one that does not tell its table may hold any."""
    chosen = {group: _models(group) for group in GROUPS}
    models = [model for tables in chosen.values() for model in tables.values()]
    refs, whole = models_json_schema(
        [(Settings, "validation"), *((model, "validation") for model in dict.fromkeys(models))]
    )
    tables = whole["$defs"]
    settings = tables.pop(refs[Settings, "validation"]["$ref"].rpartition("/")[2])
    for group, of_group in chosen.items():
        table_refs = {name: refs[model, "validation"] for name, model in of_group.items()}
        _put(settings["properties"], group, table_refs, tables)
        for ref in table_refs.values() if group.chooser else ():
            tables[ref["$ref"].rpartition("/")[2]]["properties"] |= _common(group)
    head = {"$schema": GenerateJsonSchema.schema_dialect, "$id": ID, "title": "hotfix.toml"}
    found: _Schema = _without_titles({**head, **settings, "$defs": tables})
    return {**found, "title": "hotfix.toml"}


def text() -> str:
    """The schema as it is kept in a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _models(group: Group) -> dict[str, type[Table]]:
    found = {name: plugin_table(group.group, name) for name in plugins.names(group.group)}
    return {name: model for name, model in found.items() if model is not None}


def _put(properties: _Schema, group: Group, tables: dict[str, _Schema], others: dict[str, _Schema]) -> None:
    """Say of the free table at `group.room` what the plug-ins' tables may hold. `others` are the runner's own."""
    room, *names = group.room
    if not group.chooser:
        own = others[properties[room].pop("$ref").rpartition("/")[2]]
        properties[room] |= {**own, "properties": own["properties"] | tables, "additionalProperties": False}
        return
    place = properties[room]
    for _ in names:
        place = place["additionalProperties"]
    place.pop("additionalProperties", None)
    place["allOf"] = [_if_chosen(group, name, table) for name, table in tables.items()]
    place["properties"] = _common(group)


def _common(group: Group) -> _Schema:
    """The keys that are not the plug-in's."""
    found: _Schema = {group.chooser: {"type": "string"}}
    for one in group.common:
        kind: _Schema = {"enum": list(one.one_of)} if one.one_of else {"type": "string"}
        found[one.key] = {"default": one.default, "description": one.meaning, **kind}
    return found


def _if_chosen(group: Group, name: str, table: _Schema) -> _Schema:
    """With this chooser, the table is that plug-in's, and the chooser itself."""
    meant: _Schema = {"properties": {group.chooser: {"const": name}}}
    if name != group.default:
        meant["required"] = [group.chooser]
    return {"if": meant, "then": table}


def _without_titles(value: Any) -> Any:
    """Pydantic titles every key with its own name; that says nothing."""
    if isinstance(value, dict):
        named = isinstance(value.get("title"), str)
        return {key: _without_titles(inner) for key, inner in value.items() if key != "title" or not named}
    return [_without_titles(inner) for inner in value] if isinstance(value, list) else value
