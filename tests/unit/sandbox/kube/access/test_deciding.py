"""What access policies and RBAC let somebody do."""

from __future__ import annotations

import pytest

from hpctl.sandbox.kube.access.eks import EksAccess
from hpctl.sandbox.kube.access.identities import CANONICAL
from hpctl.sandbox.kube.resources import Attributes, Object, User
from hpctl.sandbox.kube.status import StatusError
from tests.unit.sandbox.kube.access.clusters import (
    ALICE,
    RBAC,
    access,
    api,
    binding,
    record,
    role,
    subject,
    with_policy,
)

USER = User(ALICE, ("team", "system:authenticated"), ((CANONICAL, (ALICE,)),))
GET_PODS = Attributes("get", "", "pods", "", "ns", "one")


def rule(verbs: str, resources: str = "pods", groups: str = "", names: str = "") -> Object:
    found = {"apiGroups": [groups], "resources": resources.split(), "verbs": verbs.split()}
    return found | ({"resourceNames": names.split()} if names else {})


def by_policy(name: str, *namespaces: str) -> EksAccess:
    return access(record(with_policy(ALICE, name, *namespaces)))


def may(found: EksAccess, verb: str, resource: str, namespace: str = "ns", group: str = "") -> bool:
    plural, _, inner = resource.partition("/")
    return found.decide(USER, Attributes(verb, group, plural, inner, namespace)).allowed


def test_without_policy_or_binding_only_discovery_is_open() -> None:
    found = access(record())
    assert not may(found, "get", "pods")
    for path in ("/api", "/apis/apps/v1", "/version", "/openapi/v3", "/healthz"):
        assert found.decide(USER, Attributes("get", path=path)).allowed
    assert not found.decide(USER, Attributes("get", path="/metrics")).allowed
    assert may(found, "create", "selfsubjectaccessreviews", "", "authorization.k8s.io")


@pytest.mark.parametrize(
    ("policy", "allowed", "denied"),
    [
        ("AmazonEKSClusterAdminPolicy", "delete nodes,create pytorchjobs@kubeflow.org,escalate clusterroles", ""),
        ("AmazonEKSAdminPolicy", f"create pods,get secrets,create roles@{RBAC}", "get nodes,list pytorchjobs@x.org"),
        ("AmazonEKSEditPolicy", "create pods/exec,get secrets,patch jobs@batch", f"create roles@{RBAC},get nodes"),
        ("AmazonEKSViewPolicy", "get pods,get pods/log,list jobs@batch", "get secrets,create pods,get pods/exec"),
        (
            "AmazonEKSAdminViewPolicy",
            "get secrets,list nodes,watch pytorchjobs@kubeflow.org",
            "create pods,delete pods",
        ),
        ("AmazonEKSSecretReaderPolicy", "get secrets", "get pods"),
        ("AmazonEKSNobodyKnowsPolicy", "", "get pods"),
    ],
)
def test_a_policy_allows_what_aws_documents(policy: str, allowed: str, denied: str) -> None:
    found = by_policy(policy)

    def judged(wishes: str) -> list[bool]:
        rows = (wish.split() for wish in filter(None, wishes.split(",")))
        return [may(found, verb, what.partition("@")[0], group=what.partition("@")[2]) for verb, what in rows]

    assert all(judged(allowed))
    assert not any(judged(denied))


def test_a_policy_of_namespaces_is_of_these_alone() -> None:
    found = by_policy("AmazonEKSClusterAdminPolicy", "team-*", "shared")
    assert may(found, "get", "pods", "team-a")
    assert may(found, "get", "pods", "shared")
    assert not may(found, "get", "pods", "other")
    assert not may(found, "list", "pods", "")
    assert not may(found, "get", "nodes", "")
    assert not found.decide(USER, Attributes("get", path="/metrics")).allowed


def test_masters_may_do_everything() -> None:
    assert access(record()).decide(User("x", ("system:masters",)), Attributes("delete", "", "nodes")).allowed


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        (
            (role("reader", rule("get")), binding("ClusterRole", "reader", subject("User", ALICE))),
            f'RBAC: allowed by ClusterRoleBinding "to-reader" of ClusterRole "reader" to User "{ALICE}"',
        ),
        (
            (role("reader", rule("get")), binding("ClusterRole", "reader", subject("Group", "team"), namespace="ns")),
            'RBAC: allowed by RoleBinding "to-reader/ns" of ClusterRole "reader" to Group "team"',
        ),
        (
            (
                role("r", rule("*", "*", "*"), namespace="ns"),
                binding("Role", "r", subject("Group", "team"), namespace="ns"),
            ),
            'RBAC: allowed by RoleBinding "to-r/ns" of Role "r" to Group "team"',
        ),
        (
            (role("one", rule("get", names="one two")), binding("ClusterRole", "one", subject("Group", "team"))),
            'RBAC: allowed by ClusterRoleBinding "to-one" of ClusterRole "one" to Group "team"',
        ),
    ],
)
def test_a_binding_allows_and_the_reason_names_it(objects: tuple[Object, ...], reason: str) -> None:
    decision = access(record(), *objects).decide(USER, GET_PODS)
    assert (decision.allowed, decision.reason) == (True, reason)


