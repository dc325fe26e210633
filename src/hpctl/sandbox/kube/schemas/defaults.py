"""What the API server adds to parts of built-in kinds that leave it out.

Source: kubernetes/pkg/apis, `defaults.go` of core, apps, batch, networking, rbac, scheduling and storage (v1.33).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

Part = dict[str, Any]
Complete = Callable[[Part], None]
_CORE, _APPS, _BATCH = "io.k8s.api.core.v1", "io.k8s.api.apps.v1", "io.k8s.api.batch.v1"
_RBAC: Final = "rbac.authorization.k8s.io"
_MODE: Final = 0o644
_JOB_LABELS: Final = "batch.kubernetes.io/"
_MAX_INT32: Final = 2**31 - 1


def with_(**defaults: Any) -> Complete:
    """Return what sets fields that are not there."""

    def complete(part: Part) -> None:
        for name, value in defaults.items():
            if name not in part:
                part[name] = deepcopy(value)

    return complete


def _pod(pod: Part) -> None:
    spec = pod.get("spec")
    if spec is None:
        return
    spec.setdefault("enableServiceLinks", True)
    for container in (*spec.get("containers", ()), *spec.get("initContainers", ())):
        resources = container["resources"]
        if "limits" in resources:
            resources["requests"] = {**resources["limits"], **resources.get("requests", {})}


def _pod_spec(spec: Part) -> None:
    with_(
        dnsPolicy="ClusterFirst",
        restartPolicy="Always",
        schedulerName="default-scheduler",
        securityContext={},
        terminationGracePeriodSeconds=30,
    )(spec)
    if not spec.get("hostNetwork"):
        return
    for container in (*spec.get("containers", ()), *spec.get("initContainers", ())):
        for port in container.get("ports", ()):
            port.setdefault("hostPort", port.get("containerPort"))


def _container(container: Part) -> None:
    image = container.get("image", "")
    tag = "" if "@" in image else image.rpartition("/")[2].partition(":")[2] or "latest"
    policy = "Always" if tag == "latest" else "IfNotPresent"
    with_(
        imagePullPolicy=policy,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )(container)


def _volume(volume: Part) -> None:
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}


def _service(service: Part) -> None:
    spec = service.setdefault("spec", {})
    with_(sessionAffinity="None", type="ClusterIP")(spec)
    if spec["sessionAffinity"] == "ClientIP":
        with_(sessionAffinityConfig={"clientIP": {"timeoutSeconds": 10800}})(spec)
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        with_(externalTrafficPolicy="Cluster")(spec)
    if spec["type"] == "LoadBalancer":
        with_(allocateLoadBalancerNodePorts=True)(spec)


def _service_port(port: Part) -> None:
    port.setdefault("protocol", "TCP")
    if "targetPort" not in port and "port" in port:
        port["targetPort"] = port["port"]


def _deployment(deployment: Part) -> None:
    spec = deployment.setdefault("spec", {})
    with_(progressDeadlineSeconds=600, replicas=1, revisionHistoryLimit=10, strategy={})(spec)
    _rolling(spec["strategy"], maxUnavailable="25%", maxSurge="25%")


def _daemon_set(daemon_set: Part) -> None:
    spec = daemon_set.setdefault("spec", {})
    with_(revisionHistoryLimit=10, updateStrategy={})(spec)
    _rolling(spec["updateStrategy"], maxUnavailable=1, maxSurge=0)


def _stateful_set(stateful_set: Part) -> None:
    spec = stateful_set.setdefault("spec", {})
    retention = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    with_(podManagementPolicy="OrderedReady", replicas=1, revisionHistoryLimit=10, updateStrategy={})(spec)
    with_(persistentVolumeClaimRetentionPolicy=retention)(spec)
    _rolling(spec["updateStrategy"], partition=0)


def _rolling(strategy: Part, **defaults: Any) -> None:
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        with_(**defaults)(strategy.setdefault("rollingUpdate", {}))


def _replica_set(replica_set: Part) -> None:
    with_(replicas=1)(replica_set.setdefault("spec", {}))


def _job(job: Part) -> None:
    spec, metadata = job.setdefault("spec", {}), job.setdefault("metadata", {})
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    policy = "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed"
    with_(
        # Where each index fails by itself, no number of failures is too many (pkg/apis/batch/v1/defaults.go).
        backoffLimit=_MAX_INT32 if "backoffLimitPerIndex" in spec else 6,
        completionMode="NonIndexed",
        manualSelector=False,
        parallelism=1,
        podReplacementPolicy=policy,
        suspend=False,
    )(spec)
    template = spec.get("template")
    if template is None:
        return
    if not spec["manualSelector"] and "selector" not in spec and "uid" in metadata:
        _select_own(spec, metadata["name"], metadata["uid"])
    # The labels that it has just been given, too: so it is read from a real server.
    if not metadata.get("labels") and (labels := template.get("metadata", {}).get("labels")):
        metadata["labels"] = dict(labels)


def _select_own(spec: Part, name: str, uid: str) -> None:
    """Select the job's own pods by its UID (kubernetes/pkg/registry/batch/job/strategy.go)."""
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    own = {"controller-uid": uid, "job-name": name}
    labels |= own | {f"{_JOB_LABELS}{key}": value for key, value in own.items()}
    spec["selector"] = {"matchLabels": {f"{_JOB_LABELS}controller-uid": uid}}


