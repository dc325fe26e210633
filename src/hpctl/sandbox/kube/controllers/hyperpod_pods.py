"""The pods of a HyperPodPyTorchJob, and what its operator orders the agents in them.

Sources: hyperpod-elastic-agent 1.1.3 (the requests that the agent takes), AWS documentation, "Using the HyperPod
training operator" (names of pods, the agent's port); hyp 3.12.0 (the label by which it finds pods). The operator itself
is not public: what it adds to a pod beside the label is not known, and is not here.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.owners import controlled_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hpctl.sandbox.kube.resources import Object

JOB: Final = "HPJob"
AGENT_PORT: Final = 8080
"""Where an agent listens unless its container names another port first."""
MASTER_PORT: Final = "29500"


def new_pods(job: Object) -> Iterator[Object]:
    """Yield the pods of a job by rank: replica by replica, each in the order of its indexes."""
    for replica in job["spec"].get("replicaSpecs") or ():
        for index in range(int(replica.get("replicas", 0))):
            yield _new_pod(job, replica, index)


def _new_pod(job: Object, replica: Object, index: int) -> Object:
    template = copy.deepcopy(replica.get("template") or {})
    told, body = template.get("metadata") or {}, template.get("spec") or {}
    name = job["metadata"]["name"]
    # An agent that has been told to go must not come back: the operator restarts what is to be restarted.
    body["restartPolicy"] = "Never"
    metadata: Object = {
        "name": f"{name}-{replica['name']}-{index}",
        "labels": {**(told.get("labels") or {}), JOB: name},
        "annotations": dict(told.get("annotations") or {}),
        "ownerReferences": [controlled_by(job)],
    }
    return {"metadata": metadata, "spec": body}


def agent_port(pod: Object) -> int:
    """Return the port of a pod's agent."""
    ports = pod["spec"]["containers"][0].get("ports") or ()
    return next((int(port["containerPort"]) for port in ports), AGENT_PORT)


def start_order(job: Object, pods: Sequence[Object], rank: int, faults: int) -> Object:
    """Return what the agent of a rank is started with; `pods` are those of all ranks."""
    addresses = [pod["status"].get("podIP", "") for pod in pods]
    rules = (job["spec"].get("runPolicy") or {}).get("logMonitoringConfiguration")
    return {
        "rank": rank,
        "nnodes": len(pods),
        "faultCount": faults,
        "master_addr": addresses[0],
        "master_port": MASTER_PORT,
        "ipVersion": str(faults),
        "rankIps": [{"rank": each, "ip": address} for each, address in enumerate(addresses)],
        "progress": {},
        **({"log_monitoring_configuration": rules} if rules else {}),
    }


def reference_to(pod: Object) -> Object:
    """Return the `ObjectReference` of a pod, as a job's status lists it."""
    names = {member: pod["metadata"][member] for member in ("name", "namespace", "uid")}
    return {"apiVersion": "v1", "kind": "Pod", **names}
