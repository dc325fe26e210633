"""Specs as people write them: hpctl YAML for each orchestrator, and CreateCluster's JSON as the AWS CLI takes it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Spec = dict[str, Any]

_LIFECYCLE = {"source_s3_uri": "s3://${BUCKET_NAME}", "on_create": "on_create.sh"}


def network(*subnets: str) -> Spec:
    """Return a network of the healthy security group."""
    return {"subnet_ids": list(subnets), "security_group_ids": ["${SECURITY_GROUP}"]}


def group(name: str, instance_type: str, count: int = 1, **members: Any) -> Spec:
    """Return an instance group with the seed's role and lifecycle script."""
    return {
        "name": name,
        "type": instance_type,
        "count": count,
        "execution_role": "${EXECUTION_ROLE}",
        "lifecycle": dict(_LIFECYCLE),
        **members,
    }


def eks(name: str, *groups: Spec, **members: Any) -> Spec:
    """Return a sound spec for EKS with one EFA group, unless told otherwise."""
    return {
        "api_version": "hpctl/v1",
        "kind": "Cluster",
        "name": name,
        "orchestrator": {"eks": {"cluster_arn": "${EKS_CLUSTER_ARN}"}},
        "network": network("${SUBNET_ID}"),
        "instance_groups": list(groups) or [group("workers", "ml.p5.48xlarge", 2, threads_per_core=2)],
        **members,
    }


def slurm(name: str, **members: Any) -> Spec:
    """Return a sound spec for Slurm: a controller and two compute nodes, with events."""
    return {
        "api_version": "hpctl/v1",
        "kind": "Cluster",
        "name": name,
        "orchestrator": {"slurm": {"slurm_config_strategy": "Merge"}},
        "network": network("${SUBNET_ID}"),
        "instance_groups": [
            group("controller", "ml.m5.2xlarge", slurm={"node_type": "Controller"}),
            group("workers", "ml.c5.4xlarge", 2, slurm={"node_type": "Compute", "partition_names": ["train"]}),
        ],
        "node_provisioning": "Continuous",
        **members,
    }


def create_cluster(name: str) -> Spec:
    """Return the request of AWS's blog post on SkyPilot and HyperPod (July 2025), member for member."""
    return {
        "ClusterName": name,
        "Orchestrator": {"Eks": {"ClusterArn": "${EKS_CLUSTER_ARN}"}},
        "InstanceGroups": [
            {
                "InstanceGroupName": "worker-group-1",
                "InstanceType": "ml.p5.48xlarge",
                "InstanceCount": 2,
                "LifeCycleConfig": {"SourceS3Uri": "s3://${BUCKET_NAME}", "OnCreate": "on_create.sh"},
                "ExecutionRole": "${EXECUTION_ROLE}",
                "ThreadsPerCore": 1,
                "OnStartDeepHealthChecks": ["InstanceStress", "InstanceConnectivity"],
            }
        ],
        "VpcConfig": {"SecurityGroupIds": ["$SECURITY_GROUP"], "Subnets": ["$SUBNET_ID"]},
        "ResilienceConfig": {"NodeRecovery": "Automatic"},
    }


def write(folder: Path, spec: object, name: str = "cluster.yaml") -> str:
    """Write a spec in the notation that the file's name says, and return the name."""
    if name.endswith(".json"):
        text = json.dumps(spec, indent=4)
    else:
        stream = io.StringIO()
        YAML(typ="safe").dump(spec, stream)
        text = stream.getvalue()
    (folder / name).write_text(text, encoding="utf-8")
    return name
