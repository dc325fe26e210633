"""What is wrong with an object of a built-in kind, all in all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas.crds import crd_faults
from hpctl.sandbox.kube.schemas.metadata import metadata_faults
from hpctl.sandbox.kube.schemas.needed import needed_faults
from hpctl.sandbox.kube.schemas.pods import pod_faults
from hpctl.sandbox.kube.schemas.settings import binding_faults, config_faults, role_faults, service_faults
from hpctl.sandbox.kube.schemas.workloads import cron_job_faults, job_faults, workload_faults
from hpctl.sandbox.kube.status import Cause

Judge = Callable[[Object, Object | None], Iterator[Cause]]
_JUDGES: Final[Mapping[str, Judge]] = {
    "ClusterRole": lambda body, _: role_faults(body),
    "ClusterRoleBinding": binding_faults,
    "ConfigMap": config_faults,
    "CronJob": lambda body, _: cron_job_faults(body),
    "CustomResourceDefinition": crd_faults,
    "DaemonSet": workload_faults,
    "Deployment": workload_faults,
    "Job": job_faults,
    "Pod": pod_faults,
    "ReplicaSet": workload_faults,
    "Role": lambda body, _: role_faults(body),
    "RoleBinding": binding_faults,
    "Secret": config_faults,
    "Service": service_faults,
    "StatefulSet": workload_faults,
}


def built_in_faults(resource: Resource, body: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with an object that has its defaults, each fault once."""
    judge = _JUDGES.get(resource.kind)
    seen: set[tuple[str, str]] = set()
    for faults in (
        metadata_faults(resource, body, old),
        judge({"kind": resource.kind, **body}, old) if judge else (),
        needed_faults(resource.api_version, resource.kind, body),
    ):
        for cause in faults:
            if (cause.reason, cause.field) not in seen or cause.reason != "FieldValueRequired":
                seen.add((cause.reason, cause.field))
                yield cause
