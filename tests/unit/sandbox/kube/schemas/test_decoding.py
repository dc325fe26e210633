"""What the API server makes of a built-in kind's body: types, defaults, quantities, unknown fields."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.schemas.quantities import amount, canonical
from hpctl.sandbox.kube.status import StatusError
from tests.unit.sandbox.kube.schemas.judging import RULES, completed, container, deployment, job, pod, resource


def test_a_pod_gets_the_defaults_of_kubernetes() -> None:
    found = completed("Pod", pod(container(ports=[{"containerPort": 80}], livenessProbe={"httpGet": {"port": 80}})))
    assert found["spec"] == {
        "containers": [
            {
                "name": "main",
                "image": "busybox:1",
                "imagePullPolicy": "IfNotPresent",
                "livenessProbe": {
                    "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
                    "failureThreshold": 3,
                    "periodSeconds": 10,
                    "successThreshold": 1,
                    "timeoutSeconds": 1,
                },
                "ports": [{"containerPort": 80, "protocol": "TCP"}],
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("host:5000/nginx", "Always"),
        ("host:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:0", "IfNotPresent"),
    ],
)
def test_images_are_pulled_by_their_tag(image: str, policy: str) -> None:
    found = completed("Pod", pod({"name": "a", "image": image}))
    assert found["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_limits_are_requests_too_in_a_pod_but_not_in_a_template() -> None:
    limited = container(resources={"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": "500m"}})
    found = completed("Pod", pod(limited))["spec"]["containers"][0]["resources"]
    assert found == {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}
    template = {"spec": {"restartPolicy": "Never", "containers": [limited]}}
    inner = completed("Job", job(template))["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert inner["requests"] == {"cpu": "500m"}


def test_what_is_completed_stays_as_it_is() -> None:
    for kind, body in (("Pod", pod()), ("Job", job()), ("Deployment", deployment())):
        once = completed(kind, body)
        assert completed(kind, once) == once


def test_a_job_selects_its_own_pods() -> None:
    found = completed("Job", job())
    spec, labels = found["spec"], found["spec"]["template"]["metadata"]["labels"]
    assert spec["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "0-1-2"}}
    assert labels == {
        "controller-uid": "0-1-2",
        "job-name": "work",
        "batch.kubernetes.io/controller-uid": "0-1-2",
        "batch.kubernetes.io/job-name": "work",
    }
    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 6)


def test_a_job_whose_indexes_fail_by_themselves_has_no_limit_of_its_own() -> None:
    spec = completed("Job", job(backoffLimitPerIndex=0, completionMode="Indexed", completions=2))["spec"]
    assert spec["backoffLimit"] == 2147483647


def test_a_parallel_job_without_completions_has_none() -> None:
    assert "completions" not in completed("Job", job(parallelism=3))["spec"]


@pytest.mark.parametrize(
    ("kind", "body", "path", "value"),
    [
        ("Deployment", deployment(), ("spec", "replicas"), 1),
        ("Deployment", deployment(), ("spec", "strategy", "rollingUpdate", "maxSurge"), "25%"),
        ("Service", {"spec": {"ports": [{"port": 80}]}}, ("spec", "type"), "ClusterIP"),
        ("Service", {"spec": {"ports": [{"port": 80}]}}, ("spec", "ports", 0, "targetPort"), 80),
        ("Secret", {"data": {}}, ("type",), "Opaque"),
        ("CronJob", {"spec": {}}, ("spec", "concurrencyPolicy"), "Allow"),
        ("NetworkPolicy", {"spec": {"egress": [{}]}}, ("spec", "policyTypes"), ["Ingress", "Egress"]),
        ("PersistentVolumeClaim", {"spec": {}}, ("spec", "volumeMode"), "Filesystem"),
        ("PriorityClass", {"value": 1}, ("preemptionPolicy",), "PreemptLowerPriority"),
        ("StorageClass", {"provisioner": "x"}, ("volumeBindingMode",), "Immediate"),
        ("DaemonSet", {"spec": {}}, ("spec", "updateStrategy", "type"), "RollingUpdate"),
        ("StatefulSet", {"spec": {}}, ("spec", "podManagementPolicy"), "OrderedReady"),
        ("RoleBinding", {"subjects": [{"kind": "User"}]}, ("subjects", 0, "apiGroup"), "rbac.authorization.k8s.io"),
        ("Pod", pod(volumes=[{"name": "v"}]), ("spec", "volumes", 0, "emptyDir"), {}),
        ("Pod", pod(volumes=[{"name": "v", "secret": {}}]), ("spec", "volumes", 0, "secret", "defaultMode"), 420),
        (
            "Pod",
            pod(container(ports=[{"containerPort": 9}]), hostNetwork=True),
            ("spec", "containers", 0, "ports", 0, "hostPort"),
            9,
        ),
    ],
)
def test_other_kinds_get_theirs(kind: str, body: Object, path: tuple[Any, ...], value: Any) -> None:
    found: Any = completed(kind, {"metadata": {"name": "one"}, **body})
    for step in path:
        found = found[step]
    assert found == value


def test_nulls_and_empty_lists_go_and_structures_stay() -> None:
    body = pod(container(args=[], env=None), nodeSelector={}, volumes=[{"name": "v", "emptyDir": {}}])
    spec = completed("Pod", body)["spec"]
    assert "nodeSelector" not in spec
    assert not {"args", "env"} & set(spec["containers"][0])
    assert spec["volumes"] == [{"name": "v", "emptyDir": {}}]


def test_unknown_fields_are_named_with_their_path_and_dropped() -> None:
    body = pod(container(imagee="x"), container("two", env=[{"name": "A", "text": "1"}]), restartpolicy="Never")
    paths = ["spec.containers[0].imagee", "spec.containers[1].env[0].text", "spec.restartpolicy"]
    assert list(RULES.unknown_fields(resource("Pod"), body)) == paths
    found = completed("Pod", body)
    assert list(RULES.unknown_fields(resource("Pod"), found)) == []
    assert "imagee" not in found["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            pod(container(ports=[{"containerPort": "22"}])),
            (
                "json: cannot unmarshal string into Go struct field "
                "ContainerPort.spec.containers.ports.containerPort of type int32"
            ),
        ),
        (
            pod(container(args="a b")),
            "json: cannot unmarshal string into Go struct field Container.spec.containers.args of type []string",
        ),
        (
            {"metadata": {"name": "a"}, "spec": "x"},
            "json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec",
        ),
        (
            pod(container(env=[{"name": "A", "value": 1}])),
            "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
        ),
        (pod(hostNetwork="yes"), "into Go struct field PodSpec.spec.hostNetwork of type bool"),
        (pod(container(resources={"limits": {"cpu": "one"}})), "quantities must match the regular expression"),
        ({"metadata": {"name": "a", "deletionTimestamp": "now"}}, 'parsing time "now" as'),
    ],
)
def test_a_value_of_another_type_is_a_bad_request_in_gos_words(body: Object, message: str) -> None:
    with pytest.raises(StatusError) as refused:
        completed("Pod", body)
    assert (refused.value.code, refused.value.reason) == (400, "BadRequest")
    assert refused.value.message.startswith('Pod in version "v1" cannot be handled as a Pod: ')
    assert message in refused.value.message


@pytest.mark.parametrize("value", [2**31 - 1, -(2**31), 0, 7.0])
def test_numbers_that_fit_are_taken(value: float) -> None:
    spec = completed("Pod", pod(priority=value))["spec"]
    assert (spec["priority"], type(spec["priority"])) == (int(value), int)


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 1.5, True, "1"])
def test_numbers_that_do_not_fit_are_refused(value: Any) -> None:
    with pytest.raises(StatusError, match=r"into Go struct field PodSpec\.spec\.priority of type int32"):
        completed("Pod", pod(priority=value))


def test_data_of_a_secret_is_base64() -> None:
    with pytest.raises(StatusError, match="illegal base64 data at input byte 0"):
        completed("Secret", {"metadata": {"name": "a"}, "data": {"k": "!!"}})


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("2000", "2k"),
        ("1024", "1024"),
        ("0", "0"),
        ("0Mi", "0"),
        ("1e3", "1e3"),
        ("0.5Ki", "512"),
        ("-2", "-2"),
    ],
)
def test_quantities_are_written_as_the_api_server_writes_them(text: str, written: str) -> None:
    assert canonical(text) == written
    assert amount(canonical(text)) == amount(text)


@pytest.mark.parametrize("text", ["", "x", "1 Gi", "1gi", "Mi", "1.2.3", "1Zi"])
def test_other_texts_are_no_quantities(text: str) -> None:
    with pytest.raises(ValueError, match="quantities must match"):
        amount(text)
