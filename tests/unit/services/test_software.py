"""Updates of software: what is sent, what it wipes, and which roll-outs AWS does not allow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hpctl.errors import ConflictError, NotFoundError, UsageError
from hpctl.plan.software import SoftwareWish
from hpctl.services.software import Rollout, plan, update
from tests.unit.builders import CLUSTER_ARN, a_cluster, a_live_group
from tests.unit.fakes import FakeAccount

TWO = (a_live_group(current=2), a_live_group("system", 1, 1))


def account_with(**members: Any) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(replace(a_cluster("InService", *TWO), **members))
    return account


def planned(wish: SoftwareWish = SoftwareWish(), account: FakeAccount | None = None) -> Any:  # noqa: B008  frozen
    return plan("ml-cluster", wish, (account or account_with()).world, run_id="r")


NAMED = [{"InstanceGroupName": "workers"}]
REQUESTS: list[tuple[SoftwareWish, dict[str, Any]]] = [
    (SoftwareWish(), {}),
    (SoftwareWish(("workers",)), {"InstanceGroups": NAMED}),
    (SoftwareWish(("workers", "workers")), {"InstanceGroups": NAMED}),
    (SoftwareWish(image_id="default"), {"ImageId": "default"}),
    (
        SoftwareWish(release="1.2.3"),
        {
            "InstanceGroups": [
                {"InstanceGroupName": "workers", "ImageReleaseVersion": "1.2.3"},
                {"InstanceGroupName": "system", "ImageReleaseVersion": "1.2.3"},
            ]
        },
    ),
    (
        SoftwareWish(deployment=Rollout("25%", "2", 60.0, ("hot", "slow")).configuration()),
        {
            "DeploymentConfig": {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": {"Type": "CAPACITY_PERCENTAGE", "Value": 25},
                    "RollbackMaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2},
                },
                "WaitIntervalInSeconds": 60,
                "AutoRollbackConfiguration": [{"AlarmName": "hot"}, {"AlarmName": "slow"}],
            }
        },
    ),
]


@pytest.mark.parametrize(("wish", "request_"), REQUESTS)
def test_the_request_says_what_was_wished_and_names_the_cluster_by_its_arn(
    wish: SoftwareWish, request_: dict[str, Any]
) -> None:
    (action,) = planned(wish).actions
    assert (action.verb, action.request) == ("update-software", {"ClusterName": CLUSTER_ARN, **request_})


def test_the_plan_says_what_is_wiped_and_what_stays() -> None:
    told = planned(SoftwareWish(("system",)))
    assert (told.goes, told.stays, told.state) == (
        (
            "the root volumes of 1 node of instance group `system`, with everything on them",
            "what runs on these nodes: each is out of service while it gets its image",
        ),
        (
            "the nodes and their instance ids; lifecycle scripts run on them again",
            "file systems (FSx), lifecycle scripts in S3",
        ),
        "present",
    )
    assert [line.split("`")[1] for line in planned().goes[:-1]] == ["workers", "system"]


@pytest.mark.parametrize(
    ("node_types", "groups", "warned"),
    [
        (("Compute", "Controller"), (), True),
        (("Compute", "Controller"), ("workers",), False),
        (("Compute", "Controller"), ("system",), True),
        ((None, None), ("workers",), True),
    ],
)
def test_slurm_s_own_state_is_named_where_the_controller_may_be(
    node_types: tuple[str | None, str | None],
    groups: tuple[str, ...],
    warned: bool,
) -> None:
    live = tuple(replace(group, slurm_node_type=kind) for group, kind in zip(TWO, node_types, strict=True))
    account = account_with(orchestrator="slurm", eks_cluster_arn=None, instance_groups=live)
    assert bool(planned(SoftwareWish(groups), account).notices) is warned
    assert planned(SoftwareWish(groups)).notices == ()


@pytest.mark.parametrize(
    ("wish", "error", "message"),
    [
        (SoftwareWish(("gone",)), NotFoundError, "cluster `ml-cluster` has no instance group `gone`"),
        (
            SoftwareWish(image_id="default", release="1.2.3"),
            UsageError,
            "`--image-id` and `--release` each name an image; give one of them",
        ),
        (SoftwareWish(image_id="ami"), UsageError, "`ami` has 3 characters, below the minimum of 7"),
        (SoftwareWish(release="new"), UsageError, "`new` does not match"),
    ],
)
def test_what_cannot_be_is_refused(wish: SoftwareWish, error: type[UsageError], message: str) -> None:
    with pytest.raises(error) as raised:
        planned(wish)
    assert raised.value.message.startswith(message)


BELOW = "AWS does not allow this roll-out: RollingUpdatePolicy.MaximumBatchSize.Value: `0` is below the minimum of 1"


def test_a_cluster_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="there is no cluster `ml-cluster`"):
        planned(account=FakeAccount())


@pytest.mark.parametrize(
    ("rollout", "message"),
    [
        (Rollout(rollback_batch="1"), "`--rollback-batch-size` needs `--batch-size`"),
        (Rollout("two"), "`--batch-size two` is no size"),
        (Rollout("101%"), "`--batch-size 101%` is no size"),
        (Rollout("1", "-1"), "`--rollback-batch-size -1` is no size"),
        (
            Rollout("0"),
            BELOW,
        ),
        (
            Rollout(wait_s=7200.0),
            "AWS does not allow this roll-out: WaitIntervalInSeconds: `7200` is above the maximum of 3600",
        ),
        (
            Rollout(alarms=tuple("abcdefghijk")),
            "AWS does not allow this roll-out: AutoRollbackConfiguration: it has 11 entries, above the maximum of 10",
        ),
    ],
)
def test_a_roll_out_that_aws_does_not_allow_is_refused_before_a_call(rollout: Rollout, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        rollout.configuration()
    assert raised.value.message == message


def test_without_a_word_aws_rolls_out_its_own_way() -> None:
    assert Rollout().configuration() == {}


def test_a_busy_cluster_comes_with_a_hint() -> None:
    account = account_with()
    told = planned(account=account)
    account.calls.fail("clusters.update_software", ConflictError("cluster `ml-cluster` is Updating"))
    with pytest.raises(ConflictError) as raised:
        list(update(told, account.ports))
    assert raised.value.hint == "wait until it is settled, then try again: hpctl cluster describe ml-cluster"
