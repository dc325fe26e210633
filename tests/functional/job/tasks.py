"""Tasks in pods: what `scripts` makes of a job, mounted and started as the job's pods mount and start it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hpctl.compile.bundle import Payload, Placement
from hpctl.compile.scripts import COMMAND, SCRIPTS_PATH, TOKEN_KEY, archive_items, is_shared, mesh_token, scripts
from hpctl.spec.job import Choice, Contract, JobSpec
from tests.functional.sandbox.kubelet.clusters import Cluster

SUBMITTED = datetime(2026, 11, 22, 5, 30, 1, 42, UTC)
PATIENCE_S = 60.0
HOME = "/root"
"""That of a container's root."""
_PLACEMENT = Placement(choice=Choice(), instance_type=None)


def task(run: str | None = None, **members: Any) -> JobSpec:
    """Return a SkyPilot task."""
    return JobSpec(**{"contract": Contract.SKYPILOT, "name": "task", "run": run, **members})


def payload(**members: Any) -> Payload:
    """Return what goes along with a task."""
    told = {"run_id": "r1", "seed": b"s" * 32, "user": "ada", "submitted": SUBMITTED, "context": "arn:eks/one"}
    return Payload(**{**told, **members})


@dataclass(frozen=True)
class Task:
    """The pods of a task, which are named after their ranks."""

    cluster: Cluster
    spec: JobSpec
    start: Callable[[int], None]

    async def codes(self) -> list[int]:
        """Wait for the end of all pods and return their exit codes by rank."""
        found = []
        for rank in range(self.spec.nodes):
            await self.cluster.until(self.pod(rank), _ended, PATIENCE_S)
            found.append(self.cluster.status(self.pod(rank))["state"]["terminated"]["exitCode"])
        return found

    async def said(self, rank: int = 0) -> str:
        """Wait for the end of all pods and return what one has printed."""
        await self.codes()
        return await self.log(rank)

    async def log(self, rank: int) -> str:
        """Return what a pod has printed until now."""
        return (await self.cluster.log(self.pod(rank))).decode()

    async def says(self, rank: int, words: str) -> None:
        """Wait until a pod has printed something."""
        await self.cluster.until(self.pod(rank), _started, PATIENCE_S)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if words in await self.log(rank):
                    return
                await asyncio.sleep(0.05)

    def last_words(self, rank: int = 0) -> str:
        """Return a pod's termination message without the time, which must be that of its end."""
        ended = self.cluster.status(self.pod(rank))["state"]["terminated"]
        if "message" not in ended:
            return ""
        line, _, at = str(ended["message"]).rpartition("at=")
        assert 0 <= datetime.fromisoformat(ended["finishedAt"]).timestamp() + 1 - float(at) < 30
        return line

    def pod(self, rank: int) -> str:
        """Return the name of a rank's pod."""
        return f"{self.spec.name}-{rank}"


def submit(
    cluster: Cluster, spec: JobSpec, told: Payload | None = None, placement: Placement = _PLACEMENT,
    pod: Mapping[str, Any] | None = None, volumes: Sequence[Mapping[str, Any]] = (),
    *, archives: Payload | None = None, ranks: Sequence[int] | None = None,
) -> Task:  # fmt: skip
    """Create a task's objects, pods included: of `ranks` where not of all.

    `pod` are members of the pods' only container, `volumes` more of the pods'; `archives` are mounted instead of what
    the scripts are told of.
    """
    told = told or payload()
    cluster.create("ConfigMap", f"{spec.name}-scripts", data=dict(scripts(spec, placement, told)))
    sources: list[dict[str, Any]] = [{"configMap": {"name": f"{spec.name}-scripts"}}]
    for item in archive_items(archives or told):
        name = f"{spec.name}-{item.key}"
        cluster.create("ConfigMap", name, binaryData={item.key: base64.b64encode(item.data).decode()})
        sources.append({"configMap": {"name": name, "items": [{"key": item.key, "path": item.path}]}})
    values = dict(told.secrets) | ({TOKEN_KEY: mesh_token(told.seed)} if is_shared(spec) else {})
    if values:
        cluster.create("Secret", f"{spec.name}-secrets", stringData=values)
    if is_shared(spec):
        items = [{"key": TOKEN_KEY, "path": "token"}]
        sources.append({"secret": {"name": f"{spec.name}-secrets", "items": items}})
    service = {"clusterIP": "None", "selector": {"job": spec.name}, "publishNotReadyAddresses": True}
    cluster.create("Service", spec.name, spec=service)
    volume = {"name": "scripts", "projected": {"sources": sources, "defaultMode": 0o755}}
    mount = {"name": "scripts", "mountPath": SCRIPTS_PATH, "readOnly": True}
    work = {"name": "work", "mountPath": "/workdir"}

    def start(rank: int) -> None:
        cluster.pod(
            f"{spec.name}-{rank}",
            *COMMAND,
            labels={"job": spec.name},
            hostname=f"{spec.name}-{rank}",
            subdomain=spec.name,
            env=[*_environment(spec, told, rank)],
            workingDir="/workdir" if spec.contract is Contract.TRAINING else "",
            volumes=[volume, {"name": "work", "emptyDir": {}}, *volumes],
            volumeMounts=[mount, work, *(pod or {}).get("volumeMounts", ())],
            **{name: value for name, value in (pod or {}).items() if name != "volumeMounts"},
        )

    for rank in range(spec.nodes) if ranks is None else ranks:
        start(rank)
    return Task(cluster, spec, start)


def _environment(spec: JobSpec, told: Payload, rank: int) -> Iterator[dict[str, Any]]:
    hosts = " ".join(f"{spec.name}-{each}.{spec.name}" for each in range(spec.nodes))
    yield {"name": "HPCTL_POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    yield {"name": "HPCTL_HOSTS", "value": hosts}
    if spec.contract is Contract.TRAINING and "RANK" in spec.env:
        # As a training operator tells it, which knows no index.
        yield {"name": "PET_NODE_RANK", "value": str(rank)}
    else:
        yield {"name": "JOB_COMPLETION_INDEX", "value": str(rank)}
    for name, value in spec.env.items():
        yield {"name": name, "value": value.replace("$(", "$$(")}
    for name in told.secrets:
        source = {"secretKeyRef": {"name": f"{spec.name}-secrets", "key": name}}
        yield {"name": name, "valueFrom": source}


def _started(status: dict[str, Any]) -> bool:
    return "waiting" not in status["containerStatuses"][0]["state"]


def _ended(status: dict[str, Any]) -> bool:
    return "terminated" in status["containerStatuses"][0]["state"]
