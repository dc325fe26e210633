"""Who may assume a role: its trust policy, read as far as it concerns AWS services.

What is read: Allow and Deny statements, `Service` principals, actions with wildcards, and those conditions whose
answer is known for a service that acts in the role's own account; everybody (`*`) is every service, too. A Deny with a
condition may not apply and is passed over, and so is `NotPrincipal`. Source: IAM user guide, policy evaluation logic.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import unquote

from hpctl.facts.records import ANYBODY

_ASSUME: Final = "sts:assumerole"
_POSITIVE: Final = frozenset({"ArnEquals", "ArnLike", "Bool", "StringEquals", "StringEqualsIgnoreCase", "StringLike"})
_NEVER_SENT: Final = frozenset({"aws:multifactorauthpresent", "sts:externalid"})
"""Keys that people and other accounts bring along and services do not."""

_ACCOUNT_FIELD: Final = 4


def trusted_services(policy: str | Mapping[str, Any], account: str) -> frozenset[str]:
    """Return the services that the trust policy of a role of `account` lets assume it; `ANYBODY` among them is all.

    Raises:
        ValueError: the policy is no JSON object.
    """
    document = json.loads(unquote(policy)) if isinstance(policy, str) else policy
    if not isinstance(document, Mapping):
        raise ValueError("the policy is no JSON object")  # noqa: TRY004  # as for text that is no JSON
    statements = [one for one in _several(document.get("Statement")) if _is_about_assuming(one)]
    allowed = {
        service
        for one in statements
        if one.get("Effect") == "Allow" and _can_hold(one.get("Condition") or {}, account)
        for service in _services(one)
    }
    denied = {
        service
        for one in statements
        if one.get("Effect") == "Deny" and not one.get("Condition")
        for service in _services(one)
    }
    if ANYBODY in denied:
        return frozenset()
    return frozenset(allowed - denied)


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _services(statement: Mapping[str, Any]) -> Iterator[str]:
    principal = statement.get("Principal")
    named = principal if isinstance(principal, Mapping) else {"AWS": principal}
    yield from map(str, _several(named.get("Service")))
    if ANYBODY in _several(named.get("AWS")):
        yield ANYBODY


def _is_about_assuming(statement: Mapping[str, Any]) -> bool:
    if "NotAction" in statement:
        return not _matches(_ASSUME, statement["NotAction"])
    return _matches(_ASSUME, statement.get("Action"))


def _matches(text: str, patterns: Any) -> bool:
    return any(fnmatchcase(text, str(pattern).lower()) for pattern in _several(patterns))


def _can_hold(conditions: Mapping[str, Any], account: str) -> bool:
    return all(
        _key_can_hold(str(key).lower(), values, account)
        for operator, keys in conditions.items()
        if str(operator).rpartition(":")[2]
        in _POSITIVE  # without `ForAnyValue:`; `…IfExists` holds for what is not sent
        for key, values in keys.items()
    )


def _key_can_hold(key: str, values: Any, account: str) -> bool:
    if key == "aws:sourceaccount":
        return _matches(account, values)
    if key == "aws:sourcearn":
        return any(_of_account(str(value), account) for value in _several(values))
    return key not in _NEVER_SENT


def _of_account(arn: str, account: str) -> bool:
    fields = arn.split(":")
    return len(fields) <= _ACCOUNT_FIELD or fnmatchcase(account, fields[_ACCOUNT_FIELD] or "*")
