"""The sandbox's account, looked at from the side: through boto3, never through hpctl."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Account:
    """One account behind an endpoint; `seed` holds what `hpctl sandbox env` exports."""

    endpoint: str
    region: str
    seed: Mapping[str, str]

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a boto3 client of the service."""
        session = boto3.Session("HPCTLTESTS0000000000", "none", region_name=region or self.region)
        make: Any = session.client
        return make(service, endpoint_url=self.endpoint)

    def snapshot(self) -> dict[str, list[str]]:
        """Return every resource that a cluster could leave behind, by kind."""
        ec2, eks = self.client("ec2"), self.client("eks")
        names = eks.list_clusters()["clusters"]
        modes = {
            name: eks.describe_cluster(name=name)["cluster"]["accessConfig"]["authenticationMode"] for name in names
        }
        entries = (
            f"{name} {arn}"
            for name in names
            if modes[name] != "CONFIG_MAP"
            for arn in eks.list_access_entries(clusterName=name)["accessEntries"]
        )
        return {
            "access entries": sorted(entries),
            "buckets": sorted(row["Name"] for row in self.client("s3").list_buckets()["Buckets"]),
            "EKS clusters": sorted(f"{name} {mode}" for name, mode in modes.items()),
            "HyperPod clusters": sorted(self.statuses()),
            "network interfaces": _ids(ec2.describe_network_interfaces()["NetworkInterfaces"], "NetworkInterfaceId"),
            "roles": sorted(row["RoleName"] for row in self.client("iam").list_roles()["Roles"]),
            "security groups": _ids(ec2.describe_security_groups()["SecurityGroups"], "GroupId"),
            "subnets": _ids(ec2.describe_subnets()["Subnets"], "SubnetId"),
            "VPCs": _ids(ec2.describe_vpcs()["Vpcs"], "VpcId"),
        }

    def statuses(self) -> dict[str, str]:
        """Return the status of every HyperPod cluster, by name."""
        rows = self.client("sagemaker").list_clusters(MaxResults=100)["ClusterSummaries"]
        return {row["ClusterName"]: row["ClusterStatus"] for row in rows}

    def create(self, name: str, region: str | None = None, **members: Any) -> str:
        """Create a small Slurm cluster of one CPU node and return its ARN; `members` are CreateCluster's."""
        group = {
            "InstanceGroupName": "controller",
            "InstanceType": "ml.t3.medium",
            "InstanceCount": 1,
            "LifeCycleConfig": {"SourceS3Uri": f"s3://{self.seed['BUCKET_NAME']}", "OnCreate": "on_create.sh"},
            "ExecutionRole": self.seed["EXECUTION_ROLE"],
        }
        request = {"ClusterName": name, "InstanceGroups": [group], **members}
        return str(self.client("sagemaker", region).create_cluster(**request)["ClusterArn"])

    def settle(self, name: str, region: str | None = None) -> dict[str, Any]:
        """Wait until a cluster and its nodes are as they will stay, and return DescribeCluster's answer."""
        sagemaker, end = self.client("sagemaker", region), time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            answer: dict[str, Any] = sagemaker.describe_cluster(ClusterName=name)
            whole = all(group["CurrentCount"] == group["TargetCount"] for group in answer["InstanceGroups"])
            if answer["ClusterStatus"] == "Failed" or (answer["ClusterStatus"] == "InService" and whole):
                return answer
            time.sleep(0.1)
        raise TimeoutError(name)

    def fail(self, name: str) -> None:
        """Wait until a node of a cluster has failed."""
        sagemaker, end = self.client("sagemaker"), time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            rows = sagemaker.list_cluster_nodes(ClusterName=name, IncludeNodeLogicalIds=True)["ClusterNodeSummaries"]
            if any(row["InstanceStatus"]["Status"] == "Failure" for row in rows):
                return
            time.sleep(0.1)
        raise TimeoutError(name)


def _ids(rows: list[dict[str, Any]], key: str) -> list[str]:
    return sorted(row[key] for row in rows)
