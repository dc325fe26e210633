from __future__ import annotations

from typing import Any

import pytest

from hpctl.adapters.aws.caller import AwsCaller
from hpctl.adapters.aws.eks import AwsEks
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.records import EksCluster, Identity
from tests.unit.adapters.wire import Wire, connect, error, ok, xml

ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/kube"
CLUSTER: dict[str, Any] = {
    "name": "kube",
    "arn": ARN,
    "status": "ACTIVE",
    "version": "1.33",
    "accessConfig": {"authenticationMode": "API", "brandNew": True},
    "resourcesVpcConfig": {"vpcId": "vpc-1", "subnetIds": ["subnet-1"]},
}
WHO = xml(
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/me</Arn>"
    "<UserId>AID</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def test_an_eks_cluster_is_read() -> None:
    wire = Wire(ok({"cluster": CLUSTER}))
    assert AwsEks(connect(wire)).describe("kube") == EksCluster("kube", ARN, "ACTIVE", "1.33", "API", "vpc-1")
    assert (wire.sent[0].method, wire.sent[0].url.rpartition("amazonaws.com")[2]) == ("GET", "/clusters/kube")


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
