"""Objects as somebody would write them: small, whole, and accepted by any Kubernetes."""

from __future__ import annotations

from typing import Any

# Has `sh` and `python3`. Where images are pulled it must be there; the sandbox runs the machine's own programs.
IMAGE = "python:3.12-slim"
ONE = "one"


def an_object(kind: str, name: str = ONE, version: str = "v1", **members: Any) -> dict[str, Any]:
    """Return an object; `metadata` adds to its name."""
    metadata = {"name": name, **members.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **members}


def a_config_map(name: str = ONE, data: dict[str, str] | None = None, **metadata: Any) -> dict[str, Any]:
    """Return a ConfigMap."""
    return an_object("ConfigMap", name, metadata=metadata, data=data or {"colour": "red", "size": "1"})


def a_container(script: str, name: str = "main", **members: Any) -> dict[str, Any]:
    """Return a container that runs a script of the shell."""
    return {"name": name, "image": IMAGE, "command": ["sh", "-c", script], **members}


def a_pod(script: str = "true", name: str = ONE, **spec: Any) -> dict[str, Any]:
    """Return a Pod that runs a script once; members of its only container are under `container`."""
    container = a_container(script, **spec.pop("container", {}))
    metadata = spec.pop("metadata", {})
    whole = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [container], **spec}
    return an_object("Pod", name, metadata=metadata, spec=whole)


def a_waiting_pod(name: str = ONE, **spec: Any) -> dict[str, Any]:
    """Return a Pod that no node fits."""
    return a_pod("true", name, nodeSelector={"contract.test/nowhere": "yes"}, **spec)


def a_template(script: str, **spec: Any) -> dict[str, Any]:
    """Return a pod template."""
    pod = a_pod(script, **spec)
    return {"metadata": {"labels": {"app": ONE}}, "spec": pod["spec"]}


def a_job(script: str = "true", name: str = ONE, **spec: Any) -> dict[str, Any]:
    """Return a Job."""
    pod = a_pod(script, **spec.pop("pod", {}))
    return an_object("Job", name, "batch/v1", spec={"template": {"spec": pod["spec"]}, **spec})


def a_workload(kind: str, name: str = ONE, **spec: Any) -> dict[str, Any]:
    """Return a Deployment, a DaemonSet, a StatefulSet or a ReplicaSet whose pods fit nowhere."""
    template = a_template("sleep 60", restartPolicy="Always", nodeSelector={"contract.test/nowhere": "yes"})
    return an_object(
        kind, name, "apps/v1", spec={"selector": {"matchLabels": {"app": ONE}}, "template": template, **spec}
    )


def a_pytorch_job(script: str, name: str = ONE, workers: int = 1, **policy: Any) -> dict[str, Any]:
    """Return a PyTorchJob with one master and some workers that all run a script."""
    # The operator finds the container that it cares for by this name.
    pod = {"spec": {"terminationGracePeriodSeconds": 1, "containers": [a_container(script, "pytorch")]}}
    replicas = {
        role: {"replicas": count, "restartPolicy": "OnFailure", "template": pod}
        for role, count in (("Master", 1), ("Worker", workers))
    }
    return an_object("PyTorchJob", name, "kubeflow.org/v1", spec={"runPolicy": policy, "pytorchReplicaSpecs": replicas})
