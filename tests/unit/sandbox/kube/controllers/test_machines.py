from __future__ import annotations

from typing import Any

import pytest

from hpctl.sandbox.kube.machines import _instances
from hpctl.sandbox.kube.ports import Instance
from hpctl.sandbox.sagemaker.cluster import Change, HealthChecked, Rebooted, Replaced
from hpctl.sandbox.sagemaker.faults import Injected, Kind
from hpctl.sandbox.sagemaker.timeline import state_at
from tests.unit.sandbox.clusters import CONTINUOUS, a_cluster, a_group, at, moment

UP = 0.8


def machines(
    share: float,
    *changes: Change,
    injected: tuple[Injected, ...] = (),
    request: dict[str, Any] | None = None,
    **spec: Any,
) -> list[Instance]:
    group = a_group(**{"count": 1, **spec})
    cluster = a_cluster(group, changes=changes, request={**CONTINUOUS, **(request or {})})
    state = state_at(cluster, at(share), injected)
    return [] if state is None else list(_instances(cluster, state.nodes))


def only(*told: Any, **given: Any) -> tuple[bool, str, str | None, str | None]:
    (found,) = machines(*told, **given)
    return found.ready, found.health, found.deep_check, found.fault


def hardware(share: float, count: int = 1) -> tuple[Injected, ...]:
    return (Injected("f1", Kind.HARDWARE, at(share), count=count),)


def test_a_machine_joins_when_its_scripts_have_succeeded() -> None:
    assert machines(0.5) == []
    (found,) = machines(UP)
    assert found.instance_id.startswith("i-")
    assert (found.cluster, found.group, found.instance_type) == ("one", "workers", "ml.p5.48xlarge")
    assert (found.zone, found.zone_id, found.address, found.subnet) == (
        "us-west-2a",
        "usw2-az1",
        "10.0.0.0",
        "subnet-1",
    )
    assert (found.ready, found.health, found.deep_check, found.fault) == (True, "Schedulable", None, None)


def test_a_machine_that_fails_to_come_up_never_joins() -> None:
    assert machines(UP, fault="the check failed") == []


def test_a_machine_tells_what_its_group_says_of_kubernetes() -> None:
    config = {"Labels": {"team": "x"}, "Taints": [{"Key": "k", "Value": "v", "Effect": "NoSchedule"}]}
    (found,) = machines(UP, KubernetesConfig=config, ThreadsPerCore=2)
    assert found.labels == {"team": "x"}
    assert found.taints == ({"key": "k", "value": "v", "effect": "NoSchedule"},)
    assert found.threads_per_core == 2


def test_deep_checks_at_the_start_are_seen() -> None:
    checks = {"OnStartDeepHealthChecks": ["InstanceStress"]}
    assert only(UP, **checks) == (True, "Unschedulable", "InProgress", None)
    assert only(1.0, **checks) == (True, "Schedulable", "Passed", None)


def test_deep_checks_that_were_asked_for_are_seen() -> None:
    check = HealthChecked(
        moment(1.0), {"DeepHealthCheckConfigurations": [{"InstanceGroupName": "workers"}]}, nodes=("workers-0",)
    )
    assert only(1.1, check) == (True, "Unschedulable", "InProgress", None)
    assert only(1.5, check) == (True, "Schedulable", "Passed", None)


def test_a_reboot_is_seen() -> None:
    reboot = Rebooted(moment(1.0), nodes=("workers-0",))
    before, during, after = (machines(share, reboot) for share in (0.99, 1.05, 1.2))
    assert [(each.ready, each.health) for each in during] == [(False, "UnschedulablePendingReboot")]
    assert before == after


def test_a_replaced_machine_goes_and_another_comes() -> None:
    group = a_group(count=1)
    change = Replaced(moment(1.0), groups=(group,))
    (before,) = machines(0.99, change)
    (during,) = machines(1.05, change)
    assert (during.instance_id, during.ready, during.health) == (
        before.instance_id,
        False,
        "UnschedulablePendingReplacement",
    )
    assert machines(1.3, change) == []
    (after,) = machines(2.0, change)
    assert (after.ready, after.health) == (True, "Schedulable")
    assert after.instance_id != before.instance_id


def test_a_hardware_fault_is_seen_until_the_machine_is_rebooted() -> None:
    assert only(1.05, injected=hardware(1.0)) == (False, "UnschedulablePendingReboot", None, "NvidiaGPUUnhealthy")
    assert only(1.3, injected=hardware(1.0)) == (True, "Schedulable", None, None)


def test_a_fault_that_comes_back_has_the_machine_replaced() -> None:
    found = machines(1.16, injected=hardware(1.0, count=2))
    assert [(each.ready, each.health, each.fault) for each in found] == [
        (False, "UnschedulablePendingReplacement", "NvidiaGPUUnhealthy")
    ]


def test_without_recovery_a_faulty_machine_waits_for_somebody() -> None:
    none = {"NodeRecovery": "None"}
    assert only(3.0, injected=hardware(1.0), request=none) == (
        True,
        "UnschedulablePendingReboot",
        None,
        "NvidiaGPUUnhealthy",
    )
    reboot = Rebooted(moment(3.0), nodes=("workers-0",))
    assert only(3.2, reboot, injected=hardware(1.0), request=none) == (True, "Schedulable", None, None)


@pytest.mark.parametrize(("share", "left"), [(1.1, [False]), (1.35, [])])
def test_machines_go_with_their_cluster(share: float, left: list[bool]) -> None:
    cluster = a_cluster(a_group(count=1), deleted_at=1.0)
    state = state_at(cluster, at(share))
    assert state is not None
    assert [each.ready for each in _instances(cluster, state.nodes)] == left
