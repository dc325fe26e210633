"""CreateCluster is refused for what AWS refuses, in AWS's words, and nothing is left behind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandbox.running import Running

NOWHERE = "arn:aws:eks:us-west-2:123456789012:cluster/nowhere"
_FSX = "fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com"
_DATABASE = {
    "Endpoint": "db.example.com",
    "SecretArn": "arn:aws:secretsmanager:us-west-2:123456789012:secret:slurm-AbCdEf",
}
Request = dict[str, Any]


def _eks(**members: Any) -> Callable[[Running], Request]:
    return lambda aws: aws.on_eks("refused", **members)


def _group(**members: Any) -> Callable[[Running], Request]:
    return lambda aws: aws.on_eks("refused", InstanceGroups=[aws.group(**members)])


def _slurm(*types: str, partitions_on: str = "") -> Callable[[Running], Request]:
    def request(aws: Running) -> Request:
        groups = [
            aws.group(
                InstanceGroupName=f"group-{number}",
                SlurmConfig={"NodeType": kind, **({"PartitionNames": ["dev"]} if kind == partitions_on else {})},
            )
            for number, kind in enumerate(types)
        ]
        return aws.on_slurm("refused", InstanceGroups=groups)

    return request


REFUSED: dict[str, tuple[Callable[[Running], Request], str]] = {
    "CONFIG_MAP": (
        lambda aws: _on(aws, aws.seed["CONFIG_MAP_CLUSTER_ARN"]),
        "EKS clusters with CONFIG_MAP authentication mode are not supported",
    ),
    "no such EKS cluster": (lambda aws: _on(aws, NOWHERE), f"The EKS cluster {NOWHERE} does not exist."),
    "no VPC on EKS": (lambda aws: _without(aws.on_eks("refused"), "VpcConfig"), "VpcConfig is required"),
    "both orchestrators": (
        lambda aws: aws.on_eks("refused", Orchestrator={"Eks": {"ClusterArn": NOWHERE}, "Slurm": {}}),
        "exactly one of Eks and Slurm",
    ),
    "no orchestrator in it": (_eks(Orchestrator={}), "exactly one of Eks and Slurm"),
    "no groups": (lambda aws: _without(aws.on_eks("refused"), "InstanceGroups"), "at least one instance group"),
    "no such subnet": (
        lambda aws: aws.on_eks("refused", VpcConfig=aws.network("subnet-0")),
        "The subnet 'subnet-0' does not exist",
    ),
    "no such subnet in an override": (
        lambda aws: aws.on_eks("refused", InstanceGroups=[aws.group(OverrideVpcConfig=aws.network("subnet-0"))]),
        "The subnet 'subnet-0' does not exist",
    ),
    "no such security group": (
        lambda aws: aws.on_eks("refused", VpcConfig=aws.network() | {"SecurityGroupIds": ["sg-0"]}),
        "The security group 'sg-0' does not exist",
    ),
    "no such role": (
        _group(ExecutionRole="arn:aws:iam::123456789012:role/nobody"),
        "cannot assume the execution role arn:aws:iam::123456789012:role/nobody",
    ),
    "a role of another service": (
        lambda aws: _group(ExecutionRole=aws.seed["WRONG_TRUST_ROLE"])(aws),
        "cannot assume the execution role",
    ),
    "two groups of one name": (
        lambda aws: aws.on_eks("refused", InstanceGroups=[aws.group(), aws.group()]),
        "Duplicate instance group name: workers",
    ),
    "two kinds of type": (
        _group(InstanceRequirements={"InstanceTypes": ["ml.p5.48xlarge"]}),
        "exactly one of InstanceType and InstanceRequirements",
    ),
    "two volumes in one": (
        _group(
            InstanceStorageConfigs=[
                {
                    "EbsVolumeConfig": {"VolumeSizeInGB": 9},
                    "FsxOpenZfsConfig": {"DnsName": "fs-0123456789abcdef0.fsx.x"},
                }
            ]
        ),
        "must have exactly one member set",
    ),
    "no controller": (_slurm("Compute"), "Cluster refused has no InstanceGroup with Controller node type."),
    "two controllers": (
        _slurm("Controller", "Controller"),
        "2 Controller Groups found: SlurmConfig for InstanceGroups may only have one Controller Group.",
    ),
    "a partition on a login group": (
        _slurm("Controller", "Login", partitions_on="Login"),
        "Partitions can only be assigned to Compute node types",
    ),
    "an old EKS cluster": (
        lambda aws: _on(aws, aws.seed["OLD_VERSION_CLUSTER_ARN"]),
        "Kubernetes version 1.29 of the EKS cluster",
    ),
    "an EKS cluster without add-ons": (
        lambda aws: _on(aws, aws.seed["NO_ADDONS_CLUSTER_ARN"]),
        "Amazon EKS orchestrator cluster is missing required dependencies",
    ),
    "an EKS cluster without the Helm chart": (
        lambda aws: _on(aws, aws.seed["NO_DEPENDENCIES_CLUSTER_ARN"]),
        "Amazon EKS orchestrator cluster is missing required dependencies",
    ),
    "both Slurm models": (
        lambda aws: aws.on_slurm("refused", InstanceGroups=_with_scripts(aws, "BOTH_MODELS_S3_URI")),
        (
            "The LifeCycleConfig cannot include both a SLURM Orchestrator Config and a provisioning_parameters.json "
            "file simultaneously."
        ),
    ),
    "Slurm parameters of other groups": (
        lambda aws: {
            "ClusterName": "refused",
            "InstanceGroups": [aws.group(LifeCycleConfig=_scripts(aws, "BOTH_MODELS_S3_URI"))],
            "VpcConfig": aws.network(),
        },
        "does not match the instance groups of the cluster: controller.",
    ),
    "Slurm parameters that name a group twice": (
        lambda aws: {
            "ClusterName": "refused",
            "InstanceGroups": [aws.group(LifeCycleConfig=_parameters(aws, worker_groups=["workers", "workers"]))],
            "VpcConfig": aws.network(),
        },
        "does not match the instance groups of the cluster: workers.",
    ),
    "two networks": (
        lambda aws: aws.on_eks("refused", VpcConfig=aws.network(_default_subnet(aws))),
        "You have specified two resources that belong to different networks",
    ),
    "the network of nobody": (
        lambda aws: aws.on_eks(
            "refused",
            VpcConfig={"Subnets": [_default_subnet(aws)], "SecurityGroupIds": [_default_group(aws)]},
        ),
        "is not the VPC vpc-",
    ),
    "a plan that is over": (
        lambda aws: _group(TrainingPlanArn=aws.seed["EXPIRED_TRAINING_PLAN_ARN"])(aws),
        "hpctl-sandbox-plan-expired is Expired.",
    ),
    "a plan of another type": (
        lambda aws: _group(TrainingPlanArn=aws.seed["TRAINING_PLAN_ARN"], InstanceType="ml.trn1.32xlarge")(aws),
        "has instances of type ml.p5.48xlarge, not of type ml.trn1.32xlarge.",
    ),
    "a plan of nobody": (
        _group(TrainingPlanArn="arn:aws:sagemaker:us-west-2:123456789012:training-plan/nobody"),
        "training-plan/nobody does not exist.",
    ),
    "an unknown type": (
        _group(InstanceType="ml.nonsense"),
        "1 validation error detected: Value 'ml.nonsense' at 'instanceGroups.1.member.instanceType' failed",
    ),
    "a member left out": (
        lambda aws: aws.on_eks("refused", VpcConfig={"Subnets": [aws.seed["SUBNET_ID"]]}),
        "Value null at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must not be null",
    ),
    "too many": (_group(InstanceCount=6759), "Member must have value less than or equal to 6758"),
    "a bad name": (
        lambda aws: aws.on_eks("-bad"),
        "at 'clusterName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](",
    ),
    "threads that Graviton has not got": (
        _group(InstanceType="ml.c7g.medium", ThreadsPerCore=2),
        "ThreadsPerCore 2 is not supported by instance type ml.c7g.medium.",
    ),
    "deep checks of a CPU": (
        _group(InstanceType="ml.c5.xlarge", OnStartDeepHealthChecks=["InstanceStress"]),
        "Deep health checks are not supported by instance type ml.c5.xlarge.",
    ),
    "deep checks and taints": (
        _group(
            OnStartDeepHealthChecks=["InstanceStress"],
            KubernetesConfig={"Taints": [{"Key": "a", "Effect": "NoSchedule"}]},
        ),
        "InstanceGroup workers cannot have both deep health checks and taints.",
    ),
    "two further volumes": (
        _group(InstanceStorageConfigs=[{"EbsVolumeConfig": {"VolumeSizeInGB": 9}}] * 2),
        "InstanceGroup workers may have one root volume and one further EBS volume.",
    ),
    "scripts from nowhere": (
        _group(LifeCycleConfig={"OnCreate": "on_create.sh"}),
        "InstanceGroup workers names lifecycle scripts without a SourceS3Uri.",
    ),
    "a tag of AWS's own": (_eks(Tags=[{"Key": "aws:mine", "Value": "x"}]), "aws: prefixed tag key names"),
    "Spot all at once": (
        _group(CapacityRequirements={"Spot": {}}),
        "Spot capacity requires NodeProvisioningMode Continuous.",
    ),
    "a choice of types all at once": (
        lambda aws: aws.on_eks(
            "refused",
            InstanceGroups=[
                _without(aws.group(InstanceRequirements={"InstanceTypes": ["ml.p5.48xlarge"]}), "InstanceType")
            ],
        ),
        "InstanceRequirements requires NodeProvisioningMode Continuous.",
    ),
    "scaling all at once": (_eks(AutoScaling={"Mode": "Enable"}), "AutoScaling requires NodeProvisioningMode"),
    "scaling by nobody": (
        _eks(AutoScaling={"Mode": "Enable"}, NodeProvisioningMode="Continuous"),
        "ClusterRole is required when AutoScaling is enabled.",
    ),
    "scaling on Slurm": (
        lambda aws: aws.on_slurm("refused", AutoScaling={"Mode": "Enable"}),
        "AutoScaling requires the EKS orchestrator.",
    ),
    "an accounting database all at once": (
        lambda aws: _without(
            aws.on_slurm("refused", Orchestrator={"Slurm": {"AccountingDatabase": _DATABASE}}), "NodeProvisioningMode"
        ),
        "AccountingDatabase requires NodeProvisioningMode Continuous.",
    ),
    "a strategy of its own": (
        lambda aws: aws.on_slurm("refused", Orchestrator={"Slurm": {"SlurmConfigStrategy": "Managed"}}),
        "SlurmConfigStrategy Managed is not supported with NodeProvisioningMode Continuous.",
    ),
    "two controllers in a group": (
        lambda aws: aws.on_slurm(
            "refused", InstanceGroups=[aws.group(InstanceCount=2, SlurmConfig={"NodeType": "Controller"})]
        ),
        "Controller Group workers must have one instance, not 2.",
    ),
    "a file system in nobody's network": (
        lambda aws: _without(
            aws.on_slurm(
                "refused",
                InstanceGroups=[
                    aws.group(
                        InstanceCount=1,
                        SlurmConfig={"NodeType": "Controller"},
                        InstanceStorageConfigs=[{"FsxOpenZfsConfig": {"DnsName": _FSX}}],
                    )
                ],
            ),
            "VpcConfig",
        ),
        "InstanceGroup workers mounts FSx, which requires a VpcConfig.",
    ),
    "two mistakes": (
        lambda aws: aws.on_eks("x" * 64, NodeRecovery="maybe"),
        "2 validation errors detected: Value ",
    ),
}

# Refused with another code than ValidationException.
LIMITED: dict[str, tuple[Callable[[Running], Request], str]] = {
    "a type that was never granted": (
        _group(InstanceType="ml.p4d.24xlarge", InstanceCount=1),
        (
            "The account-level service limit 'ml.p4d.24xlarge for cluster usage' is 0 Instances, with current "
            "utilization of 0 Instances and a request delta of 1 Instances."
        ),
    ),
    "more than was granted": (
        lambda aws: aws.on_eks(
            "refused",
            InstanceGroups=[aws.group(InstanceCount=40), aws.group(InstanceGroupName="b", InstanceCount=25)],
        ),
        (
            "'ml.p5.48xlarge for cluster usage' is 64 Instances, with current utilization of {used} Instances and a "
            "request delta of 65 Instances."
        ),
    ),
    "more than a cluster may have": (
        lambda aws: aws.on_eks(
            "refused",
            InstanceGroups=[
                aws.group(InstanceGroupName=kind, InstanceType=f"ml.{kind}.xlarge", InstanceCount=300)
                for kind in ("c5", "m5")
            ],
        ),
        (
            "'Maximum number instances allowed per SageMaker HyperPod cluster' is 500 Instances, with current "
            "utilization of 0 Instances and a request delta of 600 Instances."
        ),
    ),
    "Spot that was never granted": (
        lambda aws: aws.on_eks(
            "refused",
            InstanceGroups=[aws.group(InstanceType="ml.g5.xlarge", CapacityRequirements={"Spot": {}})],
            NodeProvisioningMode="Continuous",
        ),
        "'ml.g5.xlarge for cluster spot instance usage' is 0 Instances",
    ),
    "a volume that is too large": (
        _group(InstanceStorageConfigs=[{"EbsVolumeConfig": {"VolumeSizeInGB": 2000}}]),
        "is 1024 GB, and the request asks for 2000 GB.",
    ),
    "more than the plan has": (
        lambda aws: _group(TrainingPlanArn=aws.seed["TRAINING_PLAN_ARN"], InstanceCount=17)(aws),
        "has 16 instances available, and the request asks for 17.",
    ),
}
"""`{used}`: how many clusters of other tests, which end meanwhile, still hold."""


def _scripts(aws: Running, name: str) -> dict[str, str]:
    return {"SourceS3Uri": aws.seed[name], "OnCreate": "on_create.sh"}


def _parameters(aws: Running, worker_groups: list[str]) -> dict[str, str]:
    """Put a script and Slurm parameters into a folder of their own."""
    s3, bucket = aws.client("s3"), aws.seed["BUCKET_NAME"]
    parameters = {"worker_groups": [{"instance_group_name": name} for name in worker_groups]}
    for name, text in (("on_create.sh", "#!/bin/bash\n"), ("provisioning_parameters.json", json.dumps(parameters))):
        s3.put_object(Bucket=bucket, Key=f"twice/{name}", Body=text.encode())
    return {"SourceS3Uri": f"s3://{bucket}/twice", "OnCreate": "on_create.sh"}


def _with_scripts(aws: Running, name: str) -> list[Request]:
    return [group | {"LifeCycleConfig": _scripts(aws, name)} for group in aws.on_slurm("x")["InstanceGroups"]]


def _default_subnet(aws: Running) -> str:
    filters = [{"Name": "default-for-az", "Values": ["true"]}]
    return str(aws.client("ec2").describe_subnets(Filters=filters)["Subnets"][0]["SubnetId"])


def _default_group(aws: Running) -> str:
    subnet = aws.client("ec2").describe_subnets(SubnetIds=[_default_subnet(aws)])["Subnets"][0]
    filters = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    return str(aws.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"])


def _on(aws: Running, eks_cluster: str) -> Request:
    return aws.on_eks("refused", Orchestrator={"Eks": {"ClusterArn": eks_cluster}})


def _without(request: Request, member: str) -> Request:
    return {name: value for name, value in request.items() if name != member}


@pytest.mark.parametrize(("request_of", "words"), REFUSED.values(), ids=REFUSED)
def test_a_request_is_refused(aws: Running, request_of: Callable[[Running], Request], words: str) -> None:
    sagemaker = aws.client("sagemaker", parameter_validation=False)
    with pytest.raises(ClientError) as caught:
        sagemaker.create_cluster(**request_of(aws))
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert words in error["Message"]
    assert sagemaker.list_clusters(NameContains="refused")["ClusterSummaries"] == []


@pytest.mark.parametrize(("request_of", "words"), LIMITED.values(), ids=LIMITED)
def test_a_request_is_beyond_a_limit(aws: Running, request_of: Callable[[Running], Request], words: str) -> None:
    sagemaker = aws.client("sagemaker")
    with pytest.raises(sagemaker.exceptions.ResourceLimitExceeded) as caught:
        sagemaker.create_cluster(**request_of(aws))
    wanted = re.escape(words).replace(re.escape("{used}"), r"\d+")
    assert re.search(wanted, caught.value.response["Error"]["Message"])
    assert sagemaker.list_clusters(NameContains="refused")["ClusterSummaries"] == []
