"""What starts a job of GitLab CI (docs.gitlab.com, "CI/CD YAML syntax reference": workflow, rules, only, except)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .gitlab_rules import holds
from .pushes import Push, Start, words

_GLOBAL = frozenset(
    {"default", "include", "stages", "variables", "workflow", "image", "services", "cache"}
    | {"before_script", "after_script", "types", "spec"}
)


def starts(document: Any, push: Push, main: str) -> Iterator[Start]:
    """The jobs that `push` starts by themselves, and why. `main` is the default branch's name."""
    if not isinstance(document, Mapping):
        return
    variables = _variables(push, main)
    workflow = document.get("workflow")
    if isinstance(workflow, Mapping) and "rules" in workflow and not _by_rules(workflow["rules"], variables):
        return
    for name, job in document.items():
        if isinstance(job, Mapping) and name not in _GLOBAL and not str(name).startswith("."):
            why = _why(_extended(job, document), push, variables)
            if why:
                yield Start(f"job {name}", why)


def _variables(push: Push, main: str) -> dict[str, str | None]:
    tag, branch = (push.name, None) if push.kind == "tag" else (None, push.name)
    return {
        "CI_COMMIT_TAG": tag,
        "CI_COMMIT_BRANCH": branch,
        "CI_COMMIT_REF_NAME": push.name,
        "CI_DEFAULT_BRANCH": main,
        "CI_PIPELINE_SOURCE": "push",
        "CI_MERGE_REQUEST_ID": None,
        "CI_MERGE_REQUEST_IID": None,
        "CI_OPEN_MERGE_REQUESTS": None,
    }


def _extended(job: Mapping[Any, Any], document: Mapping[Any, Any], depth: int = 5) -> Mapping[Any, Any]:
    """The job with what it `extends`; the last of several wins, the job's own keys over all."""
    inherited: dict[Any, Any] = {}
    for name in words(job.get("extends")) if depth else []:
        parent = document.get(name)
        if isinstance(parent, Mapping):
            inherited |= _extended(parent, document, depth - 1)
    return {**inherited, **job}


def _why(job: Mapping[Any, Any], push: Push, variables: Mapping[str, str | None]) -> str:
    """The trigger that starts it; empty when none does, or it waits for a person."""
    if "rules" in job:
        return _by_rules(job["rules"], variables)
    if job.get("when") in ("manual", "never"):
        return ""
    if "only" in job and not _names(job["only"], push):
        return ""
    if "except" in job and _names(job["except"], push):
        return ""
    return f"only: {', '.join(_refs(job['only']))}" if "only" in job else "no rules: every push"


def _by_rules(rules: Any, variables: Mapping[str, str | None]) -> str:
    """The first rule that holds, or may hold, decides; when none does, nothing starts."""
    for rule in rules if isinstance(rules, list) else []:
        if not isinstance(rule, Mapping):
            return "rules"
        answer = holds(str(rule["if"]), variables) if "if" in rule else True
        waits = rule.get("when") in ("never", "manual")
        if answer is False or (answer is None and waits):
            continue
        if answer is not None and not ("changes" in rule or "exists" in rule) and waits:
            return ""
        if not waits:
            return f"rules: if: {rule['if']}" if "if" in rule else "rules: always"
    return ""


def _refs(value: Any) -> list[str]:
    return words(value.get("refs") if isinstance(value, Mapping) else value)


def _names(value: Any, push: Push) -> bool:
    """Whether `only` or `except` names the push: by its kind, its name, or a regular expression."""
    refs = _refs(value)
    if not refs:
        return isinstance(value, Mapping)  # of variables or changes alone: it may
    return any(_is_named(ref.partition("@")[0], push) for ref in refs)


def _is_named(ref: str, push: Push) -> bool:
    if ref in ("tags", "branches"):
        return ref == {"tag": "tags", "branch": "branches"}[push.kind]
    pattern = re.fullmatch(r"/(.*)/(i?)", ref)
    if pattern is None:
        return ref in (push.name, "pushes")
    try:
        return re.search(pattern[1], push.name, re.I if pattern[2] else 0) is not None
    except re.error:
        return True
