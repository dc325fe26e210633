"""The kinds that the sandbox's Kubernetes serves from the start, as discovery of Kubernetes 1.33 shows them."""

from __future__ import annotations

from typing import Final

from hpctl.sandbox.kube.resources import READ, WRITE, Resource

_REVIEW: Final = ("create",)


def _row(  # noqa: PLR0913 - the columns of the table
    place: str,
    plural: str,
    kind: str,
    *,
    short: str = "",
    beside: str = "",
    categories: str = "",
    verbs: tuple[str, ...] = READ + WRITE,
    namespaced: bool = True,
) -> Resource:
    group, _, version = place.rpartition("/")
    return Resource(
        group=group,
        version=version,
        plural=plural,
        kind=kind,
        singular=kind.lower(),
        namespaced=namespaced,
        short_names=tuple(short.split()),
        categories=tuple(categories.split()),
        subresources=frozenset(beside.split()),
        verbs=verbs,
    )


_POD: Final = "binding eviction exec log portforward status"
_RBAC: Final = "rbac.authorization.k8s.io/v1"
_REVIEWS: Final = "authorization.k8s.io/v1"

BUILT_IN: Final = (
    _row("v1", "configmaps", "ConfigMap", short="cm"),
    _row("v1", "endpoints", "Endpoints", short="ep"),
    _row("v1", "events", "Event", short="ev"),
    _row("v1", "namespaces", "Namespace", short="ns", beside="finalize status", namespaced=False),
    _row("v1", "nodes", "Node", short="no", beside="status", namespaced=False),
    _row("v1", "persistentvolumeclaims", "PersistentVolumeClaim", short="pvc", beside="status"),
    _row("v1", "persistentvolumes", "PersistentVolume", short="pv", beside="status", namespaced=False),
    _row("v1", "pods", "Pod", short="po", beside=_POD, categories="all"),
    _row("v1", "secrets", "Secret"),
    _row("v1", "serviceaccounts", "ServiceAccount", short="sa"),
    _row("v1", "services", "Service", short="svc", beside="status", categories="all"),
    _row(
        "apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        short="crd crds",
        beside="status",
        categories="api-extensions",
        namespaced=False,
    ),
    _row("apps/v1", "controllerrevisions", "ControllerRevision"),
    _row("apps/v1", "daemonsets", "DaemonSet", short="ds", beside="status", categories="all"),
    _row("apps/v1", "deployments", "Deployment", short="deploy", beside="scale status", categories="all"),
    _row("apps/v1", "replicasets", "ReplicaSet", short="rs", beside="scale status", categories="all"),
    _row("apps/v1", "statefulsets", "StatefulSet", short="sts", beside="scale status", categories="all"),
    _row(_REVIEWS, "localsubjectaccessreviews", "LocalSubjectAccessReview", verbs=_REVIEW),
    _row(_REVIEWS, "selfsubjectaccessreviews", "SelfSubjectAccessReview", verbs=_REVIEW, namespaced=False),
    _row(_REVIEWS, "selfsubjectrulesreviews", "SelfSubjectRulesReview", verbs=_REVIEW, namespaced=False),
    _row(_REVIEWS, "subjectaccessreviews", "SubjectAccessReview", verbs=_REVIEW, namespaced=False),
    _row("authentication.k8s.io/v1", "selfsubjectreviews", "SelfSubjectReview", verbs=_REVIEW, namespaced=False),
    _row("batch/v1", "cronjobs", "CronJob", short="cj", beside="status", categories="all"),
    _row("batch/v1", "jobs", "Job", beside="status", categories="all"),
    _row("coordination.k8s.io/v1", "leases", "Lease"),
    _row("discovery.k8s.io/v1", "endpointslices", "EndpointSlice"),
    _row("events.k8s.io/v1", "events", "Event", short="ev"),
    _row("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", short="netpol"),
    _row("node.k8s.io/v1", "runtimeclasses", "RuntimeClass", namespaced=False),
    _row("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", short="pdb", beside="status"),
    _row(_RBAC, "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    _row(_RBAC, "clusterroles", "ClusterRole", namespaced=False),
    _row(_RBAC, "rolebindings", "RoleBinding"),
    _row(_RBAC, "roles", "Role"),
    _row("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", short="pc", namespaced=False),
    _row("storage.k8s.io/v1", "storageclasses", "StorageClass", short="sc", namespaced=False),
)

WITH_GENERATION: Final = frozenset(
    {
        "CronJob",
        "CustomResourceDefinition",
        "DaemonSet",
        "Deployment",
        "Job",
        "NetworkPolicy",
        "Pod",
        "PodDisruptionBudget",
        "ReplicaSet",
        "StatefulSet",
    }
)
"""The built-in kinds that count the changes of their spec; custom resources all do."""

ELSEWHERE: Final = frozenset(
    {
        ("", "bindings"),
        ("", "componentstatuses"),
        ("", "limitranges"),
        ("", "podtemplates"),
        ("", "replicationcontrollers"),
        ("", "resourcequotas"),
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
        ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        ("apiregistration.k8s.io", "apiservices"),
        ("authentication.k8s.io", "tokenreviews"),
        ("autoscaling", "horizontalpodautoscalers"),
        ("certificates.k8s.io", "certificatesigningrequests"),
        ("flowcontrol.apiserver.k8s.io", "flowschemas"),
        ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"),
        ("networking.k8s.io", "ingressclasses"),
        ("networking.k8s.io", "ingresses"),
        ("storage.k8s.io", "csidrivers"),
        ("storage.k8s.io", "csinodes"),
        ("storage.k8s.io", "csistoragecapacities"),
        ("storage.k8s.io", "volumeattachments"),
    }
)
"""What every Kubernetes has by group and plural, and the sandbox does not: asked for it answers 501, and never 404."""

SUBRESOURCES_ELSEWHERE: Final = frozenset(
    {
        ("nodes", "proxy"),
        ("persistentvolumeclaims", "finalize"),
        ("pods", "attach"),
        ("pods", "ephemeralcontainers"),
        ("pods", "proxy"),
        ("pods", "resize"),
        ("serviceaccounts", "token"),
        ("services", "proxy"),
    }
)
"""The subresources that every Kubernetes has, and the sandbox does not."""
