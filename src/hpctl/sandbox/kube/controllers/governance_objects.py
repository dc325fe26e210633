"""What task governance makes of compute quotas and priorities: namespaces and queues of teams, classes of priority.

Sources: AWS documentation, "HyperPod task governance" (names, labels, lending and borrowing, CPUs and memory by the
share of accelerators). The name of the cohort and what a ClusterQueue covers were not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.sandbox.eks.cluster import TASK_GOVERNANCE
from hpctl.sandbox.kube.controllers.stand_ins import named
from hpctl.sandbox.kube.crds.kueue_versions import STORED

if TYPE_CHECKING:
    from hpctl.sandbox.eks.cluster import Cluster
    from hpctl.sandbox.kube.resources import Object

_LABELS: Final = "sagemaker.amazonaws.com"
_TYPE: Final = "node.kubernetes.io/instance-type"
_COHORT: Final = "hyperpod"
_BORROW_PERCENT: Final = 50
_MIB: Final = 1024


def parts(cluster: Cluster) -> dict[str, Callable[[], list[Object]]]:
    """Return what makes the objects of each quota and policy that there is or was, by a name of its own."""
    found: dict[str, Callable[[], list[Object]]] = {}
    for made in (*cluster.governed.values(), *cluster.ungoverned.values()):
        if "SchedulerConfig" in made.request:
            found[f"scheduler-{made.id}"] = partial(_priorities, made.request)
        else:
            found[f"team-{made.id}"] = partial(_namespace, made.request, made.id)
            found[f"team-{made.id}-queues"] = partial(_queues, made.request)
    return found


def wanted(cluster: Cluster) -> Iterator[str]:
    """Yield the names of those that should be there: a team's namespace outlives its quota, and Kueue."""
    for made in (*cluster.governed.values(), *cluster.ungoverned.values()):
        governed = made.id in cluster.governed and cluster.runs(TASK_GOVERNANCE)
        if "SchedulerConfig" not in made.request:
            yield f"team-{made.id}"
            yield from (f"team-{made.id}-queues",) if governed else ()
        elif governed:
            yield f"scheduler-{made.id}"


def _priorities(request: dict[str, Any]) -> list[Object]:
    rows = request["SchedulerConfig"].get("PriorityClasses") or ()
    return [
        named(STORED, "WorkloadPriorityClass", f"{row['Name']}-priority") | {"value": row["Weight"]} for row in rows
    ]


def _namespace(request: dict[str, Any], made: str) -> list[Object]:
    labels = {f"{_LABELS}/sagemaker-managed-queue": "true", f"{_LABELS}/quota-allocation-id": made}
    return [named("v1", "Namespace", _team(request), labels=labels)]


def _queues(request: dict[str, Any]) -> list[Object]:
    team, config = _team(request), request["ComputeQuotaConfig"]
    rows = {row["InstanceType"]: _amounts(row) for row in config.get("ComputeQuotaResources") or ()}
    covered = list(dict.fromkeys(name for amounts in rows.values() for name in amounts))
    sharing = config.get("ResourceSharingConfig") or {"Strategy": "LendAndBorrow"}
    flavors = [
        {"name": kind, "resources": [_quota(name, amounts.get(name, 0), sharing) for name in covered]}
        for kind, amounts in rows.items()
    ]
    spec: Object = {
        "cohortName": _COHORT,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": team}},
        "preemption": {
            "reclaimWithinCohort": "Any",
            "withinClusterQueue": config.get("PreemptTeamTasks", "LowerPriority"),
        },
        **({"resourceGroups": [{"coveredResources": covered, "flavors": flavors}]} if flavors else {}),
    }
    local = {"clusterQueue": f"{team}-clusterqueue"}
    return [
        *(named(STORED, "ResourceFlavor", kind) | {"spec": {"nodeLabels": {_TYPE: kind}}} for kind in rows),
        named(STORED, "ClusterQueue", f"{team}-clusterqueue") | {"spec": spec},
        named(STORED, "LocalQueue", f"{team}-localqueue", namespace=team) | {"spec": local},
    ]


def _team(request: dict[str, Any]) -> str:
    return f"hyperpod-ns-{request['ComputeQuotaTarget']['TeamName']}"


def _amounts(row: dict[str, Any]) -> dict[str, int]:
    """Return a quota's amounts, memory in MiB and CPUs in thousandths: by the share of accelerators unless told."""
    facts = instance_type(row["InstanceType"])
    share = float(row["Count"]) if "Count" in row else _share(row, facts)
    # A part of an instance may use a device that is not one of the accelerators.
    devices = {name: ceil(count * share) for name, count in facts.kubernetes_resources.items() if count}
    cpus = float(row["VCpu"]) if "VCpu" in row else facts.vcpus * share
    memory = float(row["MemoryInGiB"]) if "MemoryInGiB" in row else facts.memory_gib * share
    return {"cpu": int(cpus * 1000), "memory": int(memory * _MIB), **devices}


def _share(row: dict[str, Any], facts: InstanceType) -> float:
    """Return how many instances some accelerators are."""
    return row.get("Accelerators", 0) / facts.accelerator_count if facts.accelerator_count else 0.0


def _quota(name: str, amount: int, sharing: dict[str, Any]) -> Object:
    unit = {"cpu": "m", "memory": "Mi"}.get(name, "")
    limits = {"DontLend": {"lending": 0, "borrowing": 0}, "Lend": {"borrowing": 0}}.get(sharing["Strategy"])
    if limits is None:
        limits = {"borrowing": amount * sharing.get("BorrowLimit", _BORROW_PERCENT) // 100}
    told = {f"{word}Limit": f"{limit}{unit}" for word, limit in limits.items()}
    return {"name": name, "nominalQuota": f"{amount}{unit}", **told}
