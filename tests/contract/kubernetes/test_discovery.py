"""Discovery: what is served, and what a client is told of it."""

from __future__ import annotations

import pytest

from tests.contract.kubernetes.connection import Cluster

GROUPS = (
    "apiextensions.k8s.io",
    "apps",
    "authorization.k8s.io",
    "batch",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
)
# Kind, short names, whether it is in a namespace.
RESOURCES: dict[str, dict[str, tuple[str, list[str], bool]]] = {
    "/api/v1": {
        "configmaps": ("ConfigMap", ["cm"], True),
        "namespaces": ("Namespace", ["ns"], False),
        "nodes": ("Node", ["no"], False),
        "pods": ("Pod", ["po"], True),
        "services": ("Service", ["svc"], True),
    },
    "/apis/apps/v1": {"daemonsets": ("DaemonSet", ["ds"], True), "deployments": ("Deployment", ["deploy"], True)},
    "/apis/batch/v1": {"jobs": ("Job", [], True)},
    "/apis/rbac.authorization.k8s.io/v1": {"clusterroles": ("ClusterRole", [], False), "roles": ("Role", [], True)},
    "/apis/apiextensions.k8s.io/v1": {
        "customresourcedefinitions": ("CustomResourceDefinition", ["crd", "crds"], False)
    },
}
VERBS = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
SUBRESOURCES = {
    "pods/binding": {"create"},
    "pods/eviction": {"create"},
    "pods/exec": {"create", "get"},
    "pods/log": {"get"},
    "pods/portforward": {"create", "get"},
    "pods/status": {"get", "patch", "update"},
}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def test_the_version_says_what_server_this_is(cluster: Cluster) -> None:
    version = cluster.get("/version").good()
    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor'].rstrip('+')}.")


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health_is_told_in_a_word(cluster: Cluster, path: str) -> None:
    answer = cluster.get(path)
    assert (answer.code, answer.body) == (200, "ok")


def test_the_versions_of_the_core_group_are_listed(cluster: Cluster) -> None:
    found = cluster.get("/api").good()
    assert (found["kind"], found["versions"]) == ("APIVersions", ["v1"])


def test_every_group_names_its_versions_and_the_one_to_prefer(cluster: Cluster) -> None:
    found = cluster.get("/apis").good()
    groups = {group["name"]: group for group in found["groups"]}
    assert found["kind"] == "APIGroupList"
    assert {*GROUPS} <= {*groups}
    for group in groups.values():
        assert group["preferredVersion"] in group["versions"]
        assert all(row["groupVersion"] == f"{group['name']}/{row['version']}" for row in group["versions"])


def test_a_group_is_also_told_of_alone(cluster: Cluster) -> None:
    found = cluster.get("/apis/batch").good()
    assert (found["kind"], found["name"]) == ("APIGroup", "batch")
    assert "batch/v1" in [row["groupVersion"] for row in found["versions"]]


@pytest.mark.parametrize("path", RESOURCES)
def test_resources_are_listed_with_their_names_and_verbs(cluster: Cluster, path: str) -> None:
    found = cluster.get(path).good()
    rows = {row["name"]: row for row in found["resources"]}
    version = path.removeprefix("/apis/").removeprefix("/api/")
    assert (found["kind"], found["groupVersion"]) == ("APIResourceList", version)
    for name, (kind, short, namespaced) in RESOURCES[path].items():
        row = rows[name]
        assert (row["kind"], row.get("shortNames", []), row["namespaced"]) == (kind, short, namespaced)
        assert row["singularName"] == kind.lower()
        # The last namespace cannot be deleted by their collection.
        assert {*row["verbs"]} >= VERBS - ({"deletecollection"} if name == "namespaces" else set())


@pytest.mark.parametrize("name", SUBRESOURCES)
def test_the_subresources_of_pods_are_listed(cluster: Cluster, name: str) -> None:
    rows = {row["name"]: row for row in cluster.get("/api/v1").good()["resources"]}
    assert {*rows[name]["verbs"]} >= SUBRESOURCES[name]


@pytest.mark.parametrize(("path", "group"), [("/api", ""), ("/apis", "apps")])
def test_all_of_discovery_comes_in_one_answer_when_it_is_asked_for(cluster: Cluster, path: str, group: str) -> None:
    answer = cluster.get(path, accept=f"{AGGREGATED},application/json")
    found = answer.good()
    assert (found["kind"], found["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
    assert "as=APIGroupDiscoveryList" in answer.headers["Content-Type"]
    versions = {item["metadata"].get("name", ""): item["versions"] for item in found["items"]}
    rows = {row["resource"]: row for row in versions[group][0]["resources"]}
    sample = rows["deployments" if group else "pods"]
    assert sample["responseKind"]["kind"] == ("Deployment" if group else "Pod")
    assert (sample["scope"], "watch" in sample["verbs"]) == ("Namespaced", True)
    assert "status" in [row["subresource"] for row in sample["subresources"]]


def test_both_forms_of_discovery_tell_of_the_same_resources(cluster: Cluster) -> None:
    old = {row["name"] for row in cluster.get("/apis/apps/v1").good()["resources"]}
    groups = cluster.get("/apis", accept=AGGREGATED).good()["items"]
    rows = next(group["versions"][0]["resources"] for group in groups if group["metadata"]["name"] == "apps")
    new = {row["resource"] for row in rows}
    new |= {f"{row['resource']}/{sub['subresource']}" for row in rows for sub in row.get("subresources", ())}
    assert new == old


def test_openapi_v3_leads_to_a_document_for_each_group_and_version(cluster: Cluster) -> None:
    paths = cluster.get("/openapi/v3").good()["paths"]
    assert {"api/v1", "apis/apps/v1", "apis/batch/v1"} <= {*paths}
    document = cluster.get(paths["apis/apps/v1"]["serverRelativeURL"]).good()
    named = [
        (about["group"], about["version"], about["kind"])
        for schema in document["components"]["schemas"].values()
        for about in schema.get("x-kubernetes-group-version-kind", ())
    ]
    assert ("apps", "v1", "Deployment") in named


def test_openapi_v2_knows_the_fields_of_a_pod(cluster: Cluster) -> None:
    document = cluster.get("/openapi/v2").good()
    assert document["swagger"] == "2.0"
    pod = document["definitions"]["io.k8s.api.core.v1.Pod"]
    assert {"apiVersion", "kind", "metadata", "spec", "status"} <= {*pod["properties"]}
    assert {"group": "", "kind": "Pod", "version": "v1"} in pod["x-kubernetes-group-version-kind"]
