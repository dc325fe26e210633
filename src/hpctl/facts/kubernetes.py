"""What Kubernetes tells, and EKS of the ways into it: frozen rows, in their words.

Sources: the Kubernetes API reference (v1.37) and botocore's EKS service model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """How far a first request to a Kubernetes API came."""

    UNREACHED = "unreached"
    """Nobody answered at the endpoint."""
    UNTRUSTED = "untrusted"
    """Somebody did whom the EKS cluster's authority does not vouch for."""
    REFUSED = "refused"
    """Kubernetes did, and did not accept the token."""
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Contact:
    """What came of it; `words` are the system's or Kubernetes' own, `version` is the server's (`v1.33.5-eks-…`)."""

    stage: Stage
    words: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class AccessWish:
    """What somebody wants to do, by the attributes that Kubernetes authorizes by; no namespace means all of them."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    namespace: str | None = None

    @property
    def qualified(self) -> str:
        """The resource as RBAC names it, with its group: `pods/log`, `pytorchjobs.kubeflow.org`."""
        below = f"/{self.subresource}" if self.subresource else ""
        return f"{self.resource}{f'.{self.group}' if self.group else ''}{below}"

    def __str__(self) -> str:
        return f"{self.verb} {self.qualified}"


@dataclass(frozen=True, slots=True)
class AccessReview:
    """Whether the caller may do it (SelfSubjectAccessReview), and why, in the authorizer's words."""

    wish: AccessWish
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Taint:
    """What keeps pods off a node unless they tolerate it; `effect` is NoSchedule, PreferNoSchedule or NoExecute."""

    key: str
    effect: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Toleration:
    """What lets pods onto tainted nodes; an empty `effect` is every effect, an empty `key` with Exists every taint."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def bears(self, taint: Taint) -> bool:
        """Whether a taint does not keep pods with this off a node (Kubernetes, "Taints and Tolerations")."""
        if self.effect not in ("", taint.effect):
            return False
        if self.operator == "Exists":
            return self.key in ("", taint.key)
        return (self.key, self.value) == (taint.key, taint.value)


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment or a DaemonSet: how many pods it wants, and how many of them are ready.

    Of its pods: their containers' `images`, the `tolerations` that it gives them, and the `instance_types` that it
    confines them to by their nodes' label, None where it does not.
    """

    kind: str
    namespace: str
    name: str
    wanted: int
    ready: int
    images: tuple[str, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    instance_types: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class KubernetesNode:
    """A node as Kubernetes sees it; `allocatable` are quantities by resource, `version` is the kubelet's.

    `unschedulable` says that somebody has cordoned it.
    """

    name: str
    labels: Mapping[str, str]
    allocatable: Mapping[str, str]
    ready: bool
    version: str
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def instance_type(self) -> str | None:
        """The instance type, with its `ml.` on HyperPod."""
        return self.labels.get("node.kubernetes.io/instance-type")


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """An EKS access policy of an access entry; `namespaces` are those that it is for, none of them means all."""

    arn: str
    namespaces: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The policy's name, such as `AmazonEKSClusterAdminPolicy`."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """An access entry of an EKS cluster (EKS DescribeAccessEntry): what lets an IAM principal in, and as whom."""

    principal_arn: str
    kubernetes_groups: tuple[str, ...] = ()
    policies: tuple[AccessPolicy, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterOnEks:
    """A HyperPod cluster on EKS that lives, as checks judge it: its name, its EKS cluster's, a namespace for jobs."""

    name: str
    eks_cluster: str
    namespace: str = "default"
