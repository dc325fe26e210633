"""Somebody who may do nothing until they are let: a bearer token, and the subject that bindings name them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.contract.kubernetes.objects import an_object
from tests.contract.kubernetes.space import Space

RBAC_GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Somebody:
    """Who asks; `name` is what refusals call them."""

    token: str
    name: str
    subject: dict[str, Any]


def service_account(space: Space) -> Somebody:
    """Make a service account, and a token for it, as any Kubernetes can."""
    space.make("serviceaccounts", an_object("ServiceAccount", "somebody"))
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    given = space.cluster.post(space.path("serviceaccounts", "somebody", sub="token"), request).good()
    subject = {"kind": "ServiceAccount", "name": "somebody", "namespace": space.name}
    return Somebody(given["status"]["token"], f"system:serviceaccount:{space.name}:somebody", subject)
