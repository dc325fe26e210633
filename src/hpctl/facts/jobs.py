"""Jobs and their pods as Kubernetes tells of them: frozen rows, in its words.

Sources: the Kubernetes API reference (v1.37), the CRDs of kubeflow.org, jobset.x-k8s.io and sagemaker.amazonaws.com.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

JOB_LABEL: Final = "hpctl/job"
RUN_ID_LABEL: Final = "hpctl/run-id"
RANK_LABEL: Final = "hpctl/rank"
MANAGED_BY: Final = ("app.kubernetes.io/managed-by", "hpctl")
CANCELLED: Final = "hpctl/cancelled-at"
"""An annotation: when somebody cancelled the job with hpctl (UTC, ISO 8601)."""


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """A kind of the Kubernetes API, enough to address its objects; `group` is empty for the core."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """What stands in manifests."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The resource as RBAC and kubectl name it: `pytorchjobs.kubeflow.org`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None, name: str = "", *below: str) -> str:
        """Return the path of the collection, of one object, or of a subresource; no name leads out of it."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        where = f"/namespaces/{_part(namespace)}" if self.namespaced and namespace else ""
        return "/".join((f"{root}{where}/{self.plural}", *((_part(name),) if name else ()), *below))


def _part(text: str) -> str:
    """Return a text as one part of a path; dots alone would be steps in it."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


PYTORCH_JOB: Final = ObjectKind("kubeflow.org", "v1", "PyTorchJob", "pytorchjobs")
HYPERPOD_PYTORCH_JOB: Final = ObjectKind("sagemaker.amazonaws.com", "v1", "HyperPodPyTorchJob", "hyperpodpytorchjobs")
JOB_SET: Final = ObjectKind("jobset.x-k8s.io", "v1alpha2", "JobSet", "jobsets")
BATCH_JOB: Final = ObjectKind("batch", "v1", "Job", "jobs")
MPI_JOB: Final = ObjectKind("kubeflow.org", "v2beta1", "MPIJob", "mpijobs")
JOB_KINDS: Final = (PYTORCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, BATCH_JOB, MPI_JOB)
"""What `hpctl job` manages, in the order in which a name is looked for."""

NODE: Final = ObjectKind("", "v1", "Node", "nodes", namespaced=False)
POD: Final = ObjectKind("", "v1", "Pod", "pods")
SERVICE: Final = ObjectKind("", "v1", "Service", "services")
CONFIG_MAP: Final = ObjectKind("", "v1", "ConfigMap", "configmaps")
SECRET: Final = ObjectKind("", "v1", "Secret", "secrets")
EVENT: Final = ObjectKind("", "v1", "Event", "events")
NAMESPACE: Final = ObjectKind("", "v1", "Namespace", "namespaces", namespaced=False)
CLAIM: Final = ObjectKind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
VOLUME: Final = ObjectKind("", "v1", "PersistentVolume", "persistentvolumes", namespaced=False)
STORAGE_CLASS: Final = ObjectKind("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
SERVICE_ACCOUNT: Final = ObjectKind("", "v1", "ServiceAccount", "serviceaccounts")
PRIORITY_CLASS: Final = ObjectKind("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", namespaced=False)
GOVERNANCE: Final = "amazon-sagemaker-hyperpod-taskgovernance"
"""The EKS add-on that brings Kueue, as HyperPod has it (AWS documentation, HyperPod task governance)."""

LOCAL_QUEUE: Final = ObjectKind("kueue.x-k8s.io", "v1beta1", "LocalQueue", "localqueues")
CLUSTER_QUEUE: Final = ObjectKind("kueue.x-k8s.io", "v1beta1", "ClusterQueue", "clusterqueues", namespaced=False)
COHORT: Final = ObjectKind("kueue.x-k8s.io", "v1beta1", "Cohort", "cohorts", namespaced=False)
WORKLOAD_PRIORITY_CLASS: Final = ObjectKind(
    "kueue.x-k8s.io", "v1beta1", "WorkloadPriorityClass", "workloadpriorityclasses", namespaced=False
)
WORKLOAD: Final = ObjectKind("kueue.x-k8s.io", "v1beta1", "Workload", "workloads")


class JobState(StrEnum):
    """Where a job is, in one word for all kinds."""

    QUEUED = "Queued"
    """Suspended by Kueue until its queue has room."""
    PENDING = "Pending"
    """No pod runs yet."""
    RUNNING = "Running"
    RESTARTING = "Restarting"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    UNKNOWN = "Unknown"
    """It is over, and nobody knows how it ended: on Slurm, which forgets jobs some minutes after their end."""

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a status; `since` is the last transition."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job object. `nodes` is how many pods it wants in all; `raw` is the whole object as the server sent it."""

    kind: ObjectKind
    namespace: str
    name: str
    uid: str
    created: datetime
    state: JobState
    nodes: int
    labels: Mapping[str, str] = field(hash=False)
    annotations: Mapping[str, str] = field(hash=False)
    conditions: tuple[Condition, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    restarts: int = 0
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def reference(self) -> str:
        """Kind and name as kubectl writes them: `pytorchjob/train`."""
        return f"{self.kind.kind.lower()}/{self.name}"


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One container of a pod as its status tells; `last_*` are of the instance before.

    `exit_code` is None while it has not ended; `reason` is the waiting or terminated reason.
    """

    name: str
    running: bool
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    started: datetime | None = None
    ended: datetime | None = None
    restarts: int = 0
    last_exit_code: int | None = None
    last_reason: str = ""
    last_ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod. `rank` is its place in its job, None where no label tells; `requests` are sums over its containers."""

    namespace: str
    name: str
    uid: str
    created: datetime
    phase: str
    node: str | None
    ip: str | None
    rank: int | None
    owner_uid: str | None
    labels: Mapping[str, str] = field(hash=False)
    containers: tuple[ContainerState, ...] = ()
    init_containers: tuple[ContainerState, ...] = ()
    conditions: tuple[Condition, ...] = ()
    reason: str = ""
    message: str = ""
    deleting: bool = False
    requests: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class KubernetesEvent:
    """An event about an object, most recent occurrence last; `count` occurrences."""

    namespace: str
    about_kind: str
    about_name: str
    about_uid: str
    type: str
    reason: str
    message: str
    last: datetime | None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Queue:
    """A Kueue LocalQueue; `waiting` says why it admits nothing, when it says so."""

    namespace: str
    name: str
    cluster_queue: str
    active: bool
    pending: int
    admitted: int
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of a container's log, without its end; bytes, for nobody promises UTF-8.

    `time` is the server's stamp of it, in nanoseconds since the epoch.
    """

    time_ns: int
    line: bytes
