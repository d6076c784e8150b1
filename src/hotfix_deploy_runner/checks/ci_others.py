"""What starts a pipeline of CircleCI, Bitbucket and Azure, as their references say."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .pushes import Push, Start, glob_matches, words


def circleci(document: Any, push: Push) -> Iterator[Start]:
    """Jobs run for every branch unless filtered, and for no tag unless filtered (circleci.com/docs, "filters")."""
    workflows = document.get("workflows") if isinstance(document, Mapping) else None
    for name, workflow in (workflows or {}).items():
        if not isinstance(workflow, Mapping) or any("schedule" in t for t in workflow.get("triggers") or ()):
            continue
        for entry in workflow.get("jobs") or ():
            job, options = next(iter(entry.items())) if isinstance(entry, Mapping) else (entry, {})
            filters = (options or {}).get("filters") or {}
            if (options or {}).get("type") != "approval" and _passes(filters, push):
                yield Start(f"workflow {name}, job {job}", f"filters for {push.kind}s" if filters else "no filters")


def _passes(filters: Any, push: Push) -> bool:
    if not isinstance(filters, Mapping):  # an expression
        return True
    rules = filters.get("tags" if push.kind == "tag" else "branches")
    if rules is None:
        return push.kind == "branch" and "branches" not in filters
    only, ignore = words(rules.get("only")), words(rules.get("ignore"))
    return (not only or _any(only, push.name)) and not _any(ignore, push.name)


def _any(patterns: list[str], name: str) -> bool:
    return any(re.fullmatch(p[1:-1], name) if re.fullmatch(r"/.*/", p) else p == name for p in patterns)


def bitbucket(document: Any, push: Push) -> Iterator[Start]:
    """`tags` for tags; for a branch its own pattern, else `default` (support.atlassian.com, "Pipeline start")."""
    pipelines = document.get("pipelines") if isinstance(document, Mapping) else None
    if not isinstance(pipelines, Mapping):
        return
    key = "tags" if push.kind == "tag" else "branches"
    matching = [name for name in pipelines.get(key) or {} if glob_matches([str(name).strip("{}")], push.name)]
    if matching:
        yield Start("pipeline", f"{key}: {matching[0]}")
    elif push.kind == "branch" and "default" in pipelines:
        yield Start("pipeline", "default")


def azure(document: Any, push: Push) -> Iterator[Start]:
    """Every branch without a `trigger`, no tag without `tags` (learn.microsoft.com, "trigger definition")."""
    if not isinstance(document, Mapping):
        return
    trigger = document.get("trigger", {})
    if trigger == "none" or (push.kind == "tag" and not (isinstance(trigger, Mapping) and "tags" in trigger)):
        return
    rules: Any = trigger.get("tags" if push.kind == "tag" else "branches") if isinstance(trigger, Mapping) else trigger
    included = words(rules.get("include")) if isinstance(rules, Mapping) else words(rules)
    excluded = words(rules.get("exclude")) if isinstance(rules, Mapping) else []
    name, wide = push.name, [pattern.replace("*", "**") for pattern in included]
    if isinstance(trigger, Mapping) and push.kind == "branch" and rules is None and "tags" in trigger:
        return
    if (not wide or glob_matches(wide, name)) and not glob_matches([p.replace("*", "**") for p in excluded], name):
        yield Start("pipeline", f"trigger: {', '.join(included)}" if included else "no trigger: every branch")
