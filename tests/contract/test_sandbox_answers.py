"""Every answer that the sandbox gives itself is what botocore's model says: names, types, enums, patterns."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from hpctl.sandbox.eks.responses import EksResponse
from hpctl.sandbox.sagemaker.responses import OPERATIONS
from hpctl.sandbox.shapes import validation_message
from tests.functional.sandbox.running import Running, sandbox, until

SCOPE = "AWS4-HMAC-SHA256 Credential={}/20260101/us-west-2/{}/aws4_request, Signature=0"
MODELS = {name: botocore.session.Session().get_service_model(name) for name in ("sagemaker", "eks", "service-quotas")}
ROLE = "arn:aws:iam::123456789012:role/somebody"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy"
# Members of an instance group that DescribeCluster gives back, each with a value of its own.
FULL_GROUP: dict[str, Any] = {
    "MinInstanceCount": 1,
    "ThreadsPerCore": 2,
    "InstanceStorageConfigs": [{"EbsVolumeConfig": {"VolumeSizeInGB": 500}}],
    "TrainingPlanArn": "arn:aws:sagemaker:us-west-2:123456789012:training-plan/hpctl-sandbox-plan",
    "ScheduledUpdateConfig": {"ScheduleExpression": "cron(0 3 * * ? *)"},
    "ImageId": "ami-0123456789abcdef0",
    "ImageReleaseVersion": "1.2.3",
    "AutoPatchConfig": {"PatchingStrategy": "WhenIdle", "IdleWaitWindowInSeconds": 3600},
    "KubernetesConfig": {
        "Labels": {"team": "a"},
        "Taints": [{"Key": "team", "Value": "a", "Effect": "NoSchedule"}],
    },
    "CapacityRequirements": {"Spot": {}},
    "NetworkInterface": {"InterfaceType": "efa"},
}
FULL_REQUEST: dict[str, Any] = {
    "NodeRecovery": "Automatic",
    "NodeProvisioningMode": "Continuous",
    "ClusterRole": ROLE,
    "AutoScaling": {"Mode": "Enable", "AutoScalerType": "Karpenter"},
    "TieredStorageConfig": {"Mode": "Enable", "InstanceMemoryAllocationPercentage": 40},
    "RestrictedInstanceGroupsConfig": {
        "SharedEnvironmentConfig": {
            "FSxLustreDeletionPolicy": "Keep",
            "FSxLustreConfig": {"SizeInGiB": 1200, "PerUnitStorageThroughput": 125},
        }
    },
    "Tags": [{"Key": "team", "Value": "a"}],
}
DEEP_CHECKS = ["InstanceStress", "InstanceConnectivity"]  # a group that has them cannot have taints
RESTRICTED = {"FSxLustreConfig": {"SizeInGiB": 1200, "PerUnitStorageThroughput": 125}}


class Caller:
    """Sends operations without an SDK, and holds every answer to its output shape."""

    def __init__(self, aws: Running) -> None:
        self.aws = aws
        self.asked: set[str] = set()

    def sagemaker(self, operation: str, **members: Any) -> dict[str, Any]:
        headers = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        return self._ask("sagemaker", operation, "POST", "/", headers, json.dumps(members))

    def quotas(self, operation: str, **members: Any) -> dict[str, Any]:
        headers = {"X-Amz-Target": f"ServiceQuotasV20190624.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        return self._ask("service-quotas", operation, "POST", "/", headers, json.dumps(members))

    def eks(self, operation: str, path: str, **members: Any) -> dict[str, Any]:
        method = MODELS["eks"].operation_model(operation).http["method"]
        return self._ask("eks", operation, method, path, {"Content-Type": "application/json"}, json.dumps(members))

    def _ask(
        self, service: str, operation: str, method: str, path: str, headers: dict[str, str], body: str
    ) -> dict[str, Any]:
        signed = {"Authorization": SCOPE.format(self.aws.seed["aws_access_key_id"], service.replace("-", ""))}
        connection = http.client.HTTPConnection("127.0.0.1", self.aws.state.port, timeout=45)
        connection.request(method, path, body, headers | signed)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status == 200, text
        self.asked.add(operation)
        told: dict[str, Any] = json.loads(text or "{}")
        shape = MODELS[service].operation_model(operation).output_shape
        assert shape is None or validation_message(shape, told) is None, validation_message(shape, told)
        return told


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    with sandbox(tmp_path_factory.mktemp("contract")) as aws:
        yield Caller(aws)


def _drop(told: dict[str, Any], *members: str) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in members}


def test_hyperpod_answers_are_what_the_model_says_and_no_member_is_lost(caller: Caller) -> None:
    aws = caller.aws
    group = aws.group(**FULL_GROUP, OverrideVpcConfig=aws.network())
    restricted = _drop(aws.group(InstanceGroupName="nova", InstanceCount=1), "LifeCycleConfig")
    request = aws.on_eks("full", **FULL_REQUEST, InstanceGroups=[group])
    request["RestrictedInstanceGroups"] = [
        restricted | {"EnvironmentConfig": RESTRICTED, "OnStartDeepHealthChecks": DEEP_CHECKS}
    ]
    arn = caller.sagemaker("CreateCluster", **request)["ClusterArn"]
    caller.sagemaker("ListClusters")
    plan = caller.sagemaker("DescribeTrainingPlan", TrainingPlanName="hpctl-sandbox-plan")
    assert (plan["InUseInstanceCount"], plan["AvailableInstanceCount"]) == (2, 14)
    caller.sagemaker("ListTrainingPlans")
    until(lambda: caller.sagemaker("DescribeCluster", ClusterName="full"), _whole)
    told = caller.sagemaker("DescribeCluster", ClusterName=arn)
    _same(told, _drop(request, "Tags", "InstanceGroups", "RestrictedInstanceGroups", "RestrictedInstanceGroupsConfig"))
    (found,) = told["InstanceGroups"]
    renamed = ("MinInstanceCount", "InstanceCount", "ImageId", "ImageReleaseVersion", "KubernetesConfig")
    _same(found, _drop(group, *renamed))
    assert (found["MinCount"], found["TargetCount"], found["CurrentImageId"]) == (1, 2, FULL_GROUP["ImageId"])
    assert found["CurrentImageReleaseVersion"] == found["DesiredImageReleaseVersion"] == "1.2.3"
    assert found["KubernetesConfig"]["CurrentTaints"] == FULL_GROUP["KubernetesConfig"]["Taints"]
    assert found["KubernetesConfig"]["DesiredLabels"] == {"team": "a"}
    (nova,) = told["RestrictedInstanceGroups"]
    assert (nova["EnvironmentConfig"], nova["OnStartDeepHealthChecks"]) == (RESTRICTED, DEEP_CHECKS)
    shared = told["RestrictedInstanceGroupsConfig"]["SharedEnvironmentConfig"]
    assert shared["CurrentFSxLustreDeletionPolicy"] == shared["DesiredFSxLustreDeletionPolicy"] == "Keep"
    _governed(caller, arn)
    _rest_of_its_life(caller, arn)
    assert caller.asked >= OPERATIONS


def _governed(caller: Caller, arn: str) -> None:
    sagemaker = caller.aws.client("sagemaker")
    quota = {"ComputeQuotaResources": [{"InstanceType": "ml.p5.48xlarge", "Count": 1}]}
    team = {"Name": "a", "ClusterArn": arn, "ComputeQuotaTarget": {"TeamName": "a"}, "ComputeQuotaConfig": quota}
    with pytest.raises(sagemaker.exceptions.ClientError, match="taskgovernance is not installed"):
        sagemaker.create_compute_quota(**team)
    addon = "amazon-sagemaker-hyperpod-taskgovernance"
    caller.eks("CreateAddon", "/clusters/hpctl-sandbox-api/addons", addonName=addon)
    classes = {"PriorityClasses": [{"Name": "training", "Weight": 75}], "FairShare": "Enabled"}
    scheduler = {"Name": "s", "ClusterArn": arn, "SchedulerConfig": classes}
    _governs(caller, "ComputeQuota", team)
    _governs(caller, "ClusterSchedulerConfig", scheduler)


def _governs(caller: Caller, noun: str, request: dict[str, Any]) -> None:
    sagemaker = caller.aws.client("sagemaker")
    made = caller.sagemaker(f"Create{noun}", **request)[f"{noun}Id"]
    with pytest.raises(sagemaker.exceptions.ConflictException):
        sagemaker._make_api_call(f"Create{noun}", {**request, "Name": "again"})
    asked = {f"{noun}Id": made}
    _same(caller.sagemaker(f"Describe{noun}", **asked), request)
    until(lambda: caller.sagemaker(f"Describe{noun}", **asked)["Status"], lambda status: status == "Created")
    wanted = {"ClusterArn": request["ClusterArn"], "NameContains": request["Name"], "Status": "Created"}
    assert [row[f"{noun}Id"] for row in caller.sagemaker(f"List{noun}s", **wanted)[f"{noun}Summaries"]] == [made]
    assert caller.sagemaker(f"List{noun}s", NameContains="other")[f"{noun}Summaries"] == []
    caller.sagemaker(f"Delete{noun}", **asked)
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker._make_api_call(f"Describe{noun}", asked)


def _rest_of_its_life(caller: Caller, arn: str) -> None:
    rows = caller.sagemaker("ListClusterNodes", ClusterName="full", IncludeNodeLogicalIds=True)["ClusterNodeSummaries"]
    assert len(rows) == 3
    caller.sagemaker("DescribeClusterNode", ClusterName="full", NodeId=rows[0]["InstanceId"])
    events = caller.sagemaker("ListClusterEvents", ClusterName="full", MaxResults=100)["Events"]
    for event in events:
        caller.sagemaker("DescribeClusterEvent", ClusterName="full", EventId=event["EventId"])
    _changes(caller)
    caller.sagemaker("AddTags", ResourceArn=arn, Tags=[{"Key": "b", "Value": ""}])
    caller.sagemaker("ListTags", ResourceArn=arn)
    caller.sagemaker("DeleteTags", ResourceArn=arn, TagKeys=["b"])
    caller.sagemaker("DeleteCluster", ClusterName="full")
    caller.sagemaker("DescribeCluster", ClusterName="full")
    caller.sagemaker("ListClusterNodes", ClusterName="full")


def _changes(caller: Caller) -> None:
    one = {"ClusterName": "full"}
    caller.sagemaker("UpdateCluster", **one, NodeRecovery="None")
    software = {"ImageId": "ami-0123456789abcdef1", "DeploymentConfig": {"WaitIntervalInSeconds": 1}}
    caller.sagemaker("UpdateClusterSoftware", **one, **software, InstanceGroups=[{"InstanceGroupName": "workers"}])
    until(
        lambda: caller.sagemaker("DescribeCluster", **one)["InstanceGroups"][0],
        lambda group: group["SoftwareUpdateStatus"] == "Succeeded",
    )
    entries = [{"InstanceGroupName": name, "IncrementTargetCountBy": 1} for name in ("workers", "ghost")]
    caller.sagemaker("BatchAddClusterNodes", **one, NodesToAdd=entries)
    rows = caller.sagemaker("ListClusterNodes", **one)["ClusterNodeSummaries"]
    ids = [row["InstanceId"] for row in rows if row["InstanceGroupName"] == "workers"][:1]
    both = {"NodeIds": [*ids, "i-0123456789abcdef0"], "NodeLogicalIds": ["ghost"]}
    caller.sagemaker("BatchRebootClusterNodes", **one, **both)
    until(lambda: caller.sagemaker("DescribeCluster", **one), _whole)
    checks = {"InstanceGroupName": "workers", "DeepHealthChecks": ["InstanceStress"]}
    caller.sagemaker("StartClusterHealthCheck", **one, DeepHealthCheckConfigurations=[checks])
    _settle_nodes(caller)
    caller.sagemaker("BatchReplaceClusterNodes", **one, **both)
    _settle_nodes(caller)
    rows = caller.sagemaker("ListClusterNodes", **one)["ClusterNodeSummaries"]
    both["NodeIds"][0] = next(row["InstanceId"] for row in rows if row["InstanceGroupName"] == "workers")
    caller.sagemaker("BatchDeleteClusterNodes", **one, **both)
    for row in caller.sagemaker("ListClusterOperations", **one)["ClusterOperationSummaries"]:
        caller.sagemaker("DescribeClusterOperation", **one, OperationId=row["OperationId"])


def _settle_nodes(caller: Caller) -> None:
    def rows() -> list[dict[str, Any]]:
        asked = {"ClusterName": "full", "IncludeNodeLogicalIds": True}
        answer = caller.aws.client("sagemaker").list_cluster_nodes(**asked)
        return list(answer["ClusterNodeSummaries"])

    until(rows, lambda found: all(row["InstanceStatus"]["Status"] == "Running" for row in found))


def _whole(told: dict[str, Any]) -> bool:
    return all(group["Status"] == "InService" for group in told["InstanceGroups"] + told["RestrictedInstanceGroups"])


def _same(told: Any, asked: Any) -> None:
    """What was asked is in what is told; an answer may tell more."""
    if isinstance(asked, dict):
        assert asked.keys() <= told.keys()
        for name, value in asked.items():
            _same(told[name], value)
    else:
        assert told == asked


def test_requirements_and_failed_clusters_are_described_by_the_model(caller: Caller) -> None:
    aws = caller.aws
    group = _drop(
        aws.group(InstanceRequirements={"InstanceTypes": ["ml.p5.48xlarge", "ml.p5e.48xlarge"]}), "InstanceType"
    )
    choosing = aws.on_eks("choosing", InstanceGroups=[group], NodeProvisioningMode="Continuous")
    caller.sagemaker("CreateCluster", **choosing)
    told = caller.sagemaker("DescribeCluster", ClusterName="choosing")
    requirements = told["InstanceGroups"][0]["InstanceRequirements"]
    assert (
        requirements["DesiredInstanceTypes"]
        == requirements["CurrentInstanceTypes"]
        == [
            "ml.p5.48xlarge",
            "ml.p5e.48xlarge",
        ]
    )
    network = aws.network(aws.seed["SUBNET_ID"], aws.seed["OTHER_SUBNET_ID"])
    caller.sagemaker("CreateCluster", **aws.on_eks("failing", VpcConfig=network))
    until(lambda: caller.sagemaker("DescribeCluster", ClusterName="failing"), lambda told: "FailureMessage" in told)


def test_a_node_without_an_instance_lacks_what_it_cannot_have(caller: Caller) -> None:
    """The one deviation: the model requires InstanceId and LaunchTime, which such a node has not got yet."""
    aws = caller.aws
    aws.client("sagemaker").create_cluster(**aws.on_slurm("early"))
    rows = aws.client("sagemaker").list_cluster_nodes(ClusterName="early", IncludeNodeLogicalIds=True)
    waiting = [row for row in rows["ClusterNodeSummaries"] if "InstanceId" not in row]
    assert all("LaunchTime" not in row and row["NodeLogicalId"] for row in waiting)


def test_eks_answers_are_what_the_model_says(caller: Caller) -> None:
    aws, cluster = caller.aws, "/clusters/mine"
    entry = f"{cluster}/access-entries/arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fsomebody"
    network = {"subnetIds": [aws.seed["SUBNET_ID"]]}
    access = {"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True}
    caller.eks("CreateCluster", "/clusters", name="mine", roleArn=ROLE, resourcesVpcConfig=network, accessConfig=access)
    until(lambda: caller.eks("DescribeCluster", cluster), lambda told: told["cluster"]["status"] == "ACTIVE")
    change = {"resourcesVpcConfig": {"endpointPrivateAccess": True}}
    update = caller.eks("UpdateClusterConfig", f"{cluster}/update-config", **change)["update"]
    caller.eks("DescribeUpdate", f"{cluster}/updates/{update['id']}")
    caller.eks("ListUpdates", f"{cluster}/updates")
    caller.eks("CreateAccessEntry", f"{cluster}/access-entries", principalArn=ROLE)
    caller.eks("DescribeAccessEntry", entry)
    caller.eks("UpdateAccessEntry", entry, kubernetesGroups=["a"])
    caller.eks("ListAccessEntries", f"{cluster}/access-entries")
    scope = {"type": "namespace", "namespaces": ["a"]}
    caller.eks("AssociateAccessPolicy", f"{entry}/access-policies", policyArn=POLICY, accessScope=scope)
    caller.eks("ListAssociatedAccessPolicies", f"{entry}/access-policies")
    policy = POLICY.replace(":", "%3A").replace("/", "%2F")
    caller.eks("DisassociateAccessPolicy", f"{entry}/access-policies/{policy}")
    caller.eks("DeleteAccessEntry", entry)
    until(lambda: caller.eks("DescribeCluster", cluster), lambda told: told["cluster"]["status"] == "ACTIVE")
    caller.eks("UpdateClusterVersion", f"{cluster}/updates", version="1.34")
    _use_addons(caller, cluster)
    caller.eks("DescribeClusterVersions", "/cluster-versions")
    _use_pod_identities(caller, cluster)
    caller.eks("DeleteCluster", cluster)
    assert caller.asked >= _eks_operations()


def _use_pod_identities(caller: Caller, cluster: str) -> None:
    place = f"{cluster}/pod-identity-associations"
    members = {"namespace": "team", "serviceAccount": "train", "roleArn": ROLE}
    made = caller.eks("CreatePodIdentityAssociation", place, **members)["association"]["associationId"]
    caller.eks("ListPodIdentityAssociations", place)
    caller.eks("DescribePodIdentityAssociation", f"{place}/{made}")
    caller.eks("DeletePodIdentityAssociation", f"{place}/{made}")


def _use_addons(caller: Caller, cluster: str) -> None:
    caller.eks("CreateAddon", f"{cluster}/addons", addonName="coredns")
    caller.eks("DescribeAddon", f"{cluster}/addons/coredns")
    caller.eks("ListAddons", f"{cluster}/addons")
    caller.eks("UpdateAddon", f"{cluster}/addons/coredns/update", addonVersion="v1.11.4-eksbuild.2")
    caller.eks("DeleteAddon", f"{cluster}/addons/coredns")
    caller.eks("DescribeAddonVersions", "/addons/supported-versions")


def test_quota_answers_are_what_the_model_says(caller: Caller) -> None:
    one = {"ServiceCode": "sagemaker", "QuotaCode": "L-8762A75F"}
    caller.quotas("ListServiceQuotas", ServiceCode="sagemaker")
    caller.quotas("ListAWSDefaultServiceQuotas", ServiceCode="sagemaker")
    caller.quotas("GetServiceQuota", **one)
    caller.quotas("GetAWSDefaultServiceQuota", **one)
    caller.quotas("RequestServiceQuotaIncrease", **one, DesiredValue=99)
    caller.quotas("ListRequestedServiceQuotaChangeHistory")


def _eks_operations() -> set[str]:
    own = {name.replace("_", "") for name in vars(EksResponse) if not name.startswith("_")}
    return {name for name in MODELS["eks"].operation_names if name.lower() in own}
