"""A real sandbox for tests: its own home, a fast clock, boto3 clients that cannot reach anything else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from hpctl.sandbox import control
from hpctl.sandbox.home import SandboxState

PACE = 0.8
PATIENCE_S = 60.0
T = TypeVar("T")


@dataclass(frozen=True)
class Running:
    """A running sandbox and the environment that finds it."""

    state: SandboxState
    environ: Mapping[str, str]

    @property
    def seed(self) -> Mapping[str, str]:
        return self.state.seed

    def client(self, service: str, *, region: str | None = None, **config: Any) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.state.endpoint,
            region_name=region or self.state.region,
            aws_access_key_id=self.seed["aws_access_key_id"],
            aws_secret_access_key=self.seed["aws_secret_access_key"],
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def group(self, **members: Any) -> dict[str, Any]:
        """Return an instance group that is in order."""
        return {
            "InstanceGroupName": "workers",
            "InstanceType": "ml.p5.48xlarge",
            "InstanceCount": 2,
            "ExecutionRole": self.seed["EXECUTION_ROLE"],
            "LifeCycleConfig": {"SourceS3Uri": f"s3://{self.seed['BUCKET_NAME']}", "OnCreate": "on_create.sh"},
            **members,
        }

    def network(self, *subnets: str) -> dict[str, list[str]]:
        """Return a VpcConfig of the seed's healthy security group, in its first private subnet unless told."""
        chosen = list(subnets) or [self.seed["SUBNET_ID"]]
        return {"SecurityGroupIds": [self.seed["SECURITY_GROUP"]], "Subnets": chosen}

    def on_eks(self, name: str, **members: Any) -> dict[str, Any]:
        """Return a CreateCluster request for EKS that is in order."""
        return {
            "ClusterName": name,
            "Orchestrator": {"Eks": {"ClusterArn": self.seed["EKS_CLUSTER_ARN"]}},
            "InstanceGroups": [self.group()],
            "VpcConfig": self.network(),
            **members,
        }

    def on_slurm(self, name: str, **members: Any) -> dict[str, Any]:
        """Return a CreateCluster request for Slurm, Continuous, that is in order."""
        controller = self.group(
            InstanceGroupName="controller",
            InstanceType="ml.c5.xlarge",
            InstanceCount=1,
            SlurmConfig={"NodeType": "Controller"},
        )
        workers = self.group(SlurmConfig={"NodeType": "Compute", "PartitionNames": ["dev"]})
        return {
            "ClusterName": name,
            "Orchestrator": {"Slurm": {}},
            "InstanceGroups": [controller, workers],
            "VpcConfig": self.network(),
            "NodeProvisioningMode": "Continuous",
            **members,
        }


@contextmanager
def sandbox(home: Path, name: str = "test", pace: float = PACE) -> Iterator[Running]:
    """Run a sandbox; nothing is left of it afterwards."""
    environ = {"HPCTL_SANDBOX_HOME": str(home)}
    try:
        yield start(environ, name, pace)
    finally:
        control.down(name, delete=True, environ=environ)


def start(environ: Mapping[str, str], name: str, pace: float | None = None) -> Running:
    """Start a sandbox, or find it running."""
    state = control.up(name, pace=pace, environ=environ).state
    assert state is not None
    return Running(state, environ)


def until(look: Callable[[], T], good: Callable[[T], object]) -> T:
    """Look until what is seen is good; the last look is in the failure."""
    deadline = time.monotonic() + PATIENCE_S
    while not good(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r}"
        time.sleep(0.02)
    return seen
