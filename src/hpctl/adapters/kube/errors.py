"""Kubernetes' refusals, and what can happen on the way to it, in hpctl's words.

Sources: the `Status` object of the Kubernetes API conventions, and the EKS user guide on access entries.
"""

from __future__ import annotations

import json
import re
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from hpctl.errors import AccessError, HpctlError, NotFoundError, UnavailableError

_VIEW: Final = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked when it went wrong: a resource by its plural and group, such as `daemonsets.apps`."""

    resource: str
    cluster: str
    region: str

    def __str__(self) -> str:
        return f"`{self.resource}` of EKS cluster `{self.cluster}`"

    def unreadable(self) -> UnavailableError:
        """Return the error for an answer that is not Kubernetes'."""
        return UnavailableError(
            f"the answer about {self} cannot be read", hint="is a proxy answering in place of Kubernetes?"
        )


def answered(status: int, body: bytes, asked: Asked) -> HpctlError:
    """Return the error for an answer with this HTTP status; its words are in a `Status` object."""
    words = words_of(body)
    told = f": {words}" if words else ""
    where = f"--region {asked.region} --cluster-name {asked.cluster} --principal-arn <ARN of your role>"
    view = f"aws eks associate-access-policy {where} --policy-arn {_VIEW} --access-scope type=cluster"
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return AccessError(
                f"Kubernetes did not accept the credentials for {asked}",
                hint=f"the caller needs an EKS access entry, by its role's ARN and not its session's\n"
                f"aws eks create-access-entry {where}\n{view}",
            )
        case HTTPStatus.FORBIDDEN:
            hint = f"the caller needs the Kubernetes permission to list `{asked.resource}` in all namespaces\n{view}"
            return AccessError(f"Kubernetes denied {asked}{told}", hint=hint)
        case HTTPStatus.NOT_FOUND:
            return NotFoundError(f"Kubernetes has no {asked}{told}")
        case _:
            message = f"Kubernetes answered {status} for {asked}{told}"
            return UnavailableError(message, hint="try again later")


def unreached(error: Exception, asked: Asked) -> UnavailableError:
    """Return the error for a connection that did not come about, broke off, or led to somebody else."""
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, ssl.SSLError):
        return UnavailableError(
            f"the server that answers for {asked} is not vouched for by the EKS cluster's certificate authority",
            hint="a proxy that replaces certificates cannot stand between hpctl and Kubernetes",
        )
    return UnavailableError(
        f"could not reach Kubernetes for {asked}: {str(reason) or type(reason).__name__}",
        hint="a private endpoint is reached from inside the VPC alone, a public one from the allowed addresses "
        f"(aws eks describe-cluster --region {asked.region} --name {asked.cluster} --query cluster.resourcesVpcConfig)",
    )


def words_of(body: bytes) -> str:
    """Return what a `Status` object says, nothing when it is none."""
    try:
        told = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return re.sub(r"\s+", " ", str(told)).rstrip(". ")
