"""A job as an Indexed Job (batch/v1) with a headless Service, where pods have names of their own.

Sources: Kubernetes documentation, "Jobs" (completion mode, `backoffLimitPerIndex`) and "DNS for Services and Pods".
SkyPilot's contract needs pods that stay until every rank has ended: with a limit per index Kubernetes deletes none of
them because another has failed.
"""

from __future__ import annotations

from typing import Any, Final

from hpctl.compile.bundle import Manifest
from hpctl.compile.labels import own_labels
from hpctl.compile.making import Making
from hpctl.compile.pods import PodForm, template
from hpctl.compile.scripts import COORDINATOR_PORT
from hpctl.facts.jobs import SERVICE
from hpctl.spec.job import Contract, JobSpec

CONTAINER: Final = "task"
_SSH: Final = 22


def indexed_job(making: Making) -> dict[str, Any]:
    """Return the `spec` of the Job."""
    spec = making.spec
    pod = template(making, PodForm(CONTAINER, indexed_hosts(spec)))
    pod["spec"] = {**pod["spec"], "subdomain": spec.name, "restartPolicy": "Never"}
    body: dict[str, Any] = {
        "completions": spec.nodes,
        "parallelism": spec.nodes,
        "completionMode": "Indexed",
        **_retries(spec),
        "template": pod,
    }
    if spec.timeout_s is not None:
        body["activeDeadlineSeconds"] = spec.timeout_s
    return body


def indexed_hosts(spec: JobSpec) -> tuple[str, ...]:
    """Return the names of the ranks."""
    return tuple(f"{spec.name}-{index}.{spec.name}" for index in range(spec.nodes))


def headless_service(making: Making) -> Manifest:
    """Return the Service that names the pods, from before they are ready: they meet while they start."""
    spec, payload = making.spec, making.payload
    labels = own_labels(spec, payload)
    meeting = {"coordinator": COORDINATOR_PORT, "ssh": _SSH} if spec.contract is Contract.SKYPILOT else {}
    named = {**meeting, **{f"port-{port}": port for port in spec.ports if port not in meeting.values()}}
    ports = [{"name": name, "port": port} for name, port in named.items()]
    metadata: dict[str, Any] = {"name": spec.name, "labels": labels}
    if spec.namespace:
        metadata["namespace"] = spec.namespace
    body: dict[str, Any] = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": labels}
    if ports:
        body["ports"] = ports
    return Manifest(SERVICE, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": body})


def _retries(spec: JobSpec) -> dict[str, Any]:
    retries = spec.resume.max_retries if spec.resume else 0
    if spec.contract is Contract.SKYPILOT:
        return {"backoffLimitPerIndex": retries, "podReplacementPolicy": "Failed"}
    # Ranks of torchrun cannot come back one by one.
    return {"backoffLimit": retries if spec.nodes == 1 else 0}
