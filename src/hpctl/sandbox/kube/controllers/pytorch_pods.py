"""The pods and Services of a PyTorchJob, and the environment that lets them find each other.

Source: kubeflow/training-operator 1.8, pkg/controller.v1/pytorch (envvar.go, master.go, elastic.go, initcontainer.go)
and pkg/controller.v1/common. Of the operator's init container for workers the purpose is kept, not the image: it waits
until the master's name is known.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.controllers.owners import controlled_by

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

MASTER: Final = "Master"
WORKER: Final = "Worker"
CONTAINER: Final = "pytorch"
PORT_NAME: Final = "pytorchjob-port"
PORT: Final = 23456
JOB_NAME: Final = "training.kubeflow.org/job-name"
REPLICA_TYPE: Final = "training.kubeflow.org/replica-type"
REPLICA_INDEX: Final = "training.kubeflow.org/replica-index"
_OPERATOR: Final = {"training.kubeflow.org/operator-name": "pytorchjob-controller"}
_ROLE: Final = {"training.kubeflow.org/job-role": "master"}
# Looked up by whatever the machine has; where pods share the loopback, the variable is an address. The operator looks
# 100 times, every 2 s.
_WAIT: Final = (
    "err=1; for i in $(seq 1000); do "
    'if getent hosts "$MASTER_ADDR" >/dev/null 2>&1 || nslookup "$MASTER_ADDR" >/dev/null 2>&1; '
    "then err=0; break; fi; echo waiting for master; sleep 0.2; done; exit $err"
)


def replica_specs(job: Object) -> dict[str, Object]:
    """Return the replica specifications by type, the master first."""
    specs: dict[str, Object] = job["spec"]["pytorchReplicaSpecs"]
    return {kind: specs[kind] for kind in (MASTER, WORKER) if kind in specs}


def replicas(spec: Object) -> int:
    """Return how many pods a replica specification wants."""
    return int(spec.get("replicas", 1))


def restart_policy(spec: Object) -> str:
    """Return the restart policy of a replica specification."""
    return str(spec.get("restartPolicy") or "OnFailure")


def name_of(job: Object, kind: str, index: int) -> str:
    """Return the name of a replica's pod, and of its Service."""
    return f"{job['metadata']['name']}-{kind.lower()}-{index}"


def labels_of(job: Object, kind: str | None = None, index: int | None = None) -> dict[str, str]:
    """Return the labels of a job's pods, of those of one type, or of one replica."""
    labels = {**_OPERATOR, JOB_NAME: job["metadata"]["name"]}
    if kind is not None:
        labels[REPLICA_TYPE] = kind.lower()
    if index is not None:
        labels[REPLICA_INDEX] = str(index)
    return labels


def new_pod(job: Object, kind: str, index: int) -> Object:
    """Return the pod of a replica."""
    spec = replica_specs(job)[kind]
    template = copy.deepcopy(spec["template"])
    told, body = template.get("metadata") or {}, template["spec"]
    role = _ROLE if kind == MASTER else {}
    labels = {**(told.get("labels") or {}), **labels_of(job, kind, index), **role}
    for container in body["containers"]:
        container["env"] = [*(container.get("env") or ()), *_environment(job, kind, index)]
    for container in body["containers"]:
        if container["name"] == CONTAINER and _own_port(container) is None:
            port = {"name": PORT_NAME, "containerPort": PORT, "protocol": "TCP"}
            container["ports"] = [*(container.get("ports") or ()), port]
    policy = restart_policy(spec)
    # The operator itself restarts what has failed with a code that is worth it.
    body["restartPolicy"] = "Never" if policy == "ExitCode" else policy
    if kind == WORKER and MASTER in replica_specs(job):
        body["initContainers"] = [*(body.get("initContainers") or ()), _waiting(job)]
    metadata: Object = {
        "name": name_of(job, kind, index),
        "labels": labels,
        "annotations": dict(told.get("annotations") or {}),
        "ownerReferences": [controlled_by(job)],
    }
    return {"metadata": metadata, "spec": body}


