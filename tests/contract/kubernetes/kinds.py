"""One object of every built-in kind, as small as the API takes it: none of them makes anything run."""

from __future__ import annotations

from typing import Any

from tests.contract.kubernetes.objects import ONE, a_job, a_waiting_pod, a_workload, an_object

RBAC, NETWORKING = "rbac.authorization.k8s.io/v1", "networking.k8s.io/v1"
_RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
_PORTS = [{"name": "web", "port": 80}]
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""}


def _bound(kind: str, role: str) -> dict[str, Any]:
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "contract.test"}]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": "contract.test"}
    return an_object(kind, version=RBAC, roleRef=reference, subjects=subjects)


def _event() -> dict[str, Any]:
    about = {"apiVersion": "v1", "kind": "ConfigMap", "name": ONE}
    return an_object("Event", involvedObject=about, reason="Tested", message="seen", type="Normal")


INSIDE: dict[str, dict[str, Any]] = {
    "configmaps": an_object("ConfigMap", data={"a": "b"}),
    "controllerrevisions": an_object("ControllerRevision", version="apps/v1", revision=1, data={"a": "b"}),
    "cronjobs": an_object(
        "CronJob",
        version="batch/v1",
        spec={"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": a_job()["spec"]}},
    ),
    "daemonsets": a_workload("DaemonSet"),
    "deployments": a_workload("Deployment", replicas=0),
    "endpoints": an_object("Endpoints", subsets=[{"addresses": [{"ip": "10.9.9.9"}], "ports": _PORTS}]),
    "endpointslices": an_object(
        "EndpointSlice",
        version="discovery.k8s.io/v1",
        addressType="IPv4",
        endpoints=[{"addresses": ["10.9.9.9"]}],
        ports=_PORTS,
    ),
    "events": _event(),
    "horizontalpodautoscalers": an_object(
        "HorizontalPodAutoscaler",
        version="autoscaling/v2",
        spec={"maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}},
    ),
    "ingresses": an_object(
        "Ingress",
        version=NETWORKING,
        spec={"defaultBackend": {"service": {"name": ONE, "port": {"number": 80}}}},
    ),
    "jobs": a_job(suspend=True),
    "leases": an_object("Lease", version="coordination.k8s.io/v1", spec={"holderIdentity": "me"}),
    "limitranges": an_object("LimitRange", spec={"limits": [{"type": "Container", "default": {"cpu": "1"}}]}),
    "networkpolicies": an_object("NetworkPolicy", version=NETWORKING, spec={"podSelector": {}}),
    "persistentvolumeclaims": an_object("PersistentVolumeClaim", spec=_CLAIM),
    "poddisruptionbudgets": an_object(
        "PodDisruptionBudget",
        version="policy/v1",
        spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "none"}}},
    ),
    "pods": a_waiting_pod(),
    "podtemplates": an_object("PodTemplate", template={"spec": a_waiting_pod()["spec"]}),
    "replicasets": a_workload("ReplicaSet", replicas=0),
    "resourcequotas": an_object("ResourceQuota", spec={"hard": {"pods": "10"}}),
    "rolebindings": _bound("RoleBinding", "Role"),
    "roles": an_object("Role", version=RBAC, rules=_RULES),
    "secrets": an_object("Secret", type="Opaque", data={"a": "Yg=="}),
    "serviceaccounts": an_object("ServiceAccount"),
    "services": an_object("Service", spec={"clusterIP": "None", "selector": {"app": "none"}, "ports": _PORTS}),
    "statefulsets": a_workload("StatefulSet", replicas=0, serviceName="none"),
}
# Names of these are the whole cluster's: the test gives them.
OUTSIDE: dict[str, dict[str, Any]] = {
    "clusterrolebindings": _bound("ClusterRoleBinding", "ClusterRole"),
    "clusterroles": an_object("ClusterRole", version=RBAC, rules=_RULES),
    "csidrivers": an_object("CSIDriver", version="storage.k8s.io/v1", spec={"attachRequired": False}),
    "ingressclasses": an_object("IngressClass", version=NETWORKING, spec={"controller": "contract.test/none"}),
    "persistentvolumes": an_object(
        "PersistentVolume",
        spec={
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/nowhere"},
            "storageClassName": "contract.test",
        },
    ),
    "priorityclasses": an_object("PriorityClass", version="scheduling.k8s.io/v1", value=10),
    "runtimeclasses": an_object("RuntimeClass", version="node.k8s.io/v1", handler="contract"),
    "storageclasses": an_object("StorageClass", version="storage.k8s.io/v1", provisioner="contract.test/none"),
}
