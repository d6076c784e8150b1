"""What starts a GitHub Actions workflow (docs.github.com, "Events that trigger workflows": push, create)."""

from collections.abc import Iterator, Mapping
from typing import Any

from .pushes import Push, Start, github_matches, words


def starts(document: Any, push: Push) -> Iterator[Start]:
    """Why the workflow starts at `push`; nothing when it does not."""
    if not isinstance(document, Mapping):
        return
    # YAML 1.1 reads the bare key `on` as true.
    on = document.get("on", document.get(True))
    name = str(document.get("name", "workflow"))
    events = on if isinstance(on, Mapping) else dict.fromkeys(words(on))
    if "push" in events and _by_push(events["push"] or {}, push):
        yield Start(name, "on: push" + _filters(events["push"], push))
    if push.kind == "tag" and "create" in events:
        yield Start(name, "on: create")


def _by_push(push_event: Any, push: Push) -> bool:
    """With filters for one kind of ref only, the other kind starts nothing; without any, both start it."""
    if not isinstance(push_event, Mapping):
        return True
    ours, theirs = ("tags", "branches") if push.kind == "tag" else ("branches", "tags")
    if ours in push_event:
        named = github_matches(words(push_event[ours]), push.name)
    elif f"{ours}-ignore" in push_event:
        named = not github_matches(words(push_event[f"{ours}-ignore"]), push.name)
    else:
        named = theirs not in push_event and f"{theirs}-ignore" not in push_event
    return named and (push.kind == "tag" or _by_paths(push_event, push))


def _by_paths(push_event: Mapping[Any, Any], push: Push) -> bool:
    """Filters of paths hold for branches only."""
    if not push.changed:
        return True
    if "paths" in push_event:
        return any(github_matches(words(push_event["paths"]), path) for path in push.changed)
    ignored = words(push_event.get("paths-ignore"))
    return not ignored or any(not github_matches(ignored, path) for path in push.changed)


def _filters(push_event: Any, push: Push) -> str:
    key = "tags" if push.kind == "tag" else "branches"
    given = push_event.get(key) if isinstance(push_event, Mapping) else None
    return f", {key}: {', '.join(words(given))}" if given else ""
