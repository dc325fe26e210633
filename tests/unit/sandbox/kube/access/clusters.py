"""A cluster's record, and an API that has the RBAC objects of a new one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hpctl.sandbox.clock import Moment
from hpctl.sandbox.eks.cluster import AccessEntry, Cluster
from hpctl.sandbox.kube.access.eks import EksAccess, bootstrap
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.fakes import FakeApi

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
ACCOUNT = "123456789012"
RBAC = "rbac.authorization.k8s.io"
POLICY = "arn:aws:eks::aws:cluster-access-policy/"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/dev"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/ann@example.org"


def record(*entries: AccessEntry, mode: str = "API", creator: str | None = None) -> Cluster:
    members = {"name": "one", "accessConfig": {"authenticationMode": mode}}
    return Cluster(
        members, Moment(NOW, 0), access_entries={one.entry["principalArn"]: one for one in entries}, creator=creator
    )


def entry(principal: str = ALICE, **fields: Any) -> AccessEntry:
    return AccessEntry({"principalArn": principal, "username": principal, "type": "STANDARD", **fields})


def with_policy(principal: str, name: str, *namespaces: str) -> AccessEntry:
    found = entry(principal)
    scope = {"type": "namespace" if namespaces else "cluster", "namespaces": list(namespaces)}
    found.policies[POLICY + name] = {"policyArn": POLICY + name, "accessScope": scope}
    return found


def api(*objects: Object) -> FakeApi:
    found = FakeApi(lambda: NOW)
    for body in (*bootstrap(), *objects):
        resource = found.resource(body["apiVersion"], body["kind"])
        found.create(resource, body["metadata"].get("namespace"), body, manager="test")
    return found


def access(cluster: Cluster, *objects: Object) -> EksAccess:
    return EksAccess(ACCOUNT, cluster, api(*objects), lambda: NOW)


def role(name: str, *rules: Object, namespace: str | None = None, **more: Any) -> Object:
    return _made("ClusterRole" if namespace is None else "Role", name, namespace) | {"rules": list(rules)} | more


def binding(kind: str, name: str, *subjects: Object, namespace: str | None = None) -> Object:
    made = _made("ClusterRoleBinding" if namespace is None else "RoleBinding", f"to-{name}", namespace)
    return made | {"roleRef": {"apiGroup": RBAC, "kind": kind, "name": name}, "subjects": list(subjects)}


def subject(kind: str, name: str, **fields: Any) -> Object:
    return {"kind": kind, "name": name, **fields}


def _made(kind: str, name: str, namespace: str | None) -> Object:
    place = {} if namespace is None else {"namespace": namespace}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": {"name": name, **place}}
