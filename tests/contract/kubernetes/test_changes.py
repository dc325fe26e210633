"""Changing objects: who comes too late, what is only tried, and what a change may not do."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.contract.kubernetes.objects import a_config_map, a_job, a_waiting_pod, a_workload, an_object
from tests.contract.kubernetes.space import Space

MISSPELT = {**a_config_map(), "datta": {"a": "b"}}


def test_who_replaces_an_older_version_is_refused(space: Space) -> None:
    first = space.make("configmaps", a_config_map())
    place = space.path("configmaps", "one")
    space.cluster.patch(place, {"data": {"colour": "blue"}}).good()
    late = space.cluster.put(place, first)
    assert late.refusal == (409, "Conflict")
    assert late.message == (
        'Operation cannot be fulfilled on configmaps "one": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert space.get("configmaps", "one").good()["data"]["colour"] == "blue"


def test_a_patch_may_name_the_version_that_it_is_for(space: Space) -> None:
    first = space.make("configmaps", a_config_map())["metadata"]["resourceVersion"]
    place = space.path("configmaps", "one")
    patch = {"metadata": {"resourceVersion": first}, "data": {"colour": "blue"}}
    assert space.cluster.patch(place, patch).code == 200
    assert space.cluster.patch(place, patch).refusal == (409, "Conflict")


def test_who_replaces_without_a_version_has_the_last_word(space: Space) -> None:
    space.make("configmaps", a_config_map())
    answer = space.cluster.put(space.path("configmaps", "one"), a_config_map(data={"only": "this"}))
    assert answer.good()["data"] == {"only": "this"}


def test_a_lease_is_replaced_by_who_knows_its_version_alone(space: Space) -> None:
    body = an_object("Lease", version="coordination.k8s.io/v1", spec={"holderIdentity": "me"})
    space.make("leases", body)
    answer = space.cluster.put(space.path("leases", "one"), body)
    assert answer.refusal == (422, "Invalid")
    assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in answer.message


def test_of_many_at_once_each_change_is_made_on_top_of_another(space: Space) -> None:
    space.make("configmaps", a_config_map(data={"count": "0"}))
    place = space.path("configmaps", "one")

    def add() -> None:
        for _ in range(5):
            while True:
                body = space.cluster.get(place).good()
                body["data"]["count"] = str(int(body["data"]["count"]) + 1)
                if space.cluster.put(place, body).code == 200:
                    break

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert space.get("configmaps", "one").good()["data"]["count"] == "20"


def test_a_change_that_changes_nothing_makes_no_version(space: Space) -> None:
    first = space.make("configmaps", a_config_map())["metadata"]["resourceVersion"]
    place = space.path("configmaps", "one")
    assert space.cluster.patch(place, {"data": {"colour": "red"}}).version == first
    assert space.cluster.put(place, space.get("configmaps", "one").good()).version == first


def test_generation_counts_changes_of_the_wish_alone(space: Space) -> None:
    made = space.make("deployments", a_workload("Deployment", replicas=0))
    place = space.path("deployments", "one")
    assert made["metadata"]["generation"] == 1
    assert space.cluster.patch(place, {"metadata": {"labels": {"a": "b"}}}).good()["metadata"]["generation"] == 1
    changed = space.cluster.patch(place, {"spec": {"minReadySeconds": 5}}).good()
    assert changed["metadata"]["generation"] == 2


def test_a_name_is_made_up_from_its_beginning(space: Space) -> None:
    body = a_config_map()
    body["metadata"] = {"generateName": "made-"}
    names = {space.make("configmaps", body)["metadata"]["name"] for _ in range(5)}
    assert len(names) == 5
    assert all(name.startswith("made-") and len(name) == 10 for name in names)


def test_an_object_needs_a_name(space: Space) -> None:
    answer = space.cluster.post(space.path("configmaps"), {**a_config_map(), "metadata": {}})
    assert answer.refusal == (422, "Invalid")
    assert "metadata.name: Required value: name or generateName is required" in answer.message


def test_what_the_server_says_of_an_object_is_not_for_who_makes_it(space: Space) -> None:
    forged = a_config_map(uid="11111111-1111-1111-1111-111111111111", creationTimestamp="2001-01-01T00:00:00Z")
    metadata = space.make("configmaps", forged)["metadata"]
    assert metadata["uid"] != forged["metadata"]["uid"]
    assert not metadata["creationTimestamp"].startswith("2001")
    answer = space.cluster.post(space.path("configmaps"), a_config_map("two", resourceVersion="7"))
    assert (answer.code, answer.message) == (500, "resourceVersion should not be set on objects to be created")


def test_a_change_on_trial_is_told_and_not_made(space: Space) -> None:
    space.make("configmaps", a_config_map())
    place = space.path("configmaps", "one")
    assert space.cluster.patch(place, {"data": {"colour": "blue"}}, dryRun="All").good()["data"]["colour"] == "blue"
    assert space.cluster.delete(place, dryRun="All").code == 200
    assert space.get("configmaps", "one").good()["data"]["colour"] == "red"
    assert space.cluster.patch(place, {"data": {}}, dryRun="Some").refusal == (422, "Invalid")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_an_unknown_field_is_refused_where_that_is_asked_for(space: Space, method: str) -> None:
    if method != "POST":
        space.make("configmaps", a_config_map())
    place = space.path("configmaps", "" if method == "POST" else "one")
    content = "application/merge-patch+json" if method == "PATCH" else "application/json"
    answer = space.cluster.ask(method, place, MISSPELT, content=content, fieldValidation="Strict")
    assert answer.refusal == (400, "BadRequest")
    assert 'strict decoding error: unknown field "datta"' in answer.message


def test_an_unknown_field_is_warned_of_unless_told_otherwise(space: Space) -> None:
    warned = space.cluster.post(space.path("configmaps"), MISSPELT)
    assert "datta" not in warned.good()
    assert warned.headers["Warning"] == '299 - "unknown field \\"datta\\""'
    ignored = space.cluster.put(space.path("configmaps", "one"), MISSPELT, fieldValidation="Ignore")
    assert (ignored.code, "Warning" in ignored.headers) == (200, False)


def test_deep_in_an_object_the_path_of_an_unknown_field_is_told(space: Space) -> None:
    pod = a_waiting_pod()
    pod["spec"]["containers"][0]["imagee"] = "x"
    answer = space.cluster.post(space.path("pods"), pod, fieldValidation="Strict")
    assert 'unknown field "spec.containers[0].imagee"' in answer.message


def test_a_field_that_is_there_twice_is_refused_where_that_is_asked_for(space: Space) -> None:
    text = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"data":{"a":"b"},"data":{"a":"c"}}'
    answer = space.cluster.post(space.path("configmaps"), text, fieldValidation="Strict")
    assert answer.refusal == (400, "BadRequest")
    assert 'duplicate field "data"' in answer.message


def _pod(**container: Any) -> dict[str, Any]:
    pod = a_waiting_pod()
    pod["spec"]["containers"][0].update(container)
    return pod


# What is posted, and what is said of it.
INVALID: dict[str, tuple[str, dict[str, Any], str]] = {
    "a name with a capital": ("configmaps", a_config_map("One"), "metadata.name: Invalid value"),
    "a label with a space": ("configmaps", a_config_map(labels={"a": "b c"}), "metadata.labels: Invalid value"),
    "a key of data with a slash": ("configmaps", a_config_map(data={"a/b": "c"}), "data[a/b]: Invalid value"),
    "a pod without containers": (
        "pods",
        an_object("Pod", spec={"containers": []}),
        "spec.containers: Required value",
    ),
    "two containers of one name": (
        "pods",
        an_object("Pod", spec={"containers": [{"name": "a", "image": "b"}] * 2}),
        'spec.containers[1].name: Duplicate value: "a"',
    ),
    "a restart policy that there is none of": (
        "pods",
        a_waiting_pod(restartPolicy="Sometimes"),
        'spec.restartPolicy: Unsupported value: "Sometimes"',
    ),
    "a mount of no volume": (
        "pods",
        _pod(volumeMounts=[{"name": "none", "mountPath": "/data"}]),
        'spec.containers[0].volumeMounts[0].name: Not found: "none"',
    ),
    "a request above its limit": (
        "pods",
        _pod(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
        'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ),
    "an accelerator requested but not limited": (
        "pods",
        _pod(resources={"requests": {"nvidia.com/gpu": "1"}}),
        "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources",
    ),
    "a job that restarts for ever": (
        "jobs",
        a_job(pod={"restartPolicy": "Always"}),
        "spec.template.spec.restartPolicy: ",
    ),
    "a deployment whose selector is of other pods": (
        "deployments",
        a_workload("Deployment", selector={"matchLabels": {"app": "other"}}),
        "`selector` does not match template `labels`",
    ),
    "a service of no port": (
        "services",
        an_object("Service", spec={"selector": {"a": "b"}}),
        "spec.ports: Required value",
    ),
}


@pytest.mark.parametrize("what", INVALID)
def test_an_object_that_breaks_its_kinds_rules_is_refused(space: Space, what: str) -> None:
    plural, body, said = INVALID[what]
    answer = space.cluster.post(space.path(plural), body)
    assert answer.refusal == (422, "Invalid")
    assert said in answer.message
    assert answer.body["details"]["causes"][0]["reason"].startswith("FieldValue")


# What is there, what is patched, and what is said of it.
FIXED: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "an immutable config map's data": (
        "configmaps",
        {**a_config_map(), "immutable": True},
        {"data": {"colour": "blue"}},
        "data: Forbidden: field is immutable when `immutable` is set",
    ),
    "a pod's containers": (
        "pods",
        a_waiting_pod(),
        {
            "spec": {
                "terminationGracePeriodSeconds": 7,
                "containers": [{"name": "main", "image": "x", "command": ["a"]}],
            }
        },
        "spec: Forbidden: pod updates may not change fields other than",
    ),
    "a job's template": (
        "jobs",
        a_job(suspend=True),
        {"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}},
        "field is immutable",
    ),
    "a deployment's selector": (
        "deployments",
        a_workload("Deployment", replicas=0),
        {"spec": {"selector": {"matchLabels": {"b": "c"}}, "template": {"metadata": {"labels": {"b": "c"}}}}},
        "field is immutable",
    ),
    "an object's name": (
        "configmaps",
        a_config_map(),
        {"metadata": {"name": "two"}},
        "the name of the object (two) does not match the name on the URL (one)",
    ),
    "an object's uid": (
        "configmaps",
        a_config_map(),
        {"metadata": {"uid": "11111111-1111-1111-1111-111111111111"}},
        "Precondition failed: UID in precondition",
    ),
}


@pytest.mark.parametrize("what", FIXED)
def test_what_must_stay_as_it_is_stays(space: Space, what: str) -> None:
    plural, body, patch, said = FIXED[what]
    space.make(plural, body)
    answer = space.cluster.patch(space.path(plural, "one"), patch)
    assert answer.code in {400, 409, 422}
    assert said in answer.message


def test_an_object_is_replaced_under_its_own_name_alone(space: Space) -> None:
    space.make("configmaps", a_config_map())
    answer = space.cluster.put(space.path("configmaps", "one"), a_config_map("two"))
    assert answer.refusal == (400, "BadRequest")
    assert answer.message == "the name of the object (two) does not match the name on the URL (one)"


def test_status_is_changed_at_its_own_place_alone(space: Space) -> None:
    job = space.make("jobs", {**a_job(suspend=True), "status": {"failed": 3}})
    assert "failed" not in job.get("status", {})
    place = space.path("deployments", "one")
    space.make("deployments", a_workload("Deployment", paused=True, replicas=0))
    status = {"conditions": [{"type": "Tested", "status": "True", "reason": "Contract", "message": "seen"}]}
    mixed = {"spec": {"minReadySeconds": 9}, "status": status}
    changed = space.cluster.patch(space.path("deployments", "one", sub="status"), mixed).good()
    assert changed["spec"].get("minReadySeconds", 0) == 0
    assert "Tested" in [row["type"] for row in changed["status"]["conditions"]]
    generation = changed["metadata"]["generation"]
    space.cluster.patch(place, {"status": {"conditions": []}}).good()
    kept = space.cluster.get(space.path("deployments", "one", sub="status")).good()
    assert (kept["metadata"]["generation"], bool(kept["status"]["conditions"])) == (generation, True)


def test_scale_shows_and_sets_how_many(space: Space) -> None:
    space.make("deployments", a_workload("Deployment", replicas=0))
    place = space.path("deployments", "one", sub="scale")
    scale = space.cluster.get(place).good()
    assert (scale["kind"], scale["apiVersion"], scale["spec"].get("replicas", 0)) == ("Scale", "autoscaling/v1", 0)
    assert scale["status"]["selector"] == "app=one"
    assert space.cluster.patch(place, {"spec": {"replicas": 1}}).good()["spec"]["replicas"] == 1
    assert space.get("deployments", "one").good()["spec"]["replicas"] == 1
