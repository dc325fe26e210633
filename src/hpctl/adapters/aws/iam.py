"""What IAM tells of roles and of what they may do: the port `facts.ports.Iam`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, Final

from hpctl.adapters.aws.errors import lacking, reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.aws.trust import trusted_services
from hpctl.errors import RefusedError, UnavailableError
from hpctl.facts.records import Role, Verdict

_ACTIONS: Final = 100
"""Actions that one simulation takes; the API names no bound, larger requests have been refused."""

_SESSION: Final = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/(?P<role>[^/]+)/")
_LASTING: Final = re.compile(r"arn:[^:]+:iam::\d+:(user|role|group)/")
_DECRYPT: Final = "kms:Decrypt"
_SIMULATE: Final = "iam:SimulatePrincipalPolicy"


class AwsIam:
    """Reads roles and simulates policies."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def role(self, name: str) -> Role:
        """Return the role of that name (without its path)."""
        return role_of(self._session.call("iam", "GetRole", RoleName=name))

    def simulate(self, principal_arn: str, actions: Iterable[str], resources: Iterable[str]) -> tuple[Verdict, ...]:
        """Return the verdict on every action for every resource, in the order asked.

        Context that hpctl's own requests always have is given along, so that conditions on it can hold.

        Raises:
            RefusedError: the principal is the root user or a federated one, which IAM cannot simulate.
        """
        source = self._simulated(principal_arn)
        wanted, things = list(dict.fromkeys(actions)), list(dict.fromkeys(resources)) or ["*"]
        starts = range(0, len(wanted), _ACTIONS)
        return tuple(
            verdict for start in starts for verdict in self._verdicts(source, wanted[start : start + _ACTIONS], things)
        )

    def _simulated(self, principal_arn: str) -> str:
        if session := _SESSION.match(principal_arn):
            return self.role(session["role"]).arn  # the path of a role is not in the ARN of its sessions
        if _LASTING.match(principal_arn):
            return principal_arn
        raise RefusedError(
            f"IAM cannot simulate the policies of `{principal_arn}`: it is neither a user nor a role",
            aws_code="InvalidInput",
            hint="call AWS as a user or a role, or skip the check",
        )

    def _verdicts(self, source: str, actions: list[str], resources: list[str]) -> Iterator[Verdict]:
        rows = self._session.pages(
            "iam",
            "SimulatePrincipalPolicy",
            "EvaluationResults",
            PolicySourceArn=source,
            ActionNames=actions,
            ResourceArns=resources,
            ContextEntries=list(_context(source, self._session.region, actions)),
        )
        found = {(verdict.action.lower(), verdict.resource): verdict for row in rows for verdict in verdicts_of(row)}
        for action, resource in product(actions, resources):
            if (action.lower(), resource) not in found:
                raise lacking(_SIMULATE, f"EvalDecision` on `{action}")
            yield replace(found[action.lower(), resource], action=action)


def _context(source: str, region: str, actions: Iterable[str]) -> Iterator[dict[str, object]]:
    """What conditions may ask about: hpctl's own requests and those of nodes, all within the principal's account."""
    account = _account_of(source)
    known = {
        "aws:PrincipalAccount": account,
        "aws:RequestedRegion": region,
        "aws:ResourceAccount": account,
        "cloudwatch:namespace": "/aws/sagemaker/Clusters",
        "iam:PassedToService": "sagemaker.amazonaws.com",
        "kms:CallerAccount": account,
    }
    if _DECRYPT in actions:
        known["kms:ViaService"] = f"s3.{region}.amazonaws.com"  # nodes decrypt what they download
    for key, value in known.items():
        yield {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
    for key in ("aws:SecureTransport", "kms:GrantIsForAWSResource"):
        yield {"ContextKeyName": key, "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}


def _account_of(arn: str) -> str:
    _, _, rest = arn.partition(":iam::")
    return rest.partition(":")[0]


@reads("iam:GetRole")
def role_of(answer: Mapping[str, Any]) -> Role:
    """Read GetRole; botocore gives the trust policy as an object, or as text where that is no JSON."""
    role = answer["Role"]
    try:
        services = trusted_services(role["AssumeRolePolicyDocument"], _account_of(role["Arn"]))
    except ValueError as error:
        raise UnavailableError(f"the trust policy of role `{role['RoleName']}` cannot be read: {error}") from error
    return Role(name=role["RoleName"], arn=role["Arn"], trusted_services=services, created_at=role.get("CreateDate"))


@reads(_SIMULATE)
def verdicts_of(row: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Read one EvaluationResult: a verdict for each resource it speaks of one by one, else one for its own."""
    by_organization = row.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations") is False
    action, shared = row["EvalActionName"], row.get("MissingContextValues", ())
    several = row.get("ResourceSpecificResults") or [
        {"EvalResourceName": row.get("EvalResourceName", "*"), "EvalResourceDecision": row["EvalDecision"]}
    ]
    return tuple(
        Verdict(
            action=action,
            resource=one["EvalResourceName"],
            allowed=one["EvalResourceDecision"] == "allowed" and not by_organization,
            decision=one["EvalResourceDecision"],
            by_organization=by_organization,
            by_boundary=_beyond_boundary(one) or _beyond_boundary(row),
            missing_context=tuple(one.get("MissingContextValues") or shared),
        )
        for one in several
    )


def _beyond_boundary(result: Mapping[str, Any]) -> bool:
    told: Mapping[str, Any] = result.get("PermissionsBoundaryDecisionDetail", {})
    return told.get("AllowedByPermissionsBoundary") is False