def new_service(job: Object, kind: str, index: int) -> Object:
    """Return the headless Service that gives a replica its name."""
    labels = labels_of(job, kind, index)
    metadata = {"name": name_of(job, kind, index), "labels": labels, "ownerReferences": [controlled_by(job)]}
    port = {"name": PORT_NAME, "port": port_of(job, kind), "protocol": "TCP"}
    return {"metadata": metadata, "spec": {"clusterIP": "None", "selector": labels, "ports": [port]}}


def port_of(job: Object, kind: str) -> int:
    """Return the port that the replicas of a type meet on."""
    for container in replica_specs(job)[kind]["template"]["spec"]["containers"]:
        if container["name"] == CONTAINER and (port := _own_port(container)) is not None:
            return port
    return PORT


def _own_port(container: Object) -> int | None:
    ports = (port for port in container.get("ports") or () if port.get("name") == PORT_NAME)
    return next((int(port["containerPort"]) for port in ports), None)


def _environment(job: Object, kind: str, index: int) -> list[Object]:
    specs = replica_specs(job)
    count, processes = sum(map(replicas, specs.values())), str(job["spec"].get("nprocPerNode") or "auto")
    found: dict[str, Any] = {"PYTHONUNBUFFERED": 1}
    if MASTER in specs:
        rank = index + (kind == WORKER)
        port, address = port_of(job, MASTER), name_of(job, MASTER, 0)
        world = count * (int(processes) if processes.isdigit() else 1)
        found |= {"MASTER_PORT": port, "PET_MASTER_PORT": port, "MASTER_ADDR": address, "PET_MASTER_ADDR": address}
        found |= {"WORLD_SIZE": world, "RANK": rank, "PET_NODE_RANK": rank}
    elastic = job["spec"].get("elasticPolicy")
    found |= {"PET_NPROC_PER_NODE": processes, "PET_NNODES": count}
    if elastic is not None:
        found |= _elastic(job, elastic)
    return [{"name": name, "value": str(value)} for name, value in found.items()]


def _elastic(job: Object, policy: Object) -> dict[str, Any]:
    specs = replica_specs(job)
    count = replicas(specs[WORKER]) if WORKER in specs else 1
    host = policy.get("rdzvHost") or name_of(job, WORKER, 0)
    port = policy.get("rdzvPort") or (port_of(job, WORKER) if WORKER in specs else PORT)
    found: dict[str, Any] = {
        "PET_RDZV_ENDPOINT": f"{host}:{port}",
        "PET_RDZV_BACKEND": policy.get("rdzvBackend") or "c10d",
        "PET_NNODES": f"{policy.get('minReplicas') or count}:{policy.get('maxReplicas') or count}",
    }
    if conf := policy.get("rdzvConf"):
        found["PET_RDZV_CONF"] = ",".join(f"{row['key']}={row['value']}" for row in conf)
    for member, name in (("rdzvId", "PET_RDZV_ID"), ("maxRestarts", "PET_MAX_RESTARTS")):
        if policy.get(member) is not None:
            found[name] = policy[member]
    if policy.get("nProcPerNode") is not None and not job["spec"].get("nprocPerNode"):
        found["PET_NPROC_PER_NODE"] = policy["nProcPerNode"]
    if policy.get("standalone"):
        found["PET_STANDALONE"] = ""
    return found


def _waiting(job: Object) -> Object:
    return {
        "name": "init-pytorch",
        "image": "alpine:3.10",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", _WAIT],
        "env": [{"name": "MASTER_ADDR", "value": name_of(job, MASTER, 0)}],
        "resources": {
            "limits": {"cpu": "100m", "memory": "20Mi"},
            "requests": {"cpu": "50m", "memory": "10Mi"},
        },
    }
