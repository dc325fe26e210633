from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from hpctl.adapters.aws.caller import AwsCaller
from hpctl.adapters.aws.eks import AwsEks, AwsNodeGroups
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.eks_ports import PodIdentity
from hpctl.facts.kubernetes import AccessEntry, AccessPolicy
from hpctl.facts.records import Addon, EksCluster, Identity
from tests.unit.adapters.wire import ByOperation, Wire, connect, error, ok, xml

ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/kube"
CLUSTER: dict[str, Any] = {
    "name": "kube",
    "arn": ARN,
    "status": "ACTIVE",
    "version": "1.33",
    "accessConfig": {"authenticationMode": "API", "brandNew": True},
    "resourcesVpcConfig": {
        "vpcId": "vpc-1",
        "subnetIds": ["subnet-1", "subnet-2"],
        "securityGroupIds": ["sg-1"],
        "clusterSecurityGroupId": "sg-eks",
        "endpointPrivateAccess": True,
    },
    "endpoint": "https://kube.example",
    "certificateAuthority": {"data": "Q0E="},
}
VERSIONS = ok(
    {
        "clusterVersions": [
            {"clusterVersion": "1.36", "versionStatus": "STANDARD_SUPPORT", "brandNew": 1},
            {"clusterVersion": "1.31", "versionStatus": "EXTENDED_SUPPORT"},
            {"clusterVersion": "1.30", "status": "extended-support"},
            {"clusterVersion": "1.25", "versionStatus": "UNSUPPORTED"},
        ]
    }
)
ADDON: dict[str, Any] = {
    "addonName": "vpc-cni",
    "addonVersion": "v1.20.4-eksbuild.2",
    "status": "DEGRADED",
    "health": {"issues": [{"code": "AccessDenied", "message": "no role."}, {"code": "BrandNew"}]},
}
NODE_GROUP: dict[str, Any] = {"nodegroupName": "system", "nodeRole": "arn:aws:iam::111122223333:role/eks-nodes"}
ROLE = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Admin"
SESSION = "arn:aws:sts::111122223333:assumed-role/Admin/me"
ENTRIES = ok({"accessEntries": ["arn:aws:iam::999999999999:role/Admin", ROLE]})
ENTRY = ok({"accessEntry": {"principalArn": ROLE, "kubernetesGroups": ["team"], "brandNew": 1}})
VIEW, EDIT = (f"arn:aws:eks::aws:cluster-access-policy/AmazonEKS{name}Policy" for name in ("View", "Edit"))
POLICIES = ok(
    {
        "associatedAccessPolicies": [
            {"policyArn": VIEW, "accessScope": {"type": "cluster", "namespaces": []}},
            {"policyArn": EDIT, "accessScope": {"type": "namespace", "namespaces": ["a", "b"]}},
        ]
    }
)
WHO = xml(
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/me</Arn>"
    "<UserId>AID</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def test_an_eks_cluster_is_read() -> None:
    wire = Wire(ok({"cluster": CLUSTER}))
    assert AwsEks(connect(wire)).describe("kube") == EksCluster(
        name="kube",
        arn=ARN,
        status="ACTIVE",
        version="1.33",
        authentication_mode="API",
        vpc_id="vpc-1",
        subnet_ids=("subnet-1", "subnet-2"),
        security_group_ids=("sg-1",),
        cluster_security_group_id="sg-eks",
        endpoint_private=True,
        endpoint="https://kube.example",
        certificate_authority="Q0E=",
    )
    assert (wire.sent[0].method, wire.sent[0].url.rpartition("amazonaws.com")[2]) == ("GET", "/clusters/kube")


def test_an_eks_cluster_in_the_making_has_no_address_and_the_documented_defaults() -> None:
    bare = {"name": "kube", "arn": ARN, "status": "CREATING"}
    cluster = AwsEks(connect(Wire(ok({"cluster": bare})))).describe("kube")
    assert (cluster.endpoint, cluster.certificate_authority, cluster.endpoint_private) == (None, None, False)
    assert (cluster.subnet_ids, cluster.cluster_security_group_id) == ((), None)


def test_versions_in_standard_and_in_extended_support_are_supported() -> None:
    assert AwsEks(connect(Wire(VERSIONS))).supported_versions() == ("1.36", "1.31", "1.30")


@pytest.mark.parametrize("answer", [{}, {"clusterVersions": []}])
def test_no_supported_version_at_all_is_no_answer(answer: dict[str, Any]) -> None:
    with pytest.raises(UnavailableError, match="the answer to `eks:DescribeClusterVersions` has no `clusterVersion"):
        AwsEks(connect(Wire(ok(answer)))).supported_versions()


def test_add_ons_are_told_with_their_issues_and_in_the_order_of_the_list() -> None:
    healthy = {"addonName": "coredns", "addonVersion": "v1", "status": "ACTIVE", "health": {"issues": []}}
    wire = ByOperation(
        ListAddons=[ok({"addons": ["vpc-cni"], "nextToken": "more"}), ok({"addons": ["coredns"]})],
        DescribeAddon=[ok({"addon": ADDON}), ok({"addon": healthy})],
    )
    found = AwsEks(connect(wire)).addons("kube")
    assert set(found) == {
        Addon("vpc-cni", "v1.20.4-eksbuild.2", "DEGRADED", ("AccessDenied: no role.", "BrandNew")),
        Addon("coredns", "v1", "ACTIVE"),
    }
    asked = {sent.url.rpartition("amazonaws.com")[2] for sent in wire.sent if sent.operation == "DescribeAddon"}
    assert asked == {"/clusters/kube/addons/vpc-cni", "/clusters/kube/addons/coredns"}


def test_the_roles_of_node_groups_are_told_by_the_groups_names() -> None:
    wire = ByOperation(
        ListNodegroups=[ok({"nodegroups": ["system"], "nextToken": "more"}), ok({"nodegroups": ["gone"]})],
        DescribeNodegroup=[ok({"nodegroup": NODE_GROUP}), error("ResourceNotFoundException", "No node group", 404)],
    )
    # One after the other, so that the second answer is the second group's.
    with patch("hpctl.adapters.aws.eks._DESCRIBES", 1):
        assert AwsNodeGroups(connect(wire)).roles("kube") == {"system": NODE_GROUP["nodeRole"]}


def test_an_add_on_that_was_removed_in_this_moment_is_left_out() -> None:
    gone = error("ResourceNotFoundException", "No addon: vpc-cni found in cluster: kube", 404)
    wire = ByOperation(ListAddons=ok({"addons": ["vpc-cni"]}), DescribeAddon=gone)
    assert AwsEks(connect(wire)).addons("kube") == ()


def test_add_ons_of_a_cluster_that_is_not_there_are_not_found() -> None:
    wire = Wire(error("ResourceNotFoundException", "No cluster found for name: kube.", 404))
    with pytest.raises(NotFoundError):
        AwsEks(connect(wire)).addons("kube")


def test_a_list_of_add_ons_that_is_not_told_is_not_empty() -> None:
    with pytest.raises(UnavailableError, match="the answer to `eks:ListAddons` has no `addons`"):
        AwsEks(connect(Wire(ok({})))).addons("kube")


@pytest.mark.parametrize(("mode", "told"), [({}, "CONFIG_MAP"), ({"authenticationMode": "NEWER"}, "NEWER")])
def test_a_mode_that_is_not_told_is_the_default_and_a_new_one_is_kept(mode: dict[str, str], told: str) -> None:
    wire = Wire(ok({"cluster": {**CLUSTER, "accessConfig": mode}}))
    assert AwsEks(connect(wire)).describe("kube").authentication_mode == told


def test_an_eks_cluster_that_is_not_there_is_not_found() -> None:
    wire = Wire(error("ResourceNotFoundException", "No cluster found for name: kube.", 404))
    with pytest.raises(NotFoundError) as caught:
        AwsEks(connect(wire)).describe("kube")
    assert caught.value.message == "`eks:DescribeCluster` for `kube` found nothing: No cluster found for name: kube"


def test_the_caller_is_told_with_region_and_profile() -> None:
    wire = Wire(WHO)
    assert AwsCaller(connect(wire)).identity() == Identity(
        account="111122223333", arn="arn:aws:iam::111122223333:user/me", region="eu-west-1", profile=None
    )
    assert wire.sent[0].parameters["Action"] == "GetCallerIdentity"


def test_an_answer_without_an_account_is_unavailable() -> None:
    wire = Wire(xml("<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"))
    with pytest.raises(UnavailableError, match="the answer to `sts:GetCallerIdentity` has no `Account`"):
        AwsCaller(connect(wire)).identity()


@pytest.mark.parametrize("arn", ["", "me", "arn:aws:iam::111122223333:", "arn:aws:s3:::bucket"])
def test_a_caller_whose_arn_is_none_is_not_believed(arn: str) -> None:
    wire = Wire(xml(WHO.body.decode().replace("arn:aws:iam::111122223333:user/me", arn)))
    with pytest.raises(UnavailableError, match="the answer to `sts:GetCallerIdentity` has no `Arn`"):
        AwsCaller(connect(wire)).identity()


def test_the_access_entry_of_a_session_is_that_of_its_role_whatever_path_that_has() -> None:
    wire = ByOperation(ListAccessEntries=ENTRIES, DescribeAccessEntry=ENTRY, ListAssociatedAccessPolicies=POLICIES)
    found = AwsEks(connect(wire)).access_entry("kube", SESSION)
    assert found == AccessEntry(ROLE, ("team",), (AccessPolicy(VIEW), AccessPolicy(EDIT, ("a", "b"))))
    assert [policy.name for policy in found.policies] == ["AmazonEKSViewPolicy", "AmazonEKSEditPolicy"]


def test_the_access_entry_of_a_user_is_asked_for_by_its_arn() -> None:
    wire = ByOperation(DescribeAccessEntry=ENTRY, ListAssociatedAccessPolicies=POLICIES)
    assert AwsEks(connect(wire)).access_entry("kube", "arn:aws:iam::111122223333:user/me").kubernetes_groups == (
        "team",
    )


def test_a_role_without_an_access_entry_is_not_found() -> None:
    wire = ByOperation(ListAccessEntries=ok({"accessEntries": []}))
    with pytest.raises(NotFoundError, match="EKS cluster `kube` has no access entry for role `Admin`"):
        AwsEks(connect(wire)).access_entry("kube", SESSION)


def test_a_user_without_an_access_entry_is_not_found() -> None:
    wire = ByOperation(DescribeAccessEntry=error("ResourceNotFoundException", "The specified principalArn", 404))
    with pytest.raises(NotFoundError):
        AwsEks(connect(wire)).access_entry("kube", "arn:aws:iam::111122223333:user/me")


def test_versions_of_add_ons_are_asked_for_one_by_one_and_an_unknown_one_has_none() -> None:
    rows = [{"addonName": "coredns", "addonVersions": [{"addonVersion": "v2"}, {"addonVersion": "v1"}]}]
    wire = ByOperation(DescribeAddonVersions=ok({"addons": rows}))
    assert AwsEks(connect(wire)).addon_versions("1.33", ["coredns"]) == {"coredns": ("v2", "v1")}
    gone = ByOperation(DescribeAddonVersions=error("ResourceNotFoundException", "No addon: x found", 404))
    assert AwsEks(connect(gone)).addon_versions("1.33", ["x"]) == {}


def test_pod_identities_are_listed_over_all_pages() -> None:
    one, other = ({"namespace": "team", "serviceAccount": name, "brandNew": 1} for name in ("a", "b"))
    pages = [ok({"associations": [one], "nextToken": "more"}), ok({"associations": [other]})]
    found = AwsEks(connect(ByOperation(ListPodIdentityAssociations=pages))).pod_identities("kube")
    assert found == (PodIdentity("team", "a"), PodIdentity("team", "b"))
