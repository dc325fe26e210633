"""Kubernetes' refusals, and what can happen on the way to it, in hpctl's words.

Sources: the `Status` object of the Kubernetes API conventions, and the EKS user guide on access entries.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from hpctl.errors import AccessError, ConflictError, HpctlError, NotFoundError, RefusedError, UnavailableError

_VIEW: Final = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy"
_BY_RULE: Final = re.compile(r"exceeded quota|denied the request|violates PodSecurity|is being terminated")
"""A quota, an admission webhook or policy, a namespace that goes: 403 as well, and no permission would help."""

_DENIED: Final = re.compile(r"cannot ([a-z]+) resource")
"""RBAC's own verb: a command over a websocket takes `get`, and since Kubernetes 1.35 `create` as well."""


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
            return AccessError(f"Kubernetes denied to list {asked}{told}", hint=hint)
        case HTTPStatus.NOT_FOUND:
            return NotFoundError(f"Kubernetes has no {asked}{told}")
        case _:
            message = f"Kubernetes answered {status} for {asked}{told}"
            return UnavailableError(message, hint="try again later")


def unreached(error: Exception, asked: Asked) -> UnavailableError:
    """Return the error for a connection that did not come about, broke off, or led to somebody else."""
    reason = error if isinstance(error, ssl.SSLError) else getattr(error, "reason", None) or error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return UnavailableError(
            f"the server that answers for {asked} is not vouched for by the EKS cluster's certificate authority",
            hint="a proxy that replaces certificates cannot stand between hpctl and Kubernetes",
        )
    return UnavailableError(
        f"could not reach Kubernetes for {asked}: {_words(reason)}",
        hint="a private endpoint is reached from inside the VPC alone, a public one from the allowed addresses "
        f"(aws eks describe-cluster --region {asked.region} --name {asked.cluster} --query cluster.resourcesVpcConfig)",
    )


def _words(reason: object) -> str:
    match reason:
        case TimeoutError():
            return "no answer in time"
        case ConnectionResetError() | BrokenPipeError() | http.client.IncompleteRead() | ssl.SSLEOFError():
            return "the connection broke off"
        case OSError(strerror=str(told)) if told and not isinstance(reason, ssl.SSLError):
            return told
        case _:
            return str(reason) or type(reason).__name__


def words_of(body: bytes) -> str:
    """Return what a `Status` object says, nothing when it is none."""
    try:
        told = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return re.sub(r"\s+", " ", str(told)).rstrip(". ")


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was asked of Kubernetes: a verb of RBAC's, a resource with its group, and which one."""

    verb: str
    resource: str
    cluster: str
    region: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        name = f" `{self.name}`" if self.name else ""
        return f"`{self.resource}`{name}{self._where} of EKS cluster `{self.cluster}`"

    @property
    def _where(self) -> str:
        return f" in namespace `{self.namespace}`" if self.namespace else ""

    @property
    def asked(self) -> Asked:
        """The same without the verb."""
        return Asked(self.resource, self.cluster, self.region)

    @property
    def permission(self) -> str:
        """What the caller needs, and how somebody who may can give it."""
        kind, options = ("role", f" --namespace {self.namespace}") if self.namespace else ("clusterrole", "")
        name = f"{self.verb}-{self.resource.replace('/', '-')}"
        return (
            f"the caller needs the Kubernetes permission to {self.verb} `{self.resource}`{self._where}\n"
            f"kubectl create {kind} {name}{options} --verb={self.verb} --resource={self.resource}\n"
            f"kubectl create {kind}binding {name}{options} --{kind}={name} --group=<group of your access entry>"
        )


def refused(status: int, body: bytes, deed: Deed) -> HpctlError:
    """Return the error for an answer with this HTTP status to `deed`; its words are in a `Status` object."""
    words = words_of(body)
    told = f": {words}" if words else ""
    match status:
        case HTTPStatus.UNAUTHORIZED:
            error = answered(status, body, deed.asked)
        case HTTPStatus.FORBIDDEN if not _BY_RULE.search(words):
            missing = replace(deed, verb=found[1]) if (found := _DENIED.search(words)) else deed
            error = AccessError(f"Kubernetes denied to {missing.verb} {deed}{told}", hint=missing.permission)
        case HTTPStatus.NOT_FOUND:
            error = NotFoundError(f"Kubernetes has no {deed}{told}")
        case HTTPStatus.CONFLICT:
            way = "there is already" if deed.verb == "create" else f"Kubernetes cannot {deed.verb} now"
            error = ConflictError(f"{way} {deed}{told}")
        case _ if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
            reason = reason_of(body) or str(status)
            error = RefusedError(f"Kubernetes refuses to {deed.verb} {deed}{told}", aws_code=reason)
        case _:
            message = f"Kubernetes answered {status} when asked to {deed.verb} {deed}{told}"
            error = UnavailableError(message, hint="try again later")
    return error


def reason_of(body: bytes) -> str:
    """Return the reason of a `Status` object (`Invalid`, `AlreadyExists`), nothing when it is none."""
    try:
        return str(json.loads(body).get("reason") or "")
    except (ValueError, AttributeError):
        return ""
