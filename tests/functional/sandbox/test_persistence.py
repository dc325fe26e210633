"""What was acknowledged is there again after a restart and after a kill -9, under the same names."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from hpctl.sandbox import control
from tests.functional.sandbox.running import Running, sandbox, start, until

LENT_TO_CONNECTIONS: Final = 32768
"""From here on Linux gives ports to outgoing connections: one of them may be in use when a server wants it again."""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def _make(aws: Running) -> dict[str, Any]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    aws.client("iam").create_role(RoleName="kept", AssumeRolePolicyDocument=TRUST)
    aws.client("s3").create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    aws.client("s3").put_object(Bucket="kept", Key="a b/ü", Body=b"\x00\xffbytes")
    arn = aws.client("sagemaker").create_cluster(**aws.on_slurm("kept"))["ClusterArn"]
    ec2.delete_vpc(VpcId=ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"])
    return {"vpc": vpc, "arn": arn}


def _seen(aws: Running, made: dict[str, Any]) -> dict[str, Any]:
    ec2, sagemaker = aws.client("ec2"), aws.client("sagemaker")
    nodes = sagemaker.list_cluster_nodes(ClusterName="kept", IncludeNodeLogicalIds=True)["ClusterNodeSummaries"]
    return {
        "vpcs": sorted(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]),
        "subnets": sorted(subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]),
        "role": aws.client("iam").get_role(RoleName="kept")["Role"],
        "role of the seed": aws.client("iam").get_role(RoleName="hpctl-sandbox-execution")["Role"]["CreateDate"],
        "object": aws.client("s3").get_object(Bucket="kept", Key="a b/ü")["Body"].read(),
        "created": sagemaker.describe_cluster(ClusterName=made["arn"])["CreationTime"],
        "nodes": [(node["InstanceId"], node["NodeLogicalId"], node["PrivateDnsHostname"]) for node in nodes],
        "eks": aws.client("eks").describe_cluster(name="hpctl-sandbox-api")["cluster"],
    }


def test_all_is_there_again_after_kill_9(tmp_path: Path) -> None:
    with sandbox(tmp_path) as aws:
        made = _make(aws)
        sagemaker = aws.client("sagemaker")
        until(lambda: sagemaker.list_cluster_nodes(ClusterName="kept")["ClusterNodeSummaries"], lambda n: len(n) == 3)
        before = _seen(aws, made)
        assert made["vpc"] in before["vpcs"]
        assert max(aws.state.port, urlsplit(before["eks"]["endpoint"]).port or 0) < LENT_TO_CONNECTIONS
        os.kill(aws.state.pid, signal.SIGKILL)
        until(lambda: control.status("test", environ=aws.environ).running, lambda running: not running)
        again = start(aws.environ, "test")
        assert again.state.pid != aws.state.pid
        assert (again.state.port, again.state.pace, again.seed) == (aws.state.port, aws.state.pace, aws.seed)
        assert _seen(again, made) == before


def test_a_region_that_was_only_read_has_the_same_default_network_after_a_restart(tmp_path: Path) -> None:
    with sandbox(tmp_path) as aws:
        before = _default_subnets(aws, "eu-west-1")
        assert before
        control.down("test", environ=aws.environ)
        assert _default_subnets(start(aws.environ, "test"), "eu-west-1") == before


def _default_subnets(aws: Running, region: str) -> list[str]:
    ec2 = aws.client("ec2", region=region)
    return sorted(subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"])


def test_a_deleted_sandbox_starts_over(tmp_path: Path) -> None:
    with sandbox(tmp_path) as aws:
        made = _make(aws)
        control.down("test", delete=True, environ=aws.environ)
        assert not (tmp_path / "test").exists()
        again = start(aws.environ, "test")
        assert made["vpc"] not in {vpc["VpcId"] for vpc in again.client("ec2").describe_vpcs()["Vpcs"]}
