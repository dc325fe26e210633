from __future__ import annotations

from typing import Any

import pytest

from hpctl.adapters.aws.quotas import AwsQuotas
from hpctl.errors import AccessError, HpctlError, UnavailableError
from hpctl.facts.records import Quota
from tests.unit.adapters.wire import ByOperation, Wire, connect, error, ok

P5 = "ml.p5.48xlarge for cluster usage"
TOTAL = "Total number of instances allowed across SageMaker HyperPod clusters"


def row(name: str, code: str, value: float | None = 1.0) -> dict[str, Any]:
    return {"QuotaName": name, "QuotaCode": code, **({} if value is None else {"Value": value}), "BrandNew": 1}


DEFAULTS = ok(
    {
        "Quotas": [
            row(P5, "L-8762A75F", 0.0),
            row(TOTAL, "L-3308CCC7", 30.0),
            row("ml.p5.48xlarge for training job usage", "L-1", 4.0),
            row("cluster-ml-r7i-12xlarge for cluster usage", "L-EB92BE12", 2.0),
            row("ml.p5.48xlarge for cluster spot instance usage", "L-F742E2D7", 0.0),
            row("Number of training plans per Region", "L-867702E6", 10.0),
        ]
    }
)
NOT_APPLIED = error("NoSuchResourceException", "The request failed because the specified service quota does not exist")
INTERFACES = row("Network interfaces per Region", "L-DF5E4CA3", 5000.0)


def test_an_applied_value_stands_in_place_of_the_default_and_other_quotas_are_left_out() -> None:
    applied = ok({"Quotas": [row(P5, "L-8762A75F", 16.0), row("ml.p5.48xlarge for notebook instance usage", "L-2")]})
    wire = ByOperation(ListServiceQuotas=applied, ListAWSDefaultServiceQuotas=DEFAULTS)
    assert AwsQuotas(connect(wire)).sagemaker() == (
        Quota(P5, "L-8762A75F", 16.0),
        Quota(TOTAL, "L-3308CCC7", 30.0),
        Quota("cluster-ml-r7i-12xlarge for cluster usage", "L-EB92BE12", 2.0),
        Quota("ml.p5.48xlarge for cluster spot instance usage", "L-F742E2D7", 0.0),
        Quota("Number of training plans per Region", "L-867702E6", 10.0),
    )
    assert {sent.parameters["ServiceCode"] for sent in wire.sent} == {"sagemaker"}
    assert {sent.parameters["MaxResults"] for sent in wire.sent} == {100}


def test_a_quota_whose_applied_value_is_unknown_does_not_get_its_default() -> None:
    applied = ok({"Quotas": [row(P5, "L-8762A75F", None)]})
    wire = ByOperation(ListServiceQuotas=applied, ListAWSDefaultServiceQuotas=DEFAULTS)
    assert P5 not in {quota.name for quota in AwsQuotas(connect(wire)).sagemaker()}


def test_every_page_of_both_lists_counts() -> None:
    wire = ByOperation(
        ListServiceQuotas=[
            ok({"Quotas": [row(P5, "L-8762A75F", 16.0)], "NextToken": "more"}),
            ok({"Quotas": [row(TOTAL, "L-3308CCC7", 60.0)]}),
        ],
        ListAWSDefaultServiceQuotas=ok({"Quotas": []}),
    )
    assert [quota.value for quota in AwsQuotas(connect(wire)).sagemaker()] == [16.0, 60.0]


@pytest.mark.parametrize("refused", ["ListServiceQuotas", "ListAWSDefaultServiceQuotas"])
@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (error("AccessDeniedException", "no"), AccessError, "AWS denied `service-quotas:"),
        (ok({}), UnavailableError, "has no `Quotas`"),
    ],
)
def test_one_list_alone_is_no_answer(refused: str, reply: Any, kind: type[HpctlError], words: str) -> None:
    replies = {"ListServiceQuotas": DEFAULTS, "ListAWSDefaultServiceQuotas": DEFAULTS, refused: reply}
    with pytest.raises(kind, match=words):
        AwsQuotas(connect(ByOperation(**replies))).sagemaker()


def test_a_denial_names_the_action_as_iam_does() -> None:
    with pytest.raises(AccessError) as caught:
        AwsQuotas(connect(Wire(error("AccessDeniedException", "no")))).network_interfaces()
    assert caught.value.action == "servicequotas:GetServiceQuota"


def test_the_quota_of_interfaces_is_the_applied_one() -> None:
    wire = Wire(ok({"Quota": INTERFACES}))
    assert AwsQuotas(connect(wire)).network_interfaces() == Quota("Network interfaces per Region", "L-DF5E4CA3", 5000.0)
    assert [(sent.operation, sent.parameters) for sent in wire.sent] == [
        ("GetServiceQuota", {"ServiceCode": "vpc", "QuotaCode": "L-DF5E4CA3"})
    ]


def test_without_an_applied_value_the_default_counts() -> None:
    wire = ByOperation(GetServiceQuota=NOT_APPLIED, GetAWSDefaultServiceQuota=ok({"Quota": INTERFACES}))
    assert AwsQuotas(connect(wire)).network_interfaces().value == 5000.0


@pytest.mark.parametrize("answer", [{}, {"Quota": row("x", "L-DF5E4CA3", None)}])
def test_a_quota_without_value_is_no_quota(answer: dict[str, Any]) -> None:
    with pytest.raises(UnavailableError, match="the answer to `servicequotas:GetServiceQuota` has no `Value`"):
        AwsQuotas(connect(Wire(ok(answer)))).network_interfaces()
