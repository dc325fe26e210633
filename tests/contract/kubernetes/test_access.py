"""Who may do what: RBAC denies by default, and says whom it denies what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes.connection import Cluster
from tests.contract.kubernetes.objects import a_config_map, a_waiting_pod, an_object
from tests.contract.kubernetes.somebody import RBAC_GROUP, Somebody
from tests.contract.kubernetes.space import Space, path, until

RBAC = f"{RBAC_GROUP}/v1"
REVIEW = "SelfSubjectAccessReview"


def rule(*verbs: str, resources: tuple[str, ...] = ("configmaps",), **more: Any) -> dict[str, Any]:
    return {"apiGroups": [""], "resources": list(resources), "verbs": list(verbs), **more}


def allow(space: Space, somebody: Somebody, *rules: dict[str, Any]) -> None:
    """Let somebody do something in a namespace, and wait until it is so."""
    space.make("roles", an_object("Role", version=RBAC, rules=list(rules)))
    first, named = rules[0], rules[0].get("resourceNames", [""])
    bind(space, somebody, "Role", "one", verb=first["verbs"][0], resource=first["resources"][0], name=named[0])


def bind(space: Space, somebody: Somebody, kind: str, role: str, **sample: str) -> None:
    """Bind a role to somebody; `sample` is something that it lets them do."""
    reference = {"apiGroup": RBAC_GROUP, "kind": kind, "name": role}
    body = an_object("RoleBinding", version=RBAC, roleRef=reference, subjects=[somebody.subject])
    space.make("rolebindings", body)
    # An authorizer hears of bindings as others do: a little later.
    wish = {"namespace": space.name, "verb": "list", "resource": "pods", **sample}
    until(lambda: may(space.cluster, wish, somebody.token), bool)


def may(cluster: Cluster, about: dict[str, str], token: str | None) -> bool:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": REVIEW, "spec": {"resourceAttributes": about}}
    answer = cluster.post(path("selfsubjectaccessreviews"), body, token=token)
    assert answer.code == 201
    return bool(answer.good()["status"]["allowed"])


def test_who_is_let_nothing_is_denied_by_name(space: Space, somebody: Somebody) -> None:
    answer = space.cluster.get(space.path("pods"), token=somebody.token)
    assert answer.refusal == (403, "Forbidden")
    assert answer.message.startswith(
        f'pods is forbidden: User "{somebody.name}" cannot list resource "pods" in API group "" '
        f'in the namespace "{space.name}"'
    )
    assert answer.body["details"] == {"kind": "pods"}


@pytest.mark.parametrize(
    ("method", "place", "said"),
    [
        ("GET", "/api/v1/nodes", 'cannot list resource "nodes" in API group "" at the cluster scope'),
        ("GET", "/api/v1/nodes/n", 'nodes "n" is forbidden: User "{}" cannot get resource "nodes" in API group ""'),
        (
            "DELETE",
            "/apis/apps/v1/namespaces/default/deployments/d",
            'cannot delete resource "deployments" in API group',
        ),
        ("GET", "/api/v1/namespaces/default/pods/p/log", 'cannot get resource "pods/log" in API group ""'),
        ("POST", "/api/v1/namespaces/default/pods/p/exec", 'cannot create resource "pods/exec" in API group ""'),
        ("GET", "/metrics", 'forbidden: User "{}" cannot get path "/metrics"'),
    ],
)
def test_what_is_denied_is_named(space: Space, somebody: Somebody, method: str, place: str, said: str) -> None:
    answer = space.cluster.ask(method, place, token=somebody.token)
    assert answer.refusal == (403, "Forbidden")
    assert said.format(somebody.name) in answer.message


@pytest.mark.parametrize("place", ["/version", "/api", "/apis", "/apis/apps/v1", "/openapi/v3", "/healthz"])
def test_everybody_who_is_known_may_discover(space: Space, somebody: Somebody, place: str) -> None:
    assert space.cluster.get(place, token=somebody.token).code == 200


def test_a_role_lets_in_its_namespace_what_it_names_and_no_more(space: Space, somebody: Somebody) -> None:
    space.make("configmaps", a_config_map())
    allow(space, somebody, rule("get", "list"))
    ask = space.cluster.ask
    one, token = space.path("configmaps", "one"), somebody.token
    allowed = {"get": ask("GET", one, token=token).code, "list": ask("GET", space.path("configmaps"), token=token).code}
    assert allowed == {"get": 200, "list": 200}
    denied = {
        "watch": ask("GET", space.path("configmaps"), token=token, watch=True).code,
        "create": ask("POST", space.path("configmaps"), a_config_map("two"), token=token).code,
        "update": ask("PUT", one, a_config_map(), token=token).code,
        "patch": ask("PATCH", one, {}, content="application/merge-patch+json", token=token).code,
        "delete": ask("DELETE", one, token=token).code,
        "deletecollection": ask("DELETE", space.path("configmaps"), token=token).code,
        "another resource": ask("GET", space.path("secrets"), token=token).code,
        "another namespace": ask("GET", path("configmaps", inside="default"), token=token).code,
        "all namespaces": ask("GET", path("configmaps"), token=token).code,
    }
    assert denied == dict.fromkeys(denied, 403)


def test_a_role_may_name_the_objects(space: Space, somebody: Somebody) -> None:
    for name in ("one", "two"):
        space.make("configmaps", a_config_map(name))
    allow(space, somebody, rule("get", resourceNames=["one"]))
    codes = [space.cluster.get(space.path("configmaps", name), token=somebody.token).code for name in ("one", "two")]
    assert codes == [200, 403]


def test_a_subresource_is_let_apart(space: Space, somebody: Somebody) -> None:
    space.make("pods", a_waiting_pod())
    allow(space, somebody, rule("get", resources=("pods",)), rule("patch", resources=("pods/status",)))
    ask, token = space.cluster.ask, somebody.token
    patch = {"content": "application/merge-patch+json", "token": token}
    assert ask("GET", space.path("pods", "one"), token=token).code == 200
    assert ask("GET", space.path("pods", "one", sub="log"), token=token).code == 403
    assert ask("PATCH", space.path("pods", "one"), {}, **patch).code == 403
    assert ask("PATCH", space.path("pods", "one", sub="status"), {"status": {"message": "x"}}, **patch).code == 200


def test_view_shows_what_is_no_secret(space: Space, somebody: Somebody) -> None:
    bind(space, somebody, "ClusterRole", "view")
    codes = {
        name: space.cluster.get(space.path(name), token=somebody.token).code for name in ("pods", "jobs", "secrets")
    }
    assert codes == {"pods": 200, "jobs": 200, "secrets": 403}
    made = space.cluster.post(space.path("configmaps"), a_config_map(), token=somebody.token)
    assert made.refusal == (403, "Forbidden")


def test_edit_makes_things_but_lets_nobody_in(space: Space, somebody: Somebody) -> None:
    bind(space, somebody, "ClusterRole", "edit")
    assert space.cluster.post(space.path("configmaps"), a_config_map(), token=somebody.token).code == 201
    role = an_object("Role", "two", version=RBAC, rules=[])
    assert space.cluster.post(space.path("roles"), role, token=somebody.token).refusal == (403, "Forbidden")


def test_nobody_gives_more_than_they_have(space: Space, somebody: Somebody) -> None:
    bind(space, somebody, "ClusterRole", "admin")
    role = an_object("Role", "two", version=RBAC, rules=[rule("get", resources=("nodes", "contract-things"))])
    answer = space.cluster.post(space.path("roles"), role, token=somebody.token)
    assert answer.refusal == (403, "Forbidden")
    assert "attempting to grant RBAC permissions not currently held" in answer.message


def test_a_review_says_what_one_may(space: Space, somebody: Somebody) -> None:
    allow(space, somebody, rule("get", "list"))
    here = {"namespace": space.name, "resource": "configmaps"}
    wishes: dict[str, dict[str, str]] = {
        "list": {**here, "verb": "list"},
        "get one": {**here, "verb": "get", "name": "one"},
        "delete": {**here, "verb": "delete"},
        "elsewhere": {**here, "verb": "list", "namespace": "default"},
        "everything": {"verb": "*", "group": "*", "resource": "*"},
    }
    told = {name: may(space.cluster, wish, somebody.token) for name, wish in wishes.items()}
    assert told == {"list": True, "get one": True, "delete": False, "elsewhere": False, "everything": False}
    assert all(may(space.cluster, wish, None) for wish in wishes.values())


def test_a_review_of_rules_lists_them(space: Space, somebody: Somebody) -> None:
    allow(space, somebody, rule("get", "list"))
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": space.name},
    }
    status = space.cluster.post(path("selfsubjectrulesreviews"), body, token=somebody.token).good()["status"]
    assert {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]} in status["resourceRules"]


def test_one_may_ask_about_others(space: Space) -> None:
    group = {"kind": "Group", "name": f"contract:{space.name}", "apiGroup": RBAC_GROUP}
    reference = {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": "view"}
    space.make("rolebindings", an_object("RoleBinding", version=RBAC, roleRef=reference, subjects=[group]))

    def allowed(*groups: str) -> bool:
        about = {"namespace": space.name, "verb": "list", "resource": "pods"}
        spec = {"user": "nobody", "groups": list(groups), "resourceAttributes": about}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        return bool(space.cluster.post(path("subjectaccessreviews"), body).good()["status"]["allowed"])

    until(lambda: allowed(group["name"]), bool)
    assert [allowed("contract:others"), allowed("system:masters"), allowed()] == [False, True, False]


def test_one_learns_who_one_is(space: Space, somebody: Somebody) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    found = space.cluster.post(path("selfsubjectreviews"), body, token=somebody.token).good()["status"]["userInfo"]
    assert found["username"] == somebody.name
    assert "system:authenticated" in found["groups"]


def test_what_a_binding_points_at_stays(space: Space, somebody: Somebody) -> None:
    allow(space, somebody, rule("get"))
    patch = {"roleRef": {"apiGroup": RBAC_GROUP, "kind": "Role", "name": "other"}}
    answer = space.cluster.patch(space.path("rolebindings", "one"), patch)
    assert answer.refusal == (422, "Invalid")
    assert "cannot change roleRef" in answer.message


@pytest.mark.parametrize("name", ["admin", "cluster-admin", "edit", "system:discovery", "view"])
def test_the_usual_roles_are_there(cluster: Cluster, name: str) -> None:
    assert cluster.get(path("clusterroles", name)).good()["rules"]
