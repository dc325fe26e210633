"""What is wrong with objects of built-in kinds, in the API server's words."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.schemas.judging import completed, container, deployment, faults, job, pod

GPU = "nvidia.com/gpu"


def metadata(**fields: Any) -> Object:
    return {"metadata": {"name": "one", **fields}}


@pytest.mark.parametrize("body", [pod(), pod(container(resources={"limits": {GPU: 1, "cpu": 2}}))])
def test_a_good_pod_has_no_fault(body: Object) -> None:
    assert faults("Pod", body) == []


@pytest.mark.parametrize(("kind", "body"), [("Job", job()), ("Deployment", deployment()), ("ConfigMap", metadata())])
def test_other_good_objects_have_none(kind: str, body: Object) -> None:
    assert faults(kind, body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"metadata": {"name": "a"}, "spec": {}}, "spec.containers: Required value"),
        ({"metadata": {"name": "a"}, "spec": {"containers": []}}, "spec.containers: Required value"),
        (pod({"name": "a"}), "spec.containers[0].image: Required value"),
        (pod({"image": "a"}), "spec.containers[0].name: Required value"),
        (pod(container(), container()), 'spec.containers[1].name: Duplicate value: "main"'),
        (
            pod(restartPolicy="Sometimes"),
            'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
        ),
        (
            pod(container(volumeMounts=[{"name": "v", "mountPath": "/x"}])),
            'spec.containers[0].volumeMounts[0].name: Not found: "v"',
        ),
        (
            pod(container(resources={"requests": {"cpu": 2}, "limits": {"cpu": "1500m"}})),
            (
                "spec.containers[0].resources.requests: "
                'Invalid value: "2": must be less than or equal to cpu limit of 1500m'
            ),
        ),
        (
            pod(container(resources={"requests": {GPU: 1}, "limits": {GPU: 2}})),
            f'spec.containers[0].resources.requests: Invalid value: "1": must be equal to {GPU} limit of 2',
        ),
        (
            pod(container(resources={"requests": {GPU: 1}})),
            "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources",
        ),
        (
            pod(container(resources={"limits": {GPU: "500m"}})),
            f'spec.containers[0].resources.limits.{GPU}: Invalid value: "500m": must be an integer',
        ),
        (
            pod(container(resources={"limits": {"gpu": 1}})),
            (
                "spec.containers[0].resources.limits[gpu]: "
                'Invalid value: "gpu": must be a standard resource type or fully qualified'
            ),
        ),
        (
            pod(container(ports=[{"containerPort": 70000}])),
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            pod(container(ports=[{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}])),
            'spec.containers[0].ports[1].name: Duplicate value: "a"',
        ),
        (
            pod(container(env=[{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}])),
            'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
        ),
        (
            pod(volumes=[{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}]),
            "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
        ),
        (
            pod(tolerations=[{"key": "a", "operator": "Exists", "value": "b"}]),
            "value must be empty when `operator` is 'Exists'",
        ),
        (
            pod(container(readinessProbe={})),
            "spec.containers[0].readinessProbe: Required value: must specify a handler",
        ),
        (pod(terminationGracePeriodSeconds=-1), "must be greater than or equal to 0"),
        (pod(hostname="A_b"), 'spec.hostname: Invalid value: "A_b": a lowercase RFC 1123 label must consist of'),
    ],
)
def test_a_pod_is_told_what_is_wrong_with_it(body: Object, fault: str) -> None:
    assert [one for one in faults("Pod", body) if fault in one]


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("Pod", "Upper", "a lowercase RFC 1123 subdomain must consist of lower case"),
        ("Pod", "a" * 254, "must be no more than 253 bytes"),
        ("Pod", "under_score", "regex used for validation is"),
        ("Namespace", "a.b", "a lowercase RFC 1123 label must consist of"),
        ("Service", "1st", "a DNS-1035 label must consist of"),
        ("Role", "a/b", "may not contain '/'"),
    ],
)
def test_names_are_held_to_the_form_of_their_kind(kind: str, name: str, told: str) -> None:
    found = [one for one in faults(kind, {"metadata": {"name": name}}) if one.startswith("metadata.name")]
    assert found
    assert told in found[0]


@pytest.mark.parametrize(("kind", "name"), [("Role", "system:node:a"), ("ConfigMap", "a.b.c"), ("Service", "web")])
def test_other_names_pass(kind: str, name: str) -> None:
    assert not [one for one in faults(kind, {"metadata": {"name": name}}) if one.startswith("metadata.name")]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (metadata(labels={"a b": "c"}), 'metadata.labels: Invalid value: "a b": name part must consist of'),
        (metadata(labels={"a": "b/c"}), 'metadata.labels: Invalid value: "b/c": a valid label must be an empty string'),
        (metadata(labels={"/a": "b"}), "prefix part must be non-empty"),
        (metadata(labels={"X_Y/a": "b"}), "prefix part a lowercase RFC 1123 subdomain"),
        (
            metadata(annotations={"a": "x" * 262144}),
            "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
        (metadata(finalizers=["a b"]), "metadata.finalizers: Invalid value"),
        (
            metadata(ownerReferences=[{"apiVersion": "v1", "kind": "Pod", "name": "", "uid": "1"}]),
            'metadata.ownerReferences[0].name: Invalid value: "": must not be empty',
        ),
    ],
)
def test_metadata_is_judged_in_every_kind(body: Object, fault: str) -> None:
    assert [one for one in faults("ConfigMap", body) if fault in one]


def test_a_running_pod_changes_its_image_and_little_else() -> None:
    old = completed("Pod", pod(container(), nodeName="node"))
    image, command, node = copy.deepcopy(old), copy.deepcopy(old), copy.deepcopy(old)
    image["spec"]["containers"][0]["image"] = "other"
    command["spec"]["containers"][0]["command"] = ["x"]
    node["spec"]["nodeName"] = "other"
    assert faults("Pod", image, old) == []
    for changed in (command, node):
        assert "spec: Forbidden: pod updates may not change fields other than" in faults("Pod", changed, old)[0]
    more = copy.deepcopy(old)
    more["spec"]["containers"].append(container("two"))
    assert faults("Pod", more, old) == ["spec.containers: Forbidden: pod updates may not add or remove containers"]


def test_a_pod_may_be_put_on_a_node_and_tolerate_more() -> None:
    old = completed("Pod", pod())
    new = copy.deepcopy(old)
    new["spec"] |= {"nodeName": "node", "tolerations": [{"operator": "Exists"}]}
    assert faults("Pod", new, old) == []


def test_a_job_restarts_its_pods_never_or_on_failure() -> None:
    template = {"spec": {"containers": [container()]}}
    told = 'spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "Never", "OnFailure"'
    assert faults("Job", job(template)) == [told]


def test_a_job_keeps_its_template_and_may_change_its_parallelism() -> None:
    old = completed("Job", job())
    new = copy.deepcopy(old)
    new["spec"]["parallelism"] = 5
    assert faults("Job", new, old) == []
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    assert faults("Job", new, old)[0].startswith("spec.template: Invalid value: ")
    assert faults("Job", new, old)[0].endswith(": field is immutable")


def test_a_suspended_job_may_be_told_where_to_go_and_no_more() -> None:
    old = completed("Job", job(suspend=True))
    placed, other = copy.deepcopy(old), copy.deepcopy(old)
    placed["spec"]["template"]["spec"]["nodeSelector"] = {"a": "b"}
    other["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    assert faults("Job", placed, old) == []
    assert faults("Job", other, old)[0].endswith(": field is immutable")
    running = completed("Job", job())
    assert faults("Job", {**placed, "spec": {**placed["spec"], "suspend": False}}, running) != []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            job(completionMode="Indexed", parallelism=2),
            "spec.completions: Required value: when completion mode is Indexed",
        ),
        (job(backoffLimit=-1), "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"),
        ({"metadata": {"name": "a"}, "spec": {}}, "spec.template: Required value"),
    ],
)
def test_a_job_is_told_what_is_wrong_with_it(body: Object, fault: str) -> None:
    assert fault in faults("Job", body)


def test_an_indexed_job_has_at_most_a_hundred_thousand_pods_at_once() -> None:
    found = faults("Job", job(completionMode="Indexed", completions=9, parallelism=100001))
    told = "must be less than or equal to 100000 when completion mode is Indexed"
    assert found == [f"spec.parallelism: Invalid value: 100001: {told}"]


@pytest.mark.parametrize(("kind", "make"), [("Job", job), ("Deployment", deployment)])
def test_a_template_is_judged_as_a_pod_is(kind: str, make: Any) -> None:
    labels = {"app": "web"}
    spec = {"restartPolicy": "Never" if kind == "Job" else "Always", "containers": [{"name": "main"}]}
    body = make(template={"metadata": {"labels": labels}, "spec": spec}) if kind != "Job" else make({"spec": spec})
    assert faults(kind, body) == ["spec.template.spec.containers[0].image: Required value"]


def test_a_deployment_selects_its_own_pods_for_ever() -> None:
    other = deployment(selector={"matchLabels": {"app": "other"}})
    assert faults("Deployment", other) == [
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
    ]
    assert "spec.selector: Invalid value" in " ".join(faults("Deployment", other, deployment()))
    none = {"metadata": {"name": "a"}, "spec": {}}
    assert faults("Deployment", none) == ["spec.selector: Required value", "spec.template: Required value"]


@pytest.mark.parametrize(
    ("kind", "body", "fault"),
    [
        ("Service", {"spec": {}}, "spec.ports: Required value"),
        ("Service", {"spec": {"ports": [{"port": 1}, {"port": 2}]}}, "spec.ports[0].name: Required value"),
        ("Service", {"spec": {"type": "Nice", "ports": [{"port": 1}]}}, 'spec.type: Unsupported value: "Nice"'),
        ("ConfigMap", {"data": {"a b": ""}}, 'data[a b]: Invalid value: "a b": a valid config key must consist of'),
        ("ConfigMap", {"data": {"a": ""}, "binaryData": {"a": ""}}, "duplicate of key present in binaryData"),
        ("Secret", {"type": "kubernetes.io/tls", "data": {"tls.crt": ""}}, "data[tls.key]: Required value"),
        ("ConfigMap", {"data": {"a": "x" * 1048577}}, "Too long: may not be more than 1048576 bytes"),
        ("Role", {"rules": [{"verbs": ["get"]}]}, "rules[0].apiGroups: Required value: resource rules must supply"),
        ("Role", {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]}, "namespaced rules cannot apply to"),
        ("RoleBinding", {"roleRef": {"kind": "Rule", "name": "x"}}, 'roleRef.kind: Unsupported value: "Rule"'),
        (
            "ClusterRoleBinding",
            {"roleRef": {"kind": "ClusterRole", "name": "x"}, "subjects": [{"kind": "ServiceAccount", "name": "a"}]},
            "subjects[0].namespace: Required value",
        ),
        ("CronJob", {"spec": {"schedule": "* *"}}, "spec.schedule: Invalid value"),
    ],
)
def test_other_kinds_are_told_theirs(kind: str, body: Object, fault: str) -> None:
    assert [one for one in faults(kind, {"metadata": {"name": "one"}, **body}) if fault in one]


def test_what_is_immutable_stays() -> None:
    old = {"metadata": {"name": "a"}, "data": {"k": "v"}, "immutable": True}
    assert faults("ConfigMap", {**old, "data": {"k": "w"}}, old) == [
        "data: Forbidden: field is immutable when `immutable` is set"
    ]
    assert faults("ConfigMap", old, old) == []
    binding = {"metadata": {"name": "a"}, "roleRef": {"kind": "Role", "name": "x"}}
    other = {**binding, "roleRef": {"kind": "Role", "name": "y"}}
    assert "cannot change roleRef" in faults("RoleBinding", other, binding)[0]


def test_a_service_keeps_its_address() -> None:
    old = {"metadata": {"name": "a"}, "spec": {"clusterIP": "172.20.0.9", "ports": [{"port": 1}]}}
    new = {"metadata": {"name": "a"}, "spec": {"clusterIP": "172.20.0.8", "ports": [{"port": 1}]}}
    assert faults("Service", new, old) == ['spec.clusterIPs[0]: Invalid value: ["172.20.0.8"]: may not change once set']
