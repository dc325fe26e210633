"""What IAM policies say of an action on a resource: an evaluation of their documents, as IAM documents it.

An explicit Deny wins over every Allow; what no statement allows is denied implicitly. Actions compare
without regard to case, `*` and `?` are wildcards, and a condition on a key that the request does not carry
does not hold (AWS documentation, "Policy evaluation logic").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY = "allowed", "explicitDeny", "implicitDeny"
Context = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Question:
    """May this be done: `action` as `service:Name`, `resource` an ARN or `*`, `context` by lower-case key."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The decision in SimulatePrincipalPolicy's words, and the context keys that were missing for it.

    `bounded` is whether a permissions boundary allows it, None where there is no boundary.
    """

    decision: str
    missing: tuple[str, ...] = ()
    bounded: bool | None = None


def evaluate(documents: Iterable[Mapping[str, Any]], question: Question) -> Answer:
    """Return what a set of policy documents answers."""
    concerned = [each for document in documents for each in _statements(document) if _concerns(each, question)]
    holding = [each for each in concerned if _holds(each, question.context)]
    missing = {key for each in concerned for key in _keys(each) if key.lower() not in question.context}
    effects = {each["Effect"] for each in holding}
    decision = EXPLICIT_DENY if "Deny" in effects else ALLOWED if "Allow" in effects else IMPLICIT_DENY
    return Answer(decision, tuple(sorted(missing)))


def trusts(document: Mapping[str, Any], service: str, context: Context) -> bool:
    """Whether a trust policy lets a service of AWS assume its role."""
    named = [{**each, "Resource": "*"} for each in _statements(document) if _names(each.get("Principal"), service)]
    return evaluate([{"Statement": named}], Question("sts:AssumeRole", "*", context)).decision == ALLOWED


def names_role(document: Mapping[str, Any], role_arn: str, question: Question) -> bool:
    """Whether the policy of a resource allows it to a role by the role's name."""
    named = [each for each in _statements(document) if _names_arn(each.get("Principal"), role_arn)]
    return evaluate([{"Statement": named}], question).decision == ALLOWED


def listed(value: Any) -> list[Any]:
    """Return what may stand alone or in a list as a list."""
    return value if isinstance(value, list) else [value]


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return listed(document.get("Statement", []))


def _names(principal: Any, service: str) -> bool:
    if not isinstance(principal, dict):
        return bool(principal == "*")
    return service in listed(principal.get("Service", [])) or "*" in listed(principal.get("AWS", []))


def _names_arn(principal: Any, arn: str) -> bool:
    named = listed(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
    return arn in named or "*" in named


def _concerns(statement: Mapping[str, Any], question: Question) -> bool:
    return _named(statement, "Action", question.action) and _named(statement, "Resource", question.resource)


def _named(statement: Mapping[str, Any], element: str, value: str) -> bool:
    if f"Not{element}" in statement:
        return not _any_like(statement[f"Not{element}"], value)
    return _any_like(statement.get(element, []), value)


def _any_like(patterns: Any, value: str) -> bool:
    return any(_pattern(pattern).fullmatch(value) for pattern in listed(patterns))


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    quoted = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    # Services and actions are compared without regard to case, ARNs are not.
    return re.compile(quoted, re.DOTALL if text.startswith("arn:") else re.DOTALL | re.IGNORECASE)


def _keys(statement: Mapping[str, Any]) -> list[str]:
    return [key for tests in statement.get("Condition", {}).values() for key in tests]


def _holds(statement: Mapping[str, Any], context: Context) -> bool:
    return all(
        _passes(operator, context.get(key.lower()), [str(value) for value in listed(wanted)])
        for operator, tests in statement.get("Condition", {}).items()
        for key, wanted in tests.items()
    )


def _passes(operator: str, found: tuple[str, ...] | None, wanted: list[str]) -> bool:
    base = operator.rpartition(":")[2]
    if base == "Null":
        return (found is None) == (wanted[0].lower() == "true")
    if found is None:
        return base.endswith("IfExists")
    negative = "Not" in base
    like = any(_matches(base, value, each) for value in found for each in wanted)
    return like != negative


def _matches(operator: str, value: str, wanted: str) -> bool:
    if "Like" in operator or operator.startswith("Arn"):
        return _pattern(wanted).fullmatch(value) is not None
    if "IgnoreCase" in operator or operator.startswith("Bool"):
        return value.lower() == wanted.lower()
    return value == wanted