def _cron_job(cron_job: Part) -> None:
    with_(concurrencyPolicy="Allow", failedJobsHistoryLimit=1, successfulJobsHistoryLimit=3, suspend=False)(
        cron_job.setdefault("spec", {})
    )


def _subject(subject: Part) -> None:
    if subject.get("kind") in {"User", "Group"}:
        subject.setdefault("apiGroup", _RBAC)


def _network_policy(spec: Part) -> None:
    if "policyTypes" not in spec:
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def _node(node: Part) -> None:
    status = node.get("status", {})
    if "capacity" in status:
        status.setdefault("allocatable", dict(status["capacity"]))


_TCP: Final = with_(protocol="TCP")
_FILES: Final = with_(defaultMode=_MODE)

DEFAULTS: Final[Mapping[str, Complete]] = {
    f"{_CORE}.ConfigMapVolumeSource": _FILES,
    f"{_CORE}.Container": _container,
    f"{_CORE}.ContainerPort": _TCP,
    f"{_CORE}.DownwardAPIVolumeSource": _FILES,
    f"{_CORE}.EndpointPort": _TCP,
    f"{_CORE}.GRPCAction": with_(service=""),
    f"{_CORE}.HTTPGetAction": with_(path="/", scheme="HTTP"),
    f"{_CORE}.HostPathVolumeSource": with_(type=""),
    f"{_CORE}.Node": _node,
    f"{_CORE}.ObjectFieldSelector": with_(apiVersion="v1"),
    f"{_CORE}.PersistentVolumeClaimSpec": with_(volumeMode="Filesystem"),
    f"{_CORE}.PersistentVolumeSpec": with_(persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem"),
    f"{_CORE}.Pod": _pod,
    f"{_CORE}.PodSpec": _pod_spec,
    f"{_CORE}.Probe": with_(failureThreshold=3, periodSeconds=10, successThreshold=1, timeoutSeconds=1),
    f"{_CORE}.ProjectedVolumeSource": _FILES,
    f"{_CORE}.Secret": with_(type="Opaque"),
    f"{_CORE}.SecretVolumeSource": _FILES,
    f"{_CORE}.Service": _service,
    f"{_CORE}.ServiceAccountTokenProjection": with_(expirationSeconds=3600),
    f"{_CORE}.ServicePort": _service_port,
    f"{_CORE}.Volume": _volume,
    f"{_APPS}.DaemonSet": _daemon_set,
    f"{_APPS}.Deployment": _deployment,
    f"{_APPS}.ReplicaSet": _replica_set,
    f"{_APPS}.StatefulSet": _stateful_set,
    f"{_BATCH}.CronJob": _cron_job,
    f"{_BATCH}.Job": _job,
    "io.k8s.api.discovery.v1.EndpointPort": with_(name="", protocol="TCP"),
    "io.k8s.api.networking.v1.NetworkPolicyPort": _TCP,
    "io.k8s.api.networking.v1.NetworkPolicySpec": _network_policy,
    "io.k8s.api.rbac.v1.RoleRef": with_(apiGroup=_RBAC),
    "io.k8s.api.rbac.v1.Subject": _subject,
    "io.k8s.api.scheduling.v1.PriorityClass": with_(preemptionPolicy="PreemptLowerPriority"),
    "io.k8s.api.storage.v1.StorageClass": with_(reclaimPolicy="Delete", volumeBindingMode="Immediate"),
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec": with_(
        conversion={"strategy": "None"}
    ),
}
"""What completes a part, by the name of its definition; parts inside it are complete by then."""
