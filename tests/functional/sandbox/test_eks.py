"""EKS clusters of the sandbox: authentication modes change one way, access entries need the API mode."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509

from tests.functional.sandbox.running import Running, until

ROLE = "arn:aws:iam::123456789012:role/team/somebody"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy"


@pytest.fixture(scope="module")
def eks(aws: Running) -> Any:
    return aws.client("eks")


@pytest.fixture
def cluster(aws: Running, eks: Any) -> Iterator[str]:
    network = {"subnetIds": [aws.seed["SUBNET_ID"], aws.seed["OTHER_SUBNET_ID"]]}
    role = "arn:aws:iam::123456789012:role/hpctl-sandbox-eks"
    eks.create_cluster(name="mine", roleArn=role, resourcesVpcConfig=network)
    until(lambda: _described(eks)["status"], lambda status: status == "ACTIVE")
    yield "mine"
    eks.delete_cluster(name="mine")


def _described(eks: Any) -> dict[str, Any]:
    found: dict[str, Any] = eks.describe_cluster(name="mine")["cluster"]
    return found


def _change_mode(eks: Any, mode: str) -> None:
    update = eks.update_cluster_config(name="mine", accessConfig={"authenticationMode": mode})["update"]
    assert (update["type"], update["params"]) == (
        "AccessConfigUpdate",
        [{"type": "AuthenticationMode", "value": mode}],
    )
    until(
        lambda: eks.describe_update(name="mine", updateId=update["id"])["update"]["status"], lambda s: s == "Successful"
    )
    assert update["id"] in eks.list_updates(name="mine")["updateIds"]


def test_a_cluster_has_what_hyperpod_looks_at(aws: Running, eks: Any, cluster: str) -> None:
    found = _described(eks)
    assert found["accessConfig"]["authenticationMode"] == "CONFIG_MAP"
    assert found["resourcesVpcConfig"]["clusterSecurityGroupId"].startswith("sg-")
    subnet = aws.client("ec2").describe_subnets(SubnetIds=[aws.seed["SUBNET_ID"]])["Subnets"][0]
    assert found["resourcesVpcConfig"]["vpcId"] == subnet["VpcId"]
    authority = x509.load_pem_x509_certificate(base64.b64decode(found["certificateAuthority"]["data"]))
    assert authority.subject == authority.issuer
    assert found["endpoint"].startswith("https://127.0.0.1:")


def test_the_mode_goes_forward_only(eks: Any, cluster: str) -> None:
    with pytest.raises(ClientError, match=r"Unsupported authentication mode update from CONFIG_MAP to API$"):
        eks.update_cluster_config(name=cluster, accessConfig={"authenticationMode": "API"})
    _change_mode(eks, "API_AND_CONFIG_MAP")
    assert _described(eks)["accessConfig"]["authenticationMode"] == "API_AND_CONFIG_MAP"
    _change_mode(eks, "API")
    with pytest.raises(eks.exceptions.InvalidParameterException, match="update from API to API_AND_CONFIG_MAP"):
        eks.update_cluster_config(name=cluster, accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})


def test_kubernetes_goes_up_one_minor_version_at_a_time(eks: Any, cluster: str) -> None:
    before = _described(eks)["version"]
    with pytest.raises(eks.exceptions.InvalidParameterException, match=r"update from 1\.33 to 1\.35"):
        eks.update_cluster_version(name=cluster, version="1.35")
    update = eks.update_cluster_version(name=cluster, version="1.34")["update"]
    assert update["type"] == "VersionUpdate"
    until(lambda: _described(eks)["status"], lambda status: status == "ACTIVE")
    assert (before, _described(eks)["version"]) == ("1.33", "1.34")


def test_a_mode_that_is_none_is_refused(eks: Any, cluster: str) -> None:
    with pytest.raises(eks.exceptions.InvalidParameterException, match="Member must satisfy enum value set"):
        eks.update_cluster_config(name=cluster, accessConfig={"authenticationMode": "LDAP"})


def test_an_endpoint_change_leaves_the_rest_of_the_network_alone(eks: Any, cluster: str) -> None:
    before = _described(eks)["resourcesVpcConfig"]
    eks.update_cluster_config(name=cluster, resourcesVpcConfig={"endpointPrivateAccess": True})
    after = until(lambda: _described(eks), lambda found: found["status"] == "ACTIVE")["resourcesVpcConfig"]
    assert after == before | {"endpointPrivateAccess": True}


def test_access_entries_need_an_api_mode(eks: Any, cluster: str) -> None:
    with pytest.raises(eks.exceptions.InvalidRequestException, match="must be set to one of"):
        eks.create_access_entry(clusterName=cluster, principalArn=ROLE)


def test_an_access_entry_lives_with_its_policies(eks: Any, cluster: str) -> None:
    _change_mode(eks, "API_AND_CONFIG_MAP")
    who = {"clusterName": cluster, "principalArn": ROLE}
    assert eks.create_access_entry(**who, kubernetesGroups=["a"])["accessEntry"]["kubernetesGroups"] == ["a"]
    with pytest.raises(eks.exceptions.ResourceInUseException):
        eks.create_access_entry(**who)
    eks.update_access_entry(**who, kubernetesGroups=["b"])
    assert eks.describe_access_entry(**who)["accessEntry"]["kubernetesGroups"] == ["b"]
    eks.associate_access_policy(**who, policyArn=POLICY, accessScope={"type": "cluster"})
    (policy,) = eks.list_associated_access_policies(**who)["associatedAccessPolicies"]
    assert (policy["policyArn"], policy["accessScope"]["type"]) == (POLICY, "cluster")
    assert eks.list_access_entries(clusterName=cluster, associatedPolicyArn=POLICY)["accessEntries"] == [ROLE]
    eks.disassociate_access_policy(**who, policyArn=POLICY)
    assert eks.list_access_entries(clusterName=cluster, associatedPolicyArn=POLICY)["accessEntries"] == []
    eks.delete_access_entry(**who)
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_access_entry(**who)


def test_a_cluster_takes_its_security_group_with_it(aws: Running, eks: Any) -> None:
    network = {"subnetIds": [aws.seed["SUBNET_ID"]]}
    role = "arn:aws:iam::123456789012:role/hpctl-sandbox-eks"
    made = eks.create_cluster(name="short", roleArn=role, resourcesVpcConfig=network)["cluster"]
    assert made["status"] == "CREATING"
    with pytest.raises(eks.exceptions.ResourceInUseException, match="Cluster already exists with name: short"):
        eks.create_cluster(name="short", roleArn=role, resourcesVpcConfig=network)
    assert eks.delete_cluster(name="short")["cluster"]["status"] == "DELETING"
    group = made["resourcesVpcConfig"]["clusterSecurityGroupId"]
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        aws.client("ec2").describe_security_groups(GroupIds=[group])


def test_the_seed_has_one_cluster_of_each_kind(eks: Any) -> None:
    modes = {
        name: eks.describe_cluster(name=name)["cluster"]["accessConfig"]["authenticationMode"]
        for name in eks.list_clusters()["clusters"]
    }
    assert modes == {
        "hpctl-sandbox-api": "API_AND_CONFIG_MAP",
        "hpctl-sandbox-config-map": "CONFIG_MAP",
        "hpctl-sandbox-old-version": "API",
        "hpctl-sandbox-no-addons": "API",
        "hpctl-sandbox-no-dependencies": "API",
    }


def test_the_good_cluster_has_the_addons_that_nodes_and_jobs_need(eks: Any) -> None:
    names = set(eks.list_addons(clusterName="hpctl-sandbox-api")["addons"])
    assert {"vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent"} <= names
    assert {"cert-manager", "amazon-sagemaker-hyperpod-training-operator"} <= names
    found = eks.describe_addon(clusterName="hpctl-sandbox-api", addonName="vpc-cni")["addon"]
    assert (found["status"], found["health"], found["addonVersion"]) == ("ACTIVE", {"issues": []}, "v1.20.4-eksbuild.2")
    assert eks.list_addons(clusterName="hpctl-sandbox-no-addons")["addons"] == []


def test_an_addon_lives(eks: Any) -> None:
    here = {"clusterName": "hpctl-sandbox-no-addons", "addonName": "coredns"}
    made = eks.create_addon(**here, addonVersion="v1.11.4-eksbuild.2")["addon"]
    assert made["status"] == "CREATING"
    until(lambda: eks.describe_addon(**here)["addon"]["status"], lambda status: status == "ACTIVE")
    with pytest.raises(eks.exceptions.ResourceInUseException):
        eks.create_addon(**here)
    update = eks.update_addon(**here, addonVersion="v1.12.4-eksbuild.1")["update"]
    assert (update["type"], update["status"]) == ("AddonUpdate", "InProgress")
    assert eks.describe_addon(**here)["addon"]["addonVersion"] == "v1.12.4-eksbuild.1"
    assert eks.delete_addon(**here)["addon"]["status"] == "DELETING"
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_addon(**here)


@pytest.mark.parametrize("wrong", [{"addonName": "nonsense"}, {"addonName": "coredns", "addonVersion": "v0"}])
def test_an_addon_must_be_known(eks: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(eks.exceptions.InvalidParameterException, match="not supported"):
        eks.create_addon(clusterName="hpctl-sandbox-no-addons", **wrong)


def test_versions_tell_their_support(eks: Any) -> None:
    offered = {row["clusterVersion"]: row for row in eks.describe_cluster_versions()["clusterVersions"]}
    assert "1.33" in offered
    assert "1.29" not in offered
    (old,) = eks.describe_cluster_versions(clusterVersions=["1.29"])["clusterVersions"]
    assert old["versionStatus"] == "UNSUPPORTED"
    assert [row["clusterVersion"] for row in offered.values() if row["defaultVersion"]] == ["1.33"]
    (found,) = eks.describe_addon_versions(addonName="vpc-cni", kubernetesVersion="1.33")["addons"]
    assert found["addonVersions"][0]["compatibilities"][0]["defaultVersion"] is True
