"""Deletion: preconditions, finalizers, what goes with its owner, and what becomes of a namespace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes.connection import Answer
from tests.contract.kubernetes.objects import a_config_map, a_job, a_waiting_pod, a_workload, an_object
from tests.contract.kubernetes.space import Space, path, until

HOLD = "contract.test/hold"
STRANGER = "11111111-1111-1111-1111-111111111111"


def delete(space: Space, plural: str, name: str = "one", **options: Any) -> Answer:
    body = {"kind": "DeleteOptions", "apiVersion": "v1", **options}
    return space.cluster.delete(space.path(plural, name), body)


def owned(owner: dict[str, Any], name: str, **reference: Any) -> dict[str, Any]:
    about = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    return a_config_map(name, ownerReferences=[{**about, "uid": owner["metadata"]["uid"], **reference}])


def released(space: Space, plural: str, name: str = "one") -> None:
    space.cluster.patch(space.path(plural, name), {"metadata": {"finalizers": None}}).good()


@pytest.mark.parametrize(
    ("preconditions", "code"),
    [({"uid": STRANGER}, 409), ({"resourceVersion": "1"}, 409), ({}, 200)],
)
def test_a_deletion_may_name_what_it_is_for(space: Space, preconditions: dict[str, str], code: int) -> None:
    space.make("configmaps", a_config_map())
    answer = delete(space, "configmaps", preconditions=preconditions)
    assert answer.code == code
    if code == 409:
        assert answer.refusal == (409, "Conflict")
        assert "Precondition failed" in answer.message
        assert space.get("configmaps", "one").code == 200


def test_a_deletion_tells_what_it_deleted(space: Space) -> None:
    made = space.make("configmaps", a_config_map())
    told = delete(space, "configmaps").good()
    assert (told["kind"], told["status"]) == ("Status", "Success")
    assert told["details"] == {"name": "one", "kind": "configmaps", "uid": made["metadata"]["uid"]}


def test_a_finalizer_holds_an_object_until_it_is_taken_away(space: Space) -> None:
    made = space.make("configmaps", a_config_map(finalizers=[HOLD]))
    since = made["metadata"]["resourceVersion"]
    going = delete(space, "configmaps").good()
    assert going["metadata"]["deletionTimestamp"].endswith("Z")
    assert going["metadata"]["deletionGracePeriodSeconds"] == 0
    again = delete(space, "configmaps").good()
    assert again["metadata"]["deletionTimestamp"] == going["metadata"]["deletionTimestamp"]
    refused = space.cluster.patch(
        space.path("configmaps", "one"), {"metadata": {"finalizers": [HOLD, "contract.test/b"]}}
    )
    assert refused.refusal == (422, "Invalid")
    assert "no new finalizers can be added if the object is being deleted" in refused.message
    released(space, "configmaps")
    assert space.get("configmaps", "one").code == 404
    events = space.cluster.watched(space.path("configmaps"), resourceVersion=since, fieldSelector="metadata.name=one")
    assert [event["type"] for event in events] == ["MODIFIED", "DELETED"] or [event["type"] for event in events] == [
        "MODIFIED",
        "MODIFIED",
        "DELETED",
    ]


def test_who_has_no_owner_left_goes(space: Space) -> None:
    owner = space.make("configmaps", a_config_map())
    space.make("configmaps", owned(owner, "child"))
    other = space.make("configmaps", a_config_map("other"))
    both = owned(owner, "both")
    both["metadata"]["ownerReferences"] += owned(other, "x")["metadata"]["ownerReferences"]
    space.make("configmaps", both)
    delete(space, "configmaps", propagationPolicy="Background").good()
    space.goes("configmaps", "child")
    left = space.becomes("configmaps", "both", lambda body: len(body["metadata"]["ownerReferences"]) == 1)
    assert left["metadata"]["ownerReferences"][0]["name"] == "other"


def test_in_the_foreground_the_owner_goes_last(space: Space) -> None:
    owner = space.make("configmaps", a_config_map())
    child = owned(owner, "child", blockOwnerDeletion=True)
    child["metadata"]["finalizers"] = [HOLD]
    space.make("configmaps", child)
    going = delete(space, "configmaps", propagationPolicy="Foreground").good()
    assert going["metadata"]["finalizers"] == ["foregroundDeletion"]
    space.becomes("configmaps", "child", lambda body: "deletionTimestamp" in body["metadata"])
    assert space.get("configmaps", "one").code == 200
    released(space, "configmaps", "child")
    space.goes("configmaps", "one")


def test_orphans_stay(space: Space) -> None:
    owner = space.make("configmaps", a_config_map())
    space.make("configmaps", owned(owner, "child"))
    delete(space, "configmaps", propagationPolicy="Orphan")
    space.goes("configmaps", "one")
    left = space.becomes("configmaps", "child", lambda body: "ownerReferences" not in body["metadata"])
    assert "deletionTimestamp" not in left["metadata"]


def test_the_child_of_nobody_goes(space: Space) -> None:
    owner = space.make("configmaps", a_config_map())
    delete(space, "configmaps")
    space.make("configmaps", owned(owner, "late"))
    space.goes("configmaps", "late")


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
def test_a_deployment_takes_its_replica_sets_and_pods_with_it(space: Space, policy: str) -> None:
    space.make("deployments", a_workload("Deployment", replicas=2))
    until(lambda: space.get("pods").names, lambda names: len(names) == 2)
    delete(space, "deployments", propagationPolicy=policy).good()
    for plural in ("deployments", "replicasets", "pods"):
        until(lambda plural=plural: space.get(plural).names, lambda names: not names)  # type: ignore[misc]


def test_a_job_takes_its_pods_with_it_or_leaves_them(space: Space) -> None:
    unplaced = {"nodeSelector": {"contract.test/nowhere": "yes"}}
    for name in ("one", "two"):
        space.make("jobs", a_job(name=name, pod=unplaced))
    until(lambda: space.get("pods").names, lambda names: len(names) == 2)
    delete(space, "jobs", "one", propagationPolicy="Background")
    delete(space, "jobs", "two", propagationPolicy="Orphan")
    left = until(lambda: space.get("pods").names, lambda names: len(names) == 1)
    assert left[0].startswith("two-")
    space.goes("jobs", "two")


def test_a_pod_that_no_node_has_goes_at_once(space: Space) -> None:
    space.make("pods", a_waiting_pod(terminationGracePeriodSeconds=600))
    assert delete(space, "pods").good()["metadata"]["deletionGracePeriodSeconds"] == 0
    space.goes("pods", "one")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"propagationPolicy": "Sideways"}, "propagationPolicy"),
        ({"gracePeriodSeconds": -1}, None),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, "orphanDependents"),
    ],
)
def test_a_deletion_in_a_way_that_there_is_none_of_is_refused(
    space: Space, options: dict[str, Any], said: str | None
) -> None:
    space.make("configmaps", a_config_map())
    answer = delete(space, "configmaps", **options)
    if said is None:
        assert answer.code in {200, 422}
    else:
        assert answer.refusal == (422, "Invalid")
        assert said in answer.message


def _namespace(space: Space, **metadata: Any) -> str:
    body = an_object("Namespace", metadata={"generateName": "contract-", **metadata})
    del body["metadata"]["name"]
    name: str = space.cluster.post(path("namespaces"), body).good()["metadata"]["name"]
    return name


def test_a_namespace_comes_with_what_pods_need(space: Space) -> None:
    found = space.cluster.get(path("namespaces", space.name)).good()
    assert (found["status"]["phase"], found["spec"]["finalizers"]) == ("Active", ["kubernetes"])
    assert found["metadata"]["labels"]["kubernetes.io/metadata.name"] == space.name
    assert space.get("serviceaccounts", "default").code == 200
    authority = space.becomes("configmaps", "kube-root-ca.crt", lambda body: body)
    assert "BEGIN CERTIFICATE" in authority["data"]["ca.crt"]


def test_the_first_namespaces_are_there(space: Space) -> None:
    assert {"default", "kube-node-lease", "kube-public", "kube-system"} <= {
        *space.cluster.get(path("namespaces")).names
    }


def test_nothing_is_made_where_there_is_no_namespace(space: Space) -> None:
    answer = space.cluster.post(path("configmaps", inside="contract-none"), a_config_map())
    assert answer.refusal == (404, "NotFound")
    assert answer.message == 'namespaces "contract-none" not found'


def test_a_namespace_goes_with_all_that_is_in_it(space: Space) -> None:
    inner = Space(space.cluster, _namespace(space))
    until(lambda: inner.get("serviceaccounts", "default").code, lambda code: code == 200)
    inner.make("configmaps", a_config_map())
    inner.make("pods", a_waiting_pod())
    space.cluster.delete(path("namespaces", inner.name)).good()
    until(lambda: space.cluster.get(path("namespaces", inner.name)).code, lambda code: code == 404)
    assert inner.get("configmaps").names == []
    assert inner.get("configmaps", "one").code == 404


def test_a_namespace_that_goes_takes_nothing_new_and_waits_for_finalizers(space: Space) -> None:
    inner = Space(space.cluster, _namespace(space))
    inner.make("configmaps", a_config_map(finalizers=[HOLD]))
    space.cluster.delete(path("namespaces", inner.name)).good()
    place = path("namespaces", inner.name)
    until(lambda: space.cluster.get(place).body["status"]["phase"], lambda phase: phase == "Terminating")
    until(lambda: "deletionTimestamp" in inner.get("configmaps", "one").good()["metadata"], bool)
    answer = inner.cluster.post(inner.path("configmaps"), a_config_map("two"))
    assert answer.refusal == (403, "Forbidden")
    assert f"unable to create new content in namespace {inner.name} because it is being terminated" in answer.message
    released(inner, "configmaps")
    until(lambda: space.cluster.get(place).code, lambda code: code == 404)


def test_the_default_namespace_cannot_be_deleted(space: Space) -> None:
    answer = space.cluster.delete(path("namespaces", "default"))
    assert answer.refusal == (403, "Forbidden")
    assert "this namespace may not be deleted" in answer.message
