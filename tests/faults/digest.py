"""All that an account holds, so that two accounts can be compared: no duplicate, no orphan."""

from __future__ import annotations

import json
from typing import Any

from tests.faults.inside import Inside

Digest = dict[str, list[str]]

RUN_ID = "hpctl:run-id"
_OF_THE_MOMENT = frozenset({
    "ClusterArn", "ClusterStatus", "CreationTime", "CurrentCount", "CurrentImageId", "DesiredImageId", "FailureMessage",
    "ResponseMetadata", "Status", "TargetStateCount",
})  # fmt: skip


def digest(sandbox: Inside) -> Digest:
    """Return every resource, by kind, without what differs between two runs that end the same: ids, times, run ids.

    Log groups outlive their clusters, as at AWS.
    """
    from moto.ec2.models import ec2_backends
    from moto.iam.models import iam_backends
    from moto.logs.models import logs_backends
    from moto.s3.models import s3_backends

    from hpctl.sandbox.eks.models import eks_backends

    sandbox.client("logs").describe_log_groups()  # nodes write their logs when somebody looks
    account, region = sandbox.state.account, sandbox.state.region
    ec2, iam, s3 = ec2_backends[account][region], iam_backends[account]["aws"], s3_backends[account]["aws"]
    return {
        "HyperPod clusters": sorted(_clusters(sandbox)),
        "network interfaces": sorted(f"{eni.subnet.id} {eni.description}" for eni in ec2.enis.values()),
        "VPCs": sorted(ec2.vpcs),
        "subnets": sorted(name for zone in ec2.subnets.values() for name in zone),
        "security groups": sorted(name for vpc in ec2.groups.values() for name in vpc),
        "roles": sorted(f"{role.name} {sorted(role.policies)}" for role in iam.roles.values()),
        "policies": sorted(policy.name for policy in iam.managed_policies.values() if ":aws:policy" not in policy.arn),
        "buckets": sorted(f"{name} {sorted(bucket.keys)}" for name, bucket in s3.buckets.items()),
        "EKS clusters": sorted(
            _eks(name, cluster) for name, cluster in eks_backends[account][region]._clusters.items()
        ),
        "log groups": sorted(name.rpartition("/")[0] for name in logs_backends[account][region].groups),
    }


def _eks(name: str, cluster: Any) -> str:
    return f"{name} {cluster.members['accessConfig']['authenticationMode']}"


def _clusters(sandbox: Inside) -> list[str]:
    sagemaker = sandbox.client("sagemaker")
    found = []
    for row in sagemaker.list_clusters(MaxResults=100)["ClusterSummaries"]:
        arn = row["ClusterArn"]
        described = sagemaker.describe_cluster(ClusterName=arn)
        tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
        if RUN_ID in tags:
            tags[RUN_ID] = "a run"
        found.append(json.dumps([_lasting(described), row["ClusterStatus"], tags], sort_keys=True, default=str))
    return found


def _lasting(told: Any) -> Any:
    match told:
        case dict():
            return {name: _lasting(value) for name, value in told.items() if name not in _OF_THE_MOMENT}
        case list():
            return [_lasting(each) for each in told]
        case _:
            return told