@pytest.mark.parametrize(
    "objects",
    [
        (role("r", rule("list")), binding("ClusterRole", "r", subject("Group", "team"))),
        (role("r", rule("get", "pods/log")), binding("ClusterRole", "r", subject("Group", "team"))),
        (role("r", rule("get", groups="apps")), binding("ClusterRole", "r", subject("Group", "team"))),
        (role("r", rule("get", names="two")), binding("ClusterRole", "r", subject("Group", "team"))),
        (role("r", rule("get")), binding("ClusterRole", "r", subject("Group", "others"))),
        (role("r", rule("get")), binding("ClusterRole", "r", subject("Group", "team"), namespace="other")),
        (role("r", rule("get")), binding("ClusterRole", "r", subject("ServiceAccount", ALICE, namespace="ns"))),
    ],
)
def test_other_bindings_do_not(objects: tuple[Object, ...]) -> None:
    assert not access(record(), *objects).decide(USER, GET_PODS).allowed


def test_a_binding_to_nothing_is_told() -> None:
    decision = access(record(), binding("ClusterRole", "gone", subject("Group", "team"))).decide(USER, GET_PODS)
    assert not decision.allowed
    assert 'clusterrole.rbac.authorization.k8s.io "gone" not found' in decision.reason


def test_a_service_account_is_told_by_its_user_name() -> None:
    objects = role("r", rule("get")), binding("ClusterRole", "r", subject("ServiceAccount", "sa", namespace="ns"))
    found = access(record(), *objects)
    assert found.decide(User("system:serviceaccount:ns:sa"), GET_PODS).allowed
    assert not found.decide(User("system:serviceaccount:other:sa"), GET_PODS).allowed


def test_roles_are_aggregated_by_label() -> None:
    labels = {f"{RBAC}/aggregate-to-edit": "true"}
    more = role("training", rule("create", "pytorchjobs", "kubeflow.org"))
    more["metadata"]["labels"] = labels
    found = access(record(), more, binding("ClusterRole", "edit", subject("Group", "team")))
    assert may(found, "create", "pytorchjobs", group="kubeflow.org")
    assert may(found, "get", "pods")
    assert not may(found, "delete", "pytorchjobs", group="kubeflow.org")


def test_the_whole_of_a_subresource_is_named_with_a_star() -> None:
    objects = role("r", rule("update", "*/scale", "apps")), binding("ClusterRole", "r", subject("Group", "team"))
    found = access(record(), *objects)
    assert may(found, "update", "deployments/scale", group="apps")
    assert not may(found, "update", "deployments", group="apps")


def test_nobody_grants_what_they_may_not_do() -> None:
    maker = role("maker", rule("*", "roles rolebindings", RBAC), rule("get"))
    found = access(
        record(), maker, binding("ClusterRole", "maker", subject("Group", "team")), role("r", rule("delete"))
    )
    roles = api().resource(f"{RBAC}/v1", "Role")
    bindings = api().resource(f"{RBAC}/v1", "RoleBinding")
    found.refuse_escalation(User("x", ("system:masters",)), roles, role("a", rule("*", "*", "*"), namespace="ns"))
    reader, deleter = role("a", rule("get"), namespace="ns"), role("a", rule("delete"), namespace="ns")
    limited = User(ALICE, ("limited",))
    more = binding("ClusterRole", "reader", subject("Group", "limited"))
    found = access(record(), more, role("reader", rule("get")), role("r", rule("delete")))
    found.refuse_escalation(limited, roles, reader)
    with pytest.raises(StatusError, match="attempting to grant RBAC permissions not currently held") as refused:
        found.refuse_escalation(limited, roles, deleter)
    assert refused.value.code == 403
    assert '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}' in refused.value.message
    with pytest.raises(StatusError, match="attempting to grant"):
        found.refuse_escalation(limited, bindings, binding("ClusterRole", "r", namespace="ns"))
